"""SQLite's connections: engines that read, and the engine of the single connection that writes."""

import sqlite3
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.pool import NullPool

from xpressbot.foundation.files import make_for_library

BUSY_TIMEOUT_SECONDS: Final = 15
"""How long a write waits for those before it, be they threads of its own process or other processes."""
_SHARED: Final = ("journal_mode=WAL", "foreign_keys=ON")


def reading_engine(url: URL, **pool: Any) -> Engine:
    """One whose connections only read: SQLite refuses a write on them. The directory of the file is made if need be."""
    make_for_library(Path(str(url.database)))
    return _engine(url, *_SHARED, "query_only=ON", **pool)


def writing_engine(url: URL) -> Engine:
    """One for `begin_immediate`, which begins its transactions."""
    made = _engine(url, *_SHARED, poolclass=NullPool)
    event.listen(made, "handle_error", _invalidate_after_rollback)
    return made


def _engine(url: URL, *pragmas: str, **options: Any) -> Engine:
    connect_args = {"check_same_thread": False, "timeout": BUSY_TIMEOUT_SECONDS}
    made = create_engine(url, connect_args=connect_args, hide_parameters=True, **options)

    @event.listens_for(made, "connect")
    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN would be a deferred one
        for pragma in (*pragmas, "trusted_schema=OFF"):
            connection.execute(f"PRAGMA {pragma}")

    return made


def begin_immediate(connection: Connection) -> None:
    """Begin a transaction as a write: a deferred one that turns into a write fails when another wrote in between.

    Not as a listener of SQLAlchemy's `begin`: an engine that has one asks for others at each statement, which takes a tenth of its time.
    """
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _invalidate_after_rollback(context: ExceptionContext) -> None:
    """After some errors, a full disk for one, SQLite has rolled back by itself: what followed would be committed one by one."""
    connection = context.connection
    if connection is not None and connection.in_transaction() and not holds_transaction(connection):
        context.is_disconnect = True


def holds_transaction(connection: Connection) -> bool:
    """Whether SQLite itself has a transaction open, whatever SQLAlchemy takes it for."""
    return bool(getattr(connection.connection.driver_connection, "in_transaction", False))
