"""What becomes of rows when an older copy of the database takes the place of a newer one. Each package lists its tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Table, delete, true

from xpressbot.foundation.database.transaction import Writing


@dataclass(frozen=True)
class EndsAtRestore:
    """Rows that end: they let a person in or wait for something, and may have been used or closed since the copy was made.

    name: what the operator is told has ended, in the plural.
    """

    name: str
    table: Table
    rows: ColumnElement[bool] = field(default_factory=true)


@dataclass(frozen=True)
class StaysAtRestore:
    """A table whose rows all come back, but for those that go with a row of another table."""

    table: Table


AtRestore = EndsAtRestore | StaysAtRestore


def end_rows(tx: Writing, tables: Sequence[AtRestore]) -> Mapping[str, int]:
    """Remove the rows that end; how many of each kind."""
    ending = [one for one in tables if isinstance(one, EndsAtRestore)]
    return {one.name: tx.execute(delete(one.table).where(one.rows)).rowcount for one in ending}
