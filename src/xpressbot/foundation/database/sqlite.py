"""SQLite: its connections, of which one writes, for whoever has the turn."""

import sqlite3
import threading
from collections import deque
from contextlib import AbstractContextManager
from math import ceil
from pathlib import Path
from time import monotonic
from typing import Any, Final, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool, PoolProxiedConnection

from xpressbot.foundation.database.checkpoints import MOST_LOG_PAGES, Checkpointer
from xpressbot.foundation.files import make_for_library

BUSY_TIMEOUT_SECONDS: Final = 15
"""How long a write waits for those before it, be they threads of its own process or other processes."""
OPTIONAL_BUSY_TIMEOUT_SECONDS: Final = 0.1
"""The same for a write that can be left out: somebody waits for a page meanwhile."""
_SHARED: Final = ("journal_mode=WAL", "foreign_keys=ON")


class WritingSQLite(SQLiteDialect_pysqlite):
    """SQLite whose transactions begin as writes: a deferred one that turns into a write fails when another wrote in between."""

    supports_statement_cache = True

    def do_begin(self, dbapi_connection: PoolProxiedConnection) -> None:
        dbapi_connection.cursor().execute("BEGIN IMMEDIATE")

    def do_commit(self, dbapi_connection: PoolProxiedConnection) -> None:
        try:
            super().do_commit(dbapi_connection)  # type: ignore[no-untyped-call]  # SQLAlchemy types most of its dialects
        except BaseException:
            # On a full disk, say. SQLAlchemy takes the transaction for ended by that, and SQLite may not.
            self.do_rollback(dbapi_connection)  # type: ignore[no-untyped-call]
            raise


registry.register("sqlite.writing", __name__, WritingSQLite.__name__)


class Turn:
    """Whose turn it is to write, among the threads of one process: first come, first served (docs/adr/0018).

    SQLite wakes nobody who waits to write: each sleeps and looks again, so that of several threads some are late by a second.
    Threads wait here instead, where the next one is woken; other processes still wait SQLite's way.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._is_taken = False
        self._line: deque[threading.Lock] = deque()

    @property
    def is_taken(self) -> bool:
        """Whether somebody has it."""
        return self._is_taken

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return len(self._line)

    def take(self, patience_seconds: float = BUSY_TIMEOUT_SECONDS) -> float:
        """Wait for it. Gives the seconds that it took to come.

        Raises OperationalError with SQLITE_BUSY when it has not come in that time.
        """
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return 0
            mine = threading.Lock()
            mine.acquire()
            self._line.append(mine)
        began, has_come = monotonic(), False
        try:
            has_come = mine.acquire(timeout=patience_seconds)
        finally:
            if not has_come:
                self._leave(mine)
        if not has_come:
            error = sqlite3.OperationalError("no turn to write")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise OperationalError(None, None, error, hide_parameters=True)
        return monotonic() - began

    def hand_on(self) -> None:
        """Let the next one have it."""
        with self._guard:
            self._pass()

    def _leave(self, mine: threading.Lock) -> None:
        """Stand in line no longer. A turn that came just then goes on to the next."""
        with self._guard:
            if mine in self._line:
                self._line.remove(mine)
            else:
                self._pass()

    def _pass(self) -> None:
        if self._line:
            self._line.popleft().release()
        else:
            self._is_taken = False


class OneWriter:
    """The connection that writes, for whoever has the turn (docs/adr/0018).

    It is kept, since opening one takes longer than many a transaction, and since a connection forgets the pages it has read when
    another one writes. After whatever has gone wrong in a transaction, the next one opens another.
    """

    def __init__(self, url: URL, *, durable: bool) -> None:
        """durable: whether commits wait for the disk at all."""
        self.turn = Turn()
        options = {"poolclass": NullPool, "hide_parameters": True, "connect_args": _connect_args(BUSY_TIMEOUT_SECONDS)}
        self.engine = create_engine(url.set(drivername="sqlite+writing"), **options)
        _configure(self.engine, *_SHARED, f"wal_autocheckpoint={MOST_LOG_PAGES}")
        event.listen(self.engine, "handle_error", _give_up_what_was_rolled_back)
        self._levels = ("NORMAL", "FULL") if durable else ("OFF", "OFF")
        self._checkpointer = Checkpointer(str(url.database))
        self._kept: Connection | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a connection."""
        return self._kept is not None

    def write(self, *, durable: bool, optional: bool) -> AbstractContextManager[Connection]:
        """The connection, in a transaction that is rolled back unless its holder commits.

        durable: whether the commit waits for the disk. optional: whether to give up soon where others write.
        """
        return _Write(self, self._levels[durable], OPTIONAL_BUSY_TIMEOUT_SECONDS if optional else BUSY_TIMEOUT_SECONDS)

    def begin(self, level: str, patience_seconds: float) -> Connection:
        """Take the turn, and have the connection wait for the disk at this level, and for other processes for what is left."""
        waited_seconds = self.turn.take(patience_seconds)
        try:
            if self._kept is None or self._kept.closed:
                self._kept = self.engine.connect()
            _set_pragma(self._kept, "synchronous", level)
            _set_pragma(self._kept, "busy_timeout", str(_milliseconds_left(patience_seconds, waited_seconds)))
        except BaseException:
            self.end(failed=True)
            raise
        return self._kept

    def end(self, *, failed: bool) -> None:
        """Roll back what was not committed, and hand the turn on. After a failure the connection is closed."""
        try:
            if failed or self._kept is None:
                self._give_up()
                return
            try:
                self._kept.rollback()
            except BaseException:
                self._give_up()
                raise
            self._checkpointer.note_write()
        finally:
            self.turn.hand_on()

    def dispose(self) -> None:
        """Close the connection; whoever writes next gets a new one. Nobody may have it."""
        self._give_up()
        self._checkpointer.close()

    def _give_up(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()


class _Write:
    """What `OneWriter.write` gives: a generator would take three times as long."""

    __slots__ = ("_level", "_patience_seconds", "_writer")

    def __init__(self, writer: OneWriter, level: str, patience_seconds: float) -> None:
        self._writer = writer
        self._level = level
        self._patience_seconds = patience_seconds

    def __enter__(self) -> Connection:
        return self._writer.begin(self._level, self._patience_seconds)

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        self._writer.end(failed=kind is not None)


def _milliseconds_left(patience_seconds: float, waited_seconds: float) -> int:
    """In tenths of the patience, at least one, so that what has hardly waited finds the setting as it was."""
    tenths = max(1, ceil(10 * (1 - waited_seconds / patience_seconds)))
    return round(100 * patience_seconds * tenths)


def reading_engine(url: URL, **pool: Any) -> Engine:
    """One whose connections only read. The directory of the file is made if need be."""
    make_for_library(Path(str(url.database)))
    made = create_engine(url, connect_args=_connect_args(BUSY_TIMEOUT_SECONDS), hide_parameters=True, **pool)
    _configure(made, *_SHARED)
    return made


class OneReader:
    """The database for one thread that only reads, and waits for nobody but the disk: for an event loop.

    It keeps its connection, since opening one takes longer than the question. After whatever has gone wrong with it, the next
    read opens another.
    """

    def __init__(self, url: URL) -> None:
        self.engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=_connect_args(0))
        _configure(self.engine, "query_only=ON")
        self._kept: Connection | None = None

    def read(self) -> Self:
        """The connection, for a `with`."""
        return self

    def __enter__(self) -> Connection:
        if self._kept is None:
            self._kept = self.engine.connect()
        return self._kept

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        if kind is not None:
            self.dispose()

    def dispose(self) -> None:
        """Close the connection; whoever asks again gets a new one."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()


def _set_pragma(connection: Connection, pragma: str, value: str) -> None:
    """Set what SQLite keeps for a connection, and lets one change between transactions only."""
    if connection.info.get(pragma) == value:
        return
    try:
        connection.connection.cursor().execute(f"PRAGMA {pragma}={value}")
    except sqlite3.Error as error:
        raise OperationalError(None, None, error, hide_parameters=True) from error
    connection.info[pragma] = value


def _give_up_what_was_rolled_back(context: ExceptionContext) -> None:
    """After some errors, a full disk for one, SQLite has rolled back by itself: what followed would be committed one by one."""
    connection = context.connection
    if (
        connection is not None
        and connection.in_transaction()
        and not getattr(connection.connection.driver_connection, "in_transaction", False)
    ):
        context.is_disconnect = True


def _connect_args(timeout_seconds: float) -> dict[str, Any]:
    return {"check_same_thread": False, "timeout": timeout_seconds}


def _configure(engine: Engine, *pragmas: str) -> None:
    @event.listens_for(engine.pool, "connect")
    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        # The driver must not begin transactions by itself: it would defer them.
        connection.isolation_level = None
        for pragma in (*pragmas, "trusted_schema=OFF"):
            connection.execute(f"PRAGMA {pragma}")
