"""One engine for SQLite and PostgreSQL, with writes that begin as writes."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
from sqlalchemy import URL, Connection, Engine, MetaData, Table, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, registry, sqlite
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import PoolProxiedConnection

from xpressbot.foundation.database.postgres import BoundedConnection, Doorway, connect_options
from xpressbot.foundation.database.trouble import count_as_unavailable

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
_UNSYNCHRONISED: Final = text("SET LOCAL synchronous_commit = off")


UNAVAILABLE: Final = (OperationalError, InterfaceError, PoolTimeoutError)
"""What the database raises when it is away, full or overloaded, rather than asked something wrong."""


class Database:
    """Hands out connections: `write()` is one transaction, `read()` sees each statement committed by itself."""

    def __init__(self, engine: Engine, reading: Engine | None = None, *, syncs: bool = True, at_once: "Database | None" = None) -> None:
        """Take the engine, and how it is configured.

        reading: an engine on the same connections that begins no transactions; made from `engine` where that can be
        switched. syncs: whether commits wait for the disk at all. at_once: the same database by a connection that reads
        and waits for nobody, but for the disk; for an event loop.
        """
        self.at_once = at_once
        self._syncs = syncs
        self.engine = engine
        self.reading = reading or engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Connection]:
        """A connection in a transaction that is rolled back unless its holder commits.

        Its commit is safe from a power cut. With durable=False it is seen by everybody and safe from a crash of the program,
        but from a power cut only once a later, durable one has been made: it does not wait for the disk.
        """
        with self.engine.connect() as connection:
            if durable or not self._syncs:
                yield connection
            elif connection.dialect.name == "postgresql":
                connection.execute(_UNSYNCHRONISED)
                yield connection
            else:
                # SQLite takes this setting between transactions only, and keeps it for the connection.
                connection.connection.cursor().execute("PRAGMA synchronous=NORMAL")
                try:
                    yield connection
                finally:
                    _wait_for_the_disk_again(connection)

    def read(self) -> AbstractContextManager[Connection]:
        """A connection that holds no transaction open."""
        return self.reading.connect()

    def dispose(self) -> None:
        """Close what is open and idle; whoever asks again gets new connections."""
        self.engine.dispose()
        if self.at_once is not None:
            self.at_once.dispose()
        if self.reading.dialect is not self.engine.dialect:
            self.reading.pool = self.engine.pool  # disposing has put a new one in its place

    def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises one of UNAVAILABLE.
        """
        with self.read() as connection:
            connection.execute(text("SELECT 1"))


def _wait_for_the_disk_again(connection: Connection) -> None:
    """Or give the connection up: the next holder must not be told that something is safe which is not."""
    try:
        connection.rollback()
        connection.connection.cursor().execute("PRAGMA synchronous=FULL")
    except (DBAPIError, sqlite3.Error):
        connection.invalidate()


class WritingSQLite(SQLiteDialect_pysqlite):
    """SQLite whose transactions begin as writes, one at a time in this process.

    A deferred transaction that turns into a write fails when another process wrote in between. And SQLite wakes nobody
    who waits to write: each sleeps and looks again, so that of several threads some are late by a second. Threads queue
    here instead; other processes still wait SQLite's way.
    """

    supports_statement_cache = True
    patience_seconds = float(_BUSY_TIMEOUT_SECONDS)
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


def open_database(url: str, *, pool_size: int = 5, durable: bool = True, patient: bool = False) -> Database:
    """Open the database behind `url` without connecting yet.

    durable=False gives up the last commits at a power cut in exchange for speed; only tests want that.
    patient=True lets a server take as long as it takes for a statement, as commands need it for whole tables. Otherwise
    people wait, and a server that is silent counts as gone.
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
        connect_args = {"check_same_thread": False, "timeout": _BUSY_TIMEOUT_SECONDS}
        reading = create_engine(parsed, connect_args=connect_args, **options)
        _configure_sqlite(reading, "journal_mode=WAL", f"synchronous={'FULL' if durable else 'OFF'}", "foreign_keys=ON")
        # A pool ends connections by the dialect of the engine that came to it last: here the one that knows of turns.
        writing = create_engine(parsed.set(drivername="sqlite+writing"), pool=reading.pool, hide_parameters=True)
        return Database(writing, reading, syncs=durable, at_once=_open_at_once(parsed))
    engine = create_engine(parsed, connect_args=dict(connect_options(patient=patient)), pool_pre_ping=True, **options)
    doorway = Doorway(psycopg.Connection if patient else BoundedConnection)
    event.listen(engine, "do_connect", doorway.connect)
    event.listen(engine, "handle_error", count_as_unavailable)
    return Database(engine)


def _open_at_once(url: URL) -> Database | None:
    if not url.database:
        return None
    engine = create_engine(url, pool_size=1, max_overflow=0, hide_parameters=True, connect_args={"check_same_thread": False, "timeout": 0})
    _configure_sqlite(engine, "query_only=ON")
    return Database(engine, engine)


def _configure_sqlite(engine: Engine, *pragmas: str) -> None:
    @event.listens_for(engine.pool, "connect")
    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        # The driver must not begin transactions by itself: it would defer them.
        connection.isolation_level = None
        for pragma in (*pragmas, "trusted_schema=OFF"):
            connection.execute(f"PRAGMA {pragma}")


def insert_for(connection: Connection) -> Callable[[Table], sqlite.Insert | postgresql.Insert]:
    """The INSERT of this connection's engine, which knows ON CONFLICT."""
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
