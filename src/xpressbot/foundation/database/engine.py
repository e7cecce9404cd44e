"""One engine for SQLite and PostgreSQL, with writes that begin as writes."""

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_BUSY_TIMEOUT_SECONDS: Final = 15
_READING: Final = "xpressbot_reading"


UNAVAILABLE: Final = (OperationalError, InterfaceError, PoolTimeoutError)
"""What the database raises when it is away, full or overloaded, rather than asked something wrong."""


class Database:
    """Hands out connections: `write()` is one transaction, `read()` sees each statement committed by itself."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        single_statements = {_READING: True} if engine.dialect.name == "sqlite" else {"isolation_level": "AUTOCOMMIT"}
        self._reading = engine.execution_options(**single_statements)

    def write(self) -> AbstractContextManager[Connection]:
        """A connection in a transaction that is rolled back unless its holder commits."""
        return self.engine.connect()

    def read(self) -> AbstractContextManager[Connection]:
        """A connection that holds no transaction open."""
        return self._reading.connect()

    def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises one of UNAVAILABLE.
        """
        with self.read() as connection:
            connection.execute(text("SELECT 1"))


def open_database(url: str, *, pool_size: int = 5, durable: bool = True) -> Database:
    """Open the database behind `url` without connecting yet.

    durable=False gives up the last commits at a power cut in exchange for speed; only tests want that.
    """
    parsed = make_url(url)
    options: dict[str, Any] = {
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_timeout": 10,
        "hide_parameters": True,
    }
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        engine = create_engine(parsed, connect_args={"check_same_thread": False, "timeout": _BUSY_TIMEOUT_SECONDS}, **options)
        _configure_sqlite(engine, durable=durable)
    else:
        engine = create_engine(
            parsed, connect_args={"connect_timeout": 5, "options": "-c lock_timeout=15000"}, pool_pre_ping=True, **options
        )
    return Database(engine)


def _configure_sqlite(engine: Engine, *, durable: bool) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        # The driver must not begin transactions by itself: it would defer them.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA trusted_schema=OFF")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        # A deferred transaction that turns into a write fails when another process wrote in between.
        if not connection.get_execution_options().get(_READING):
            connection.exec_driver_sql("BEGIN IMMEDIATE")


def insert_for(connection: Connection) -> Callable[[Table], sqlite.Insert | postgresql.Insert]:
    """The INSERT of this connection's engine, which knows ON CONFLICT."""
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
