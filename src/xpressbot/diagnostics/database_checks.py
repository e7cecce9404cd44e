"""The database: whether it answers, is whole, has our schema, tells the same time, and has room for our connections."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError

from xpressbot.diagnostics.findings import Check, Finding, Problem, said_by
from xpressbot.foundation.database.encoding import NEEDED, encoding_of
from xpressbot.foundation.database.engine import Database
from xpressbot.foundation.database.migrations import HEAD, current_revision
from xpressbot.foundation.database.read_only import is_cut_off
from xpressbot.foundation.times import SECOND

CLOCK_TOLERANCE: Final = 3 * SECOND
CLOCK_LIMIT: Final = 30 * SECOND
"""One step of a code: from here on, right codes are refused."""
NEARLY_USED_PERCENT: Final = 90
"""The share of the database's connections from which on it is time to act."""
_PLAIN_FAULTS: Final = {sqlite3.SQLITE_BUSY: Problem.DATABASE_LOCKED, sqlite3.SQLITE_LOCKED: Problem.DATABASE_LOCKED} | dict.fromkeys(
    (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB), Problem.DATABASE_DAMAGED
)


def check_database(database: Database, file: Path | None, *, thorough: bool) -> Sequence[Finding]:
    """Whether it answers; thorough: also whether a database of SQLite is whole, for which it is read from end to end."""
    place = "PostgreSQL" if file is None else str(file)
    if file is not None and not file.exists():
        return [Finding(Check.DATABASE, Problem.DATABASE_MISSING, {"path": str(file.absolute())})]
    try:
        database.ping()
        verdict = _integrity(database, file) if thorough and file is not None else "ok"
    except OSError as error:
        return [Finding(Check.DATABASE, Problem.DATABASE_UNREACHABLE, {"error": error.strerror or type(error).__name__})]
    except DBAPIError as error:
        # The lowest byte is the kind of fault; the others say more of it.
        fault = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
        return [Finding(Check.DATABASE, _PLAIN_FAULTS.get(fault, Problem.DATABASE_UNREACHABLE), {"path": place, "error": said_by(error)})]
    if verdict != "ok":
        return [Finding(Check.DATABASE, Problem.DATABASE_DAMAGED, {"path": place, "error": verdict})]
    return [Finding(Check.DATABASE, facts={"path": place})]


def check_encoding(database: Database) -> Sequence[Finding]:
    """Whether it keeps all of Unicode."""
    facts = {"found": encoding_of(database)}
    return [Finding(Check.ENCODING, None if facts["found"] == NEEDED else Problem.ENCODING_NOT_UNICODE, facts)]


def check_schema(database: Database) -> Sequence[Finding]:
    """Whether this program works with the database's schema."""
    revision = current_revision(database)
    facts = {"found": revision or "", "known": HEAD}
    if revision == HEAD:
        return [Finding(Check.SCHEMA, facts=facts)]
    if revision is None:
        problem = Problem.SCHEMA_MISSING
    elif revision > HEAD:
        problem = Problem.SCHEMA_NEWER
    else:
        problem = Problem.SCHEMA_MIGRATED_BY_START if database.engine.dialect.name == "sqlite" else Problem.SCHEMA_OLDER
    return [Finding(Check.SCHEMA, problem, facts)]


def check_clock(database: Database, now: Callable[[], int], newest_record: int) -> Sequence[Finding]:
    """Whether this machine tells the same time as a server's database, and is not behind what was stored before."""
    findings = []
    if database.engine.dialect.name == "postgresql":
        before = now()
        with database.read() as connection:
            theirs = connection.execute(
                text("SELECT (extract(epoch FROM clock_timestamp()) * :second)::bigint"), {"second": SECOND}
            ).scalar_one()
        offset = theirs - (before + now()) // 2
        if abs(offset) > CLOCK_TOLERANCE:
            problem = Problem.CLOCK_FAR_OFF if abs(offset) >= CLOCK_LIMIT else Problem.CLOCK_DIFFERS
            facts = {"seconds": abs(offset) // SECOND, "direction": "ahead" if offset < 0 else "behind"}
            findings.append(Finding(Check.CLOCK, problem, facts))
    behind = newest_record - now()
    if behind > CLOCK_TOLERANCE:
        findings.append(Finding(Check.CLOCK, Problem.CLOCK_SET_BACK, {"seconds": behind // SECOND, "newest": newest_record}))
    return findings


@dataclass(frozen=True, slots=True)
class ConnectionDemand:
    """How many connections this node may open."""

    workers: int
    threads: int

    @property
    def connections(self) -> int:
        """One for each thread of each worker."""
        return self.workers * self.threads


def check_connections(database: Database, demand: ConnectionDemand) -> Sequence[Finding]:
    """Whether a server's database lets this node open as many connections as it may need."""
    facts = {"workers": demand.workers, "threads": demand.threads, "needed": demand.connections}
    if database.engine.dialect.name != "postgresql":
        return [Finding(Check.CONNECTIONS, facts=facts)]
    row = _limits(database)
    limits = [row.most - row.reserved, *(limit for limit in (row.of_role, row.of_database) if limit is not None and limit >= 0)]
    facts |= {"limit": min(limits), "used": row.used}
    if demand.connections > min(limits):
        return [Finding(Check.CONNECTIONS, Problem.CONNECTIONS_TOO_FEW, facts)]
    if 100 * row.used >= NEARLY_USED_PERCENT * (row.most - row.reserved):
        return [Finding(Check.CONNECTIONS, Problem.CONNECTIONS_NEARLY_USED, facts)]
    return [Finding(Check.CONNECTIONS, facts=facts)]


def _integrity(database: Database, file: Path) -> str:
    with database.read() as connection:
        verdict: str = connection.execute(text("PRAGMA integrity_check(1)")).scalar_one()
    return "its end is missing" if is_cut_off(file) else verdict


def _limits(database: Database) -> Row[Any]:
    with database.read() as connection:
        return connection.execute(
            text(
                """
                SELECT current_setting('max_connections')::int AS most,
                       current_setting('superuser_reserved_connections')::int
                           + coalesce(current_setting('reserved_connections', true), '0')::int AS reserved,
                       (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS of_role,
                       (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS of_database,
                       (SELECT sum(numbackends)::int FROM pg_stat_database) AS used
                """
            )
        ).one()
