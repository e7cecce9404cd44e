"""Listening to what SQLAlchemy does for a database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from xpressbot.foundation.database.engine import Database


@contextmanager
def listening(database: Database, name: str, listener: Callable[..., Any]) -> Iterator[None]:
    """Have each event of this name told, of transactions and of reads alike."""
    engines = {database.engine, database.reading}
    for engine in engines:
        event.listen(engine, name, listener)
    try:
        yield
    finally:
        for engine in engines:
            event.remove(engine, name, listener)
