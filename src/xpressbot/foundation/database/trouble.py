"""Why the database could not do what it was asked: what its driver raised, by kind."""

import sqlite3
from enum import StrEnum
from typing import Final

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


class Trouble(StrEnum):
    """What is wrong with the database, rather than with what it was asked."""

    AWAY = "unreachable"
    BUSY = "busy"
    DISK_FULL = "disk_full"
    DISK_FAULT = "disk_fault"
    READ_ONLY = "read_only"

    @property
    def only_writes_fail(self) -> bool:
        """Whether what is there can still be read."""
        return self in {Trouble.DISK_FULL, Trouble.DISK_FAULT, Trouble.READ_ONLY}


_SQLITE: Final = {
    sqlite3.SQLITE_FULL: Trouble.DISK_FULL,
    sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
    sqlite3.SQLITE_IOERR: Trouble.DISK_FAULT,
    sqlite3.SQLITE_BUSY: Trouble.BUSY,
    sqlite3.SQLITE_LOCKED: Trouble.BUSY,
}
_POSTGRESQL: Final = {
    "53100": Trouble.DISK_FULL,
    "58030": Trouble.DISK_FAULT,
    "25006": Trouble.READ_ONLY,
    "55P03": Trouble.BUSY,  # a lock
    "57014": Trouble.BUSY,  # a statement
    "40P01": Trouble.BUSY,  # a deadlock
    "53300": Trouble.BUSY,  # connections
}
"""By SQLSTATE (PostgreSQL's appendix A)."""
_OF_THE_SERVERS_OWN: Final = frozenset({"25006", "25P03", "25P04"})
"""A standby that takes no writes, and transactions it has ended. PostgreSQL has them in a class with faults of its clients."""


def trouble_of(error: BaseException) -> Trouble:
    """The kind of trouble behind one of UNAVAILABLE."""
    if isinstance(error, PoolTimeoutError):
        return Trouble.BUSY
    cause = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(cause, sqlite3.Error):
        # The lowest byte is the kind of fault; the others say more of it. What Python raises by itself has none.
        return _SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF, Trouble.AWAY)
    return _POSTGRESQL.get(getattr(cause, "sqlstate", None) or "", Trouble.AWAY)


def count_as_unavailable(context: ExceptionContext) -> OperationalError | None:
    """Have what the server decided by itself raised as an OperationalError; SQLAlchemy's handle_error event."""
    cause = context.original_exception
    if getattr(cause, "sqlstate", None) not in _OF_THE_SERVERS_OWN:
        return None
    return OperationalError(context.statement, None, cause, hide_parameters=True, connection_invalidated=context.is_disconnect)
