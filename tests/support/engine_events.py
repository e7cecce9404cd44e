"""Listening to what SQLAlchemy does for a database."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from xpressbot.foundation.database.engine import Database


@contextmanager
def listening(database: Database, name: str, listener: Callable[..., Any]) -> Iterator[None]:
    """Have each event of this name told meanwhile, of transactions and of reads alike."""
    for engine in _engines(database):
        event.listen(engine, name, listener)
    try:
        yield
    finally:
        for engine in _engines(database):
            event.remove(engine, name, listener)


def listen(database: Database, name: str, listener: Callable[..., Any]) -> None:
    """The same from here on."""
    for engine in _engines(database):
        event.listen(engine, name, listener)


def _engines(database: Database) -> Collection[Engine]:
    # Where the one for reads is made from the other, it hears what that one hears.
    return {database.reading.pool: database.reading, database.engine.pool: database.engine}.values()
