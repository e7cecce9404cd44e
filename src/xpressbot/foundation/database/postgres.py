"""Connections to a PostgreSQL server that may go away, or hang, at any moment."""

import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import Lock, Thread
from time import monotonic, sleep
from typing import Any, Final

import psycopg
from sqlalchemy import URL, Engine, create_engine, event

from xpressbot.foundation.database.errors import count_as_unavailable

CONNECT_TIMEOUT_SECONDS: Final = 3
LOCK_TIMEOUT_SECONDS: Final = 4
PATIENT_LOCK_TIMEOUT_SECONDS: Final = 15
STATEMENT_TIMEOUT_SECONDS: Final = 5
ANSWER_TIMEOUT_SECONDS: Final = 6
"""A server that has not even refused a statement by now is taken for gone. Longer than what the server itself may take."""
IDLE_IN_TRANSACTION_TIMEOUT_SECONDS: Final = 15
"""A process that has stopped in the middle of a transaction loses it, and the locks in it, to the other nodes."""
KEEPALIVE_SECONDS: Final = 10
KEEPALIVE_INTERVAL_SECONDS: Final = 5
KEEPALIVE_COUNT: Final = 3
_WATCH_INTERVAL_SECONDS: Final = 0.1


def engine(url: URL, *, patient: bool, **pool: Any) -> Engine:
    """One whose connections wait for nothing longer than is said here, but for statements where `patient`.

    A transaction that SQLAlchemy begins may write. A statement outside of one may not: the server refuses it.
    """
    connection_class, cursor_class = (psycopg.Connection, psycopg.Cursor) if patient else (WatchedConnection, WatchedCursor)
    connect_args = {**connect_options(patient=patient), "cursor_factory": cursor_class}
    made = create_engine(url, connect_args=connect_args, pool_pre_ping=True, hide_parameters=True, **pool)
    event.listen(made, "do_connect", CircuitBreaker(connection_class).connect)
    event.listen(made, "connect", _let_transactions_write)
    event.listen(made, "handle_error", count_as_unavailable)
    return made


def _let_transactions_write(connection: psycopg.Connection[Any], _record: object) -> None:
    connection.read_only = False  # psycopg says so in each BEGIN


def connect_options(*, patient: bool) -> Mapping[str, Any]:
    """What libpq is told. patient: whether statements may take as long as they take."""
    server: dict[str, object] = {
        "default_transaction_read_only": "on",
        "lock_timeout": (PATIENT_LOCK_TIMEOUT_SECONDS if patient else LOCK_TIMEOUT_SECONDS) * 1000,
        "tcp_keepalives_idle": KEEPALIVE_SECONDS,
        "tcp_keepalives_interval": KEEPALIVE_INTERVAL_SECONDS,
        "tcp_keepalives_count": KEEPALIVE_COUNT,
    }
    if not patient:
        server["statement_timeout"] = STATEMENT_TIMEOUT_SECONDS * 1000
        server["idle_in_transaction_session_timeout"] = IDLE_IN_TRANSACTION_TIMEOUT_SECONDS * 1000
    return {
        "client_encoding": "UTF8",  # and neither PGCLIENTENCODING's nor the URL's
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        "keepalives_idle": KEEPALIVE_SECONDS,
        "keepalives_interval": KEEPALIVE_INTERVAL_SECONDS,
        "keepalives_count": KEEPALIVE_COUNT,
        "tcp_user_timeout": (KEEPALIVE_SECONDS + KEEPALIVE_INTERVAL_SECONDS * KEEPALIVE_COUNT) * 1000,
        "options": " ".join(f"-c {name}={value}" for name, value in server.items()),
    }


class Watchdog:
    """Ends a connection on which the server has said nothing for ANSWER_TIMEOUT_SECONDS.

    A server that hangs keeps its connections open: TCP sees nothing wrong, and the server's own time-outs hang with it. libpq has
    no time limit for an answer. Its socket is shut down instead, for which libpq raises an error in the thread that waits.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._deadlines: dict[psycopg.Connection[Any], float] = {}
        self._thread: Thread | None = None

    @contextmanager
    def watching(self, connection: psycopg.Connection[Any]) -> Iterator[None]:
        """While the server is asked something."""
        with self._lock:
            self._deadlines[connection] = monotonic() + ANSWER_TIMEOUT_SECONDS
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._watch, name="watchdog", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                is_in_time = self._deadlines.pop(connection, None) is not None
            if not is_in_time:
                connection.close()

    def _watch(self) -> None:
        while True:
            sleep(_WATCH_INTERVAL_SECONDS)
            with self._lock:
                if not self._deadlines:
                    self._thread = None
                    return
                now = monotonic()
                for connection in [connection for connection, deadline in self._deadlines.items() if deadline < now]:
                    del self._deadlines[connection]
                    _shut_down(connection)


def _shut_down(connection: psycopg.Connection[Any]) -> None:
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as same:
        same.shutdown(socket.SHUT_RDWR)


_WATCHDOG: Final = Watchdog()


class WatchedCursor(psycopg.Cursor[Any]):
    """Waits for the answer to a statement as long as the watchdog lets it."""

    def execute(self, *arguments: Any, **options: Any) -> "WatchedCursor":
        with _WATCHDOG.watching(self.connection):
            return super().execute(*arguments, **options)

    def executemany(self, *arguments: Any, **options: Any) -> None:
        with _WATCHDOG.watching(self.connection):
            super().executemany(*arguments, **options)


class WatchedConnection(psycopg.Connection[Any]):
    """Waits for the end of a transaction as long as the watchdog lets it."""

    def commit(self) -> None:
        with _WATCHDOG.watching(self):
            super().commit()

    def rollback(self) -> None:
        with _WATCHDOG.watching(self):
            super().rollback()


class CircuitBreaker:
    """Opens connections. While the server does not answer, one thread at a time tries, and the others fail at once.

    Otherwise every thread of a worker would wait for the same dead host, and each later request behind them.
    """

    def __init__(self, connection_class: type[psycopg.Connection[Any]]) -> None:
        self._connection_class = connection_class
        self._trying = Lock()
        self._is_open = False

    def connect(self, _dialect: object, _record: object, arguments: Sequence[Any], options: Mapping[str, Any]) -> psycopg.Connection[Any]:
        """Open one; SQLAlchemy's do_connect event.

        Raises psycopg.OperationalError.
        """
        if not self._is_open:
            return self._attempt(arguments, options)
        if not self._trying.acquire(blocking=False):
            raise psycopg.OperationalError("the server did not answer, and is being tried by another thread")
        try:
            return self._attempt(arguments, options)
        finally:
            self._trying.release()

    def _attempt(self, arguments: Sequence[Any], options: Mapping[str, Any]) -> psycopg.Connection[Any]:
        try:
            connection = self._connection_class.connect(*arguments, **options)
        except psycopg.OperationalError:
            self._is_open = True
            raise
        self._is_open = False
        return connection
