"""SQLite: its connections, whose transactions begin as writes and queue for their turn."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import PoolProxiedConnection

BUSY_TIMEOUT_SECONDS: Final = 15
"""How long a write waits for those before it: for threads of its own process, and then for other processes."""


class WritingSQLite(SQLiteDialect_pysqlite):
    """SQLite whose transactions begin as writes, one at a time in this process.

    A deferred transaction that turns into a write fails when another process wrote in between. And SQLite wakes nobody
    who waits to write: each sleeps and looks again, so that of several threads some are late by a second. Threads wait
    here instead, where one is woken; other processes still wait SQLite's way.
    """

    supports_statement_cache = True
    patience_seconds = float(BUSY_TIMEOUT_SECONDS)
    """How long a thread waits for its turn."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._turn = threading.Lock()
        self._writer: DBAPIConnection | None = None

    def do_begin(self, dbapi_connection: PoolProxiedConnection) -> None:
        if not self._turn.acquire(timeout=self.patience_seconds):
            error = sqlite3.OperationalError("no turn to write")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error
        try:
            dbapi_connection.cursor().execute("BEGIN IMMEDIATE")
        except BaseException:
            self._turn.release()
            raise
        self._writer = dbapi_connection.dbapi_connection

    def do_commit(self, dbapi_connection: PoolProxiedConnection) -> None:
        try:
            super().do_commit(dbapi_connection)  # type: ignore[no-untyped-call]  # SQLAlchemy types most of its dialects
        except BaseException:
            # On a full disk, say. SQLAlchemy takes the transaction for ended by that, and SQLite may not.
            self.do_rollback(dbapi_connection)
            raise
        self._end_turn(dbapi_connection.dbapi_connection)

    def do_rollback(self, dbapi_connection: PoolProxiedConnection) -> None:
        try:
            super().do_rollback(dbapi_connection)  # type: ignore[no-untyped-call]
        finally:
            self._end_turn(dbapi_connection.dbapi_connection)

    def do_close(self, dbapi_connection: DBAPIConnection) -> None:
        try:
            super().do_close(dbapi_connection)  # type: ignore[no-untyped-call]
        finally:
            self._end_turn(dbapi_connection)

    def _end_turn(self, connection: DBAPIConnection | None) -> None:
        # A pool rolls back and closes connections that were not in a transaction, too.
        if connection is not None and connection is self._writer:
            self._writer = None
            self._turn.release()


registry.register("sqlite.writing", __name__, WritingSQLite.__name__)


def engines(url: URL, *, durable: bool, **pool: Any) -> tuple[Engine, Engine]:
    """One that writes and one that reads, on the same connections. The directory of the file is made if need be.

    durable: whether commits wait for the disk.
    """
    if url.database:
        Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    connect_args = {"check_same_thread": False, "timeout": BUSY_TIMEOUT_SECONDS}
    reading = create_engine(url, connect_args=connect_args, hide_parameters=True, **pool)
    _configure(reading, "journal_mode=WAL", f"synchronous={'FULL' if durable else 'OFF'}", "foreign_keys=ON")
    # A pool ends connections by the dialect of the engine that came to it last: here the one that knows of turns.
    return create_engine(url.set(drivername="sqlite+writing"), pool=reading.pool, hide_parameters=True), reading


def at_once_engine(url: URL) -> Engine | None:
    """One that only reads, and waits for no lock. None for a database in memory, of which there is one connection."""
    if not url.database:
        return None
    connect_args = {"check_same_thread": False, "timeout": 0}
    engine = create_engine(url, pool_size=1, max_overflow=0, hide_parameters=True, connect_args=connect_args)
    _configure(engine, "query_only=ON")
    return engine


@contextmanager
def not_waiting_for_the_disk(connection: Connection) -> Iterator[None]:
    """Commits meanwhile are made safe from a power cut by a later one."""
    # SQLite takes this setting between transactions only, and keeps it for the connection.
    try:
        connection.connection.cursor().execute("PRAGMA synchronous=NORMAL")
    except sqlite3.Error as error:
        raise OperationalError(None, None, error, hide_parameters=True) from error
    try:
        yield
    finally:
        _wait_for_the_disk_again(connection)


def _wait_for_the_disk_again(connection: Connection) -> None:
    """Or give the connection up: the next holder must not be told that something is safe which is not."""
    try:
        connection.rollback()
        connection.connection.cursor().execute("PRAGMA synchronous=FULL")
    except (DBAPIError, sqlite3.Error):
        connection.invalidate()


def _configure(engine: Engine, *pragmas: str) -> None:
    @event.listens_for(engine.pool, "connect")
    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        # The driver must not begin transactions by itself: it would defer them.
        connection.isolation_level = None
        for pragma in (*pragmas, "trusted_schema=OFF"):
            connection.execute(f"PRAGMA {pragma}")
