"""Which statements are sent, and which of them an engine would answer by reading a table or an index from end to end."""

import json
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection

from tests.support.engine_events import listening
from tests.support.installation import Installation
from tests.support.optional import present
from xpressbot.chat.tables import CHAT_EVENT, CHAT_RECORD, CONTACT, CONVERSATION, MESSAGE

SMALL = {"installation", "key_state", "lease", "bot", "channel"}
"""Tables of a row or two, and those that a person has made each row of."""
OF_CHAT = {table.name for table in (CONTACT, CONVERSATION, MESSAGE, CHAT_EVENT, CHAT_RECORD)}
"""Those of chat that grow with what people write."""
Statement = tuple[str, Any]


def tables_of(statement: str) -> set[str]:
    """The tables that a statement names."""
    return set(re.findall(r"(?:FROM|INTO|UPDATE|JOIN) (\w+)", statement))


@contextmanager
def recorded(installation: Installation) -> Iterator[list[Statement]]:
    """The statements sent, each spelling once, with the parameters it was sent with."""
    seen: dict[str, Any] = {}

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        seen.setdefault(statement, parameters)

    statements: list[Statement] = []
    with listening(installation.services.database, "before_cursor_execute", note):
        yield statements
    statements += [(statement, parameters[0] if isinstance(parameters, list) else parameters) for statement, parameters in seen.items()]


def scans(installation: Installation, statements: list[Statement], of_few_rows: AbstractSet[str] = frozenset()) -> set[tuple[str, str]]:
    """Which large tables would be read from end to end, by which statements.

    of_few_rows: indexes on a part of their table that stays small. They may be read whole.
    """
    with installation.services.database.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")
            return {
                (table, statement)
                for statement, given in statements
                for table in _scanned_by_postgres(connection, statement, given, of_few_rows)
            }
        # A running service has no statistics; after an operator's ANALYZE there are some. Both must do.
        found = _scanned_by_sqlite(connection, statements, of_few_rows)
        for command in ("ANALYZE", "ANALYZE sqlite_schema"):
            connection.exec_driver_sql(command)
        return found | _scanned_by_sqlite(connection, statements, of_few_rows)


def _scanned_by_sqlite(connection: Connection, statements: list[Statement], of_few_rows: AbstractSet[str]) -> set[tuple[str, str]]:
    found, large = set(), set(_tables(connection)) - SMALL
    for statement, parameters in statements:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        scanned = {
            match[1] for row in plan if (match := re.match(r"SCAN (\w+)", row.detail)) and of_few_rows.isdisjoint(row.detail.split())
        }
        found |= {(table, statement) for table in scanned & large}
    return found


def _tables(connection: Connection) -> list[str]:
    return list(connection.exec_driver_sql("SELECT name FROM sqlite_schema WHERE type = 'table'").scalars())


def _scanned_by_postgres(connection: Connection, statement: str, parameters: Any, of_few_rows: AbstractSet[str]) -> set[str]:
    """By the plan for these very values, and by the one for any that a statement gets once it is prepared."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    cursor = psycopg.ClientCursor(driver)
    found = set()
    if statement.lstrip().startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
        for options, text, given in (("", statement, parameters or None), ("GENERIC_PLAN, ", _numbered(statement), None)):
            cursor.execute(f"EXPLAIN ({options}FORMAT JSON) {text}", given)
            (answer,) = present(cursor.fetchone())
            found |= set(_whole_tables((answer if isinstance(answer, list) else json.loads(answer))[0]["Plan"], of_few_rows))
    return found - SMALL


def _numbered(statement: str) -> str:
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        names.append(match[1])
        return f"${names.index(match[1]) + 1}"

    return re.sub(r"%\((\w+)\)s", number, statement).replace("%%", "%")


def _whole_tables(node: dict[str, Any], of_few_rows: AbstractSet[str]) -> Iterator[str]:
    kind = node["Node Type"]
    if kind == "Seq Scan" or ("Index Name" in node and "Index Cond" not in node and node["Index Name"] not in of_few_rows):
        yield node["Relation Name"] if "Relation Name" in node else node["Index Name"]
    for child in node.get("Plans", ()):
        yield from _whole_tables(child, of_few_rows)
