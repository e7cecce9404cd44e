"""The database: whether it answers, is whole, has our schema, tells the same time, and has room for our connections."""

import sqlite3
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, assert_never

from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError

from xpressbot.diagnostics.check import WORKERS_FIELD, Check, CheckRun, Finding, Problem, Severity, said_by
from xpressbot.foundation.database.encoding import NEEDED, encoding_of
from xpressbot.foundation.database.engine import Database
from xpressbot.foundation.database.migration_runner import Schema, SchemaState, current_revisions
from xpressbot.foundation.database.read_only import is_cut_off
from xpressbot.foundation.times import SECOND

CLOCK_TOLERANCE: Final = 3 * SECOND
CLOCK_LIMIT: Final = 30 * SECOND
"""One time step (RFC 6238): from here on, right codes are refused."""
NEARLY_USED_PERCENT: Final = 90
"""The share of the database's connections from which on it is time to act."""
DATABASE_MISSING: Final = Problem("database_missing", Severity.ERROR)
DATABASE_UNREACHABLE: Final = Problem("database_unreachable", Severity.ERROR)
DATABASE_LOCKED: Final = Problem("database_locked", Severity.ERROR)
DATABASE_DAMAGED: Final = Problem("database_damaged", Severity.ERROR)
ENCODING_NOT_UNICODE: Final = Problem("encoding_not_unicode", Severity.ERROR)
SCHEMA: Final = "schema"
"""The name of the check of the schema, by which others need it."""
SCHEMA_MISSING: Final = Problem("schema_missing", Severity.ERROR)
SCHEMA_UNRELEASED: Final = Problem("schema_unreleased", Severity.ERROR)
SCHEMA_OLDER: Final = Problem("schema_older", Severity.ERROR)
SCHEMA_MIGRATED_BY_START: Final = Problem("schema_migrated_by_start", Severity.WARNING)
SCHEMA_NEWER: Final = Problem("schema_newer", Severity.ERROR)
CLOCK_DIFFERS: Final = Problem("clock_differs", Severity.WARNING)
CLOCK_FAR_OFF: Final = Problem("clock_far_off", Severity.ERROR)
CONNECTIONS_TOO_FEW: Final = Problem("connections_too_few", Severity.ERROR)
CONNECTIONS_NEARLY_USED: Final = Problem("connections_nearly_used", Severity.WARNING)

_FAULTS: Final = {sqlite3.SQLITE_BUSY: DATABASE_LOCKED, sqlite3.SQLITE_LOCKED: DATABASE_LOCKED} | dict.fromkeys(
    (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB), DATABASE_DAMAGED
)


def _check_database(run: CheckRun) -> Sequence[Finding]:
    """Whether it answers; thorough: also whether a SQLite database is whole, for which it is read from end to end."""
    database, file = run.database, run.database_file
    place = "PostgreSQL" if file is None else str(file)
    if file is not None and not file.exists():
        return [Finding("database", DATABASE_MISSING, {"path": str(file.absolute())})]
    try:
        database.ping()
        verdict = _integrity(database, file) if run.thorough and file is not None else "ok"
    except OSError as error:
        return [Finding("database", DATABASE_UNREACHABLE, {"error": error.strerror or type(error).__name__})]
    except DBAPIError as error:
        # The lowest byte is the kind of fault; the others say more of it.
        fault = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
        return [Finding("database", _FAULTS.get(fault, DATABASE_UNREACHABLE), {"path": place, "error": said_by(error)})]
    if verdict != "ok":
        return [Finding("database", DATABASE_DAMAGED, {"path": place, "error": verdict})]
    return [Finding("database", facts={"path": place})]


def _check_encoding(run: CheckRun) -> Sequence[Finding]:
    """Whether it keeps all of Unicode."""
    facts = {"found": encoding_of(run.database)}
    return [Finding("encoding", None if facts["found"] == NEEDED else ENCODING_NOT_UNICODE, facts)]


def _check_schema(schema: Schema, run: CheckRun) -> Sequence[Finding]:
    """Whether this program works with the database's schema."""
    revisions = current_revisions(run.database, schema)
    facts = {"found": str(revisions), "known": str(schema.head)}
    match revisions.state:
        case SchemaState.CURRENT:
            problem = None
        case SchemaState.MISSING:
            problem = SCHEMA_MISSING
        case SchemaState.NEWER:
            problem = SCHEMA_NEWER
        case SchemaState.UNRELEASED:
            problem = SCHEMA_UNRELEASED
        case SchemaState.OLDER:
            problem = SCHEMA_MIGRATED_BY_START if run.database.engine.dialect.name == "sqlite" else SCHEMA_OLDER
        case unknown:
            assert_never(unknown)
    return [Finding(SCHEMA, problem, facts)]


def _check_clock(run: CheckRun) -> Sequence[Finding]:
    """Whether this machine tells the same time as a server's database."""
    database, now = run.database, run.now
    if database.engine.dialect.name != "postgresql":
        return []
    before = now()
    with database.read() as connection:
        theirs = connection.execute(
            text("SELECT (extract(epoch FROM clock_timestamp()) * :second)::bigint"), {"second": SECOND}
        ).scalar_one()
    offset = theirs - (before + now()) // 2
    if abs(offset) <= CLOCK_TOLERANCE:
        return []
    facts = {"seconds": abs(offset) // SECOND, "direction": "ahead" if offset < 0 else "behind"}
    return [Finding("clock", CLOCK_FAR_OFF if abs(offset) >= CLOCK_LIMIT else CLOCK_DIFFERS, facts)]


def _check_connections(run: CheckRun) -> Sequence[Finding]:
    """Whether a server's database lets this node open as many connections as it may need."""
    database, demand = run.database, run.demand
    facts = {"workers": demand.workers, "threads": demand.threads, "needed": demand.connections}
    if database.engine.dialect.name != "postgresql":
        return [Finding("connections", facts=facts)]
    row = _limits(database)
    limits = [row.most - row.reserved, *(limit for limit in (row.of_role, row.of_database) if limit is not None and limit >= 0)]
    facts |= {"limit": min(limits), "used": row.used}
    if demand.connections > min(limits):
        return [Finding("connections", CONNECTIONS_TOO_FEW, facts)]
    if 100 * row.used >= NEARLY_USED_PERCENT * (row.most - row.reserved):
        return [Finding("connections", CONNECTIONS_NEARLY_USED, facts)]
    return [Finding("connections", facts=facts)]


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


DATABASE: Final = Check(
    "database",
    _check_database,
    problems=(DATABASE_MISSING, DATABASE_UNREACHABLE, DATABASE_LOCKED, DATABASE_DAMAGED),
    fields=frozenset({"database_url", "data_dir"}),
)
ENCODING: Final = Check("encoding", _check_encoding, problems=(ENCODING_NOT_UNICODE,), needs=(DATABASE.name,))
CLOCK: Final = Check("clock", _check_clock, problems=(CLOCK_DIFFERS, CLOCK_FAR_OFF), needs=(DATABASE.name,))
CONNECTIONS: Final = Check(
    "connections",
    _check_connections,
    problems=(CONNECTIONS_TOO_FEW, CONNECTIONS_NEARLY_USED),
    needs=(DATABASE.name,),
    fields=frozenset({WORKERS_FIELD}),
)


def schema_check(schema: Schema) -> Check:
    """Make the check."""
    return Check(
        SCHEMA,
        partial(_check_schema, schema),
        problems=(SCHEMA_MISSING, SCHEMA_UNRELEASED, SCHEMA_OLDER, SCHEMA_MIGRATED_BY_START, SCHEMA_NEWER),
        needs=(DATABASE.name,),
    )
