"""Why the database could not do what it was asked: what its driver raised, by kind."""

import sqlite3
from enum import StrEnum
from typing import Final

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


class DatabaseFault(StrEnum):
    """What is wrong with the database, rather than with what it was asked."""

    AWAY = "unreachable"
    BUSY = "busy"
    DISK_FULL = "disk_full"
    DISK_FAULT = "disk_fault"
    READ_ONLY = "read_only"

    @property
    def only_writes_fail(self) -> bool:
        """Whether what is there can still be read."""
        return self in {DatabaseFault.DISK_FULL, DatabaseFault.DISK_FAULT, DatabaseFault.READ_ONLY}


_SQLITE: Final = {
    sqlite3.SQLITE_FULL: DatabaseFault.DISK_FULL,
    sqlite3.SQLITE_READONLY: DatabaseFault.READ_ONLY,
    sqlite3.SQLITE_IOERR: DatabaseFault.DISK_FAULT,
    sqlite3.SQLITE_BUSY: DatabaseFault.BUSY,
    sqlite3.SQLITE_LOCKED: DatabaseFault.BUSY,
}
_POSTGRESQL: Final = {
    "53100": DatabaseFault.DISK_FULL,
    "58030": DatabaseFault.DISK_FAULT,
    "25006": DatabaseFault.READ_ONLY,
    "55P03": DatabaseFault.BUSY,  # a lock
    "57014": DatabaseFault.BUSY,  # a statement
    "40P01": DatabaseFault.BUSY,  # a deadlock
    "53300": DatabaseFault.BUSY,  # connections
}
"""By SQLSTATE (PostgreSQL's appendix A)."""
_OF_THE_SERVERS_OWN: Final = frozenset({"25006", "25P03", "25P04"})
"""A standby that takes no writes, and transactions it has ended. PostgreSQL has them in a class with faults of its clients."""


def fault_of(error: BaseException) -> DatabaseFault:
    """The kind of fault behind one of UNAVAILABLE."""
    if isinstance(error, PoolTimeoutError):
        return DatabaseFault.BUSY
    cause = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(cause, sqlite3.Error):
        # The lowest byte is the kind of fault; the others say more of it. What Python raises by itself has none.
        return _SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF, DatabaseFault.AWAY)
    return _POSTGRESQL.get(getattr(cause, "sqlstate", None) or "", DatabaseFault.AWAY)


def count_as_unavailable(context: ExceptionContext) -> OperationalError | None:
    """Have what the server decided by itself raised as an OperationalError; SQLAlchemy's handle_error event."""
    cause = context.original_exception
    if getattr(cause, "sqlstate", None) not in _OF_THE_SERVERS_OWN:
        return None
    return OperationalError(context.statement, None, cause, hide_parameters=True, connection_invalidated=context.is_disconnect)
