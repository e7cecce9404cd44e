"""Connections to a PostgreSQL server that may go away, or hang, at any moment."""

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any, Final, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
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

_R = TypeVar("_R")


def engine(url: URL, *, patient: bool, **pool: Any) -> Engine:
    """One whose connections wait for nothing longer than is said here, but for statements where `patient`."""
    made = create_engine(url, connect_args=dict(connect_options(patient=patient)), pool_pre_ping=True, hide_parameters=True, **pool)
    event.listen(made, "do_connect", Doorway(psycopg.Connection if patient else BoundedConnection).connect)
    event.listen(made, "handle_error", count_as_unavailable)
    return made


def connect_options(*, patient: bool) -> Mapping[str, Any]:
    """What libpq is told. patient: whether statements may take as long as they take."""
    server = {
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


class BoundedConnection(psycopg.Connection[Any]):
    """Waits for no answer longer than ANSWER_TIMEOUT_SECONDS: a host that hangs keeps its connections open and says nothing."""

    def wait(self, gen: PQGen[_R], interval: float = 0.1, timeout: float | None = None) -> _R:
        try:
            return super().wait(gen, interval, ANSWER_TIMEOUT_SECONDS if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.close()  # its answer may still come, and must not be taken for the next statement's
            raise


class Doorway:
    """Opens connections. While the server does not answer, one thread at a time tries, and the others are told so at once.

    Otherwise every thread of a worker would stand waiting for the same dead host, and whoever came would wait behind them.
    """

    def __init__(self, connection_class: type[psycopg.Connection[Any]]) -> None:
        self._connection_class = connection_class
        self._trying = Lock()
        self._is_away = False

    def connect(self, _dialect: object, _record: object, arguments: Sequence[Any], options: Mapping[str, Any]) -> psycopg.Connection[Any]:
        """Open one; SQLAlchemy's do_connect event.

        Raises psycopg.OperationalError.
        """
        if not self._is_away:
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
            self._is_away = True
            raise
        self._is_away = False
        return connection
