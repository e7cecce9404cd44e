"""SQLite's single writer: a fair lock for the threads of this process, and the connection that its holder writes with."""

import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from time import monotonic
from typing import Final

from sqlalchemy import URL, Connection
from sqlalchemy.exc import OperationalError

from xpressbot.foundation.database.sqlite import BUSY_TIMEOUT_SECONDS, begin_immediate, holds_transaction, writing_engine

OPTIONAL_BUSY_TIMEOUT_SECONDS: Final = 0.1
"""How long a write waits that can be left out: a person waits for a page meanwhile."""


class FairLock:
    """A lock that threads get in the order in which they asked for it.

    SQLite wakes no thread that waits to write: each sleeps and looks again, so that of several threads some are late by a second.
    Here the next one is woken. Other processes still wait in SQLite's way.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._threads: deque[threading.Event] = deque()  # one for each thread: the first has the lock, the others wait

    @property
    def is_held(self) -> bool:
        """Whether a thread has it."""
        return bool(self._threads)

    @property
    def waiting(self) -> int:
        """How many threads wait for it."""
        return max(0, len(self._threads) - 1)

    def acquire(self, timeout: float) -> bool:
        """Wait for it; False when it has not come in so many seconds."""
        mine = threading.Event()
        with self._guard:
            self._threads.append(mine)
            if self._threads[0] is mine:
                return True
        mine.wait(timeout)
        with self._guard:
            if self._threads[0] is mine:  # also where it came just when the time was up
                return True
            self._threads.remove(mine)
        return False

    def release(self) -> None:
        """Give it to the thread that has waited longest."""
        with self._guard:
            self._threads.popleft()
            if self._threads:
                self._threads[0].set()


class SingleWriter:
    """The connection that writes, for the thread that holds the lock (docs/adr/0013).

    It is kept, since opening one takes longer than many a transaction, and since a connection forgets the pages it has read when
    another one writes. After a transaction that failed, the next one opens another.
    """

    def __init__(self, url: URL, *, durable: bool) -> None:
        """durable: whether commits wait for the disk at all."""
        self.lock = FairLock()
        self.engine = writing_engine(url)
        self._levels = ("NORMAL", "FULL") if durable else ("OFF", "OFF")
        self._kept: Connection | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a connection."""
        return self._kept is not None

    @contextmanager
    def write(self, *, durable: bool, optional: bool) -> Iterator[Connection]:
        """The connection, in a transaction that is rolled back unless its holder commits.

        durable: whether the commit waits for the disk. optional: whether to give up soon where others write.
        Raises OperationalError with SQLITE_BUSY when the lock has not come in time.
        """
        patience_seconds = OPTIONAL_BUSY_TIMEOUT_SECONDS if optional else BUSY_TIMEOUT_SECONDS
        asked = monotonic()
        if not self.lock.acquire(patience_seconds):
            error = sqlite3.OperationalError("other threads write")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise OperationalError(None, None, error, hide_parameters=True)
        try:
            connection = self._connection(self._levels[durable], patience_seconds, monotonic() - asked)
            begin_immediate(connection)
            yield connection
            connection.rollback()
            if not (connection.closed or connection.invalidated) and holds_transaction(connection):
                self._close()  # a commit failed: for SQLAlchemy that has ended the transaction, and for SQLite it has not
        except BaseException:
            self._close()
            raise
        finally:
            self.lock.release()

    def dispose(self) -> None:
        """Close the connection once the write that is under way has ended; the next write opens another."""
        if self.lock.acquire(BUSY_TIMEOUT_SECONDS):
            try:
                self._close()
            finally:
                self.lock.release()

    def _connection(self, level: str, patience_seconds: float, waited_seconds: float) -> Connection:
        """It waits for the disk at this level, and for other processes as long as is left."""
        if self._kept is None or self._kept.closed:
            self._kept = self.engine.connect()
        _set_pragma(self._kept, "synchronous", level)
        _set_pragma(self._kept, "busy_timeout", str(milliseconds_left(patience_seconds, waited_seconds)))
        return self._kept

    def _close(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()


def milliseconds_left(patience_seconds: float, waited_seconds: float) -> int:
    """In tenths of the patience, at least one, so that a write which has hardly waited finds the setting as it was."""
    tenths = max(1, ceil(10 * (1 - waited_seconds / patience_seconds)))
    return round(100 * patience_seconds * tenths)


def _set_pragma(connection: Connection, pragma: str, value: str) -> None:
    """Set what SQLite keeps for a connection, and lets one change between transactions only."""
    if connection.info.get(pragma) == value:
        return
    try:
        connection.connection.cursor().execute(f"PRAGMA {pragma}={value}")
    except sqlite3.Error as error:
        raise OperationalError(None, None, error, hide_parameters=True) from error
    connection.info[pragma] = value
