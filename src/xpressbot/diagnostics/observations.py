"""What the service has noticed about its surroundings, for the operator: one row a kind, the newest sighting of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import BigInteger, Column, String, Table, Text, delete, select

from xpressbot.foundation.database.engine import METADATA
from xpressbot.foundation.database.transaction import Reading, Writing

FORWARDED_HEADER: Final = "forwarded_header"
"""A header that says where a request comes from, brought by a peer that is no trusted proxy: `peer` and `header`."""
CLIENT_NOT_NAMED: Final = "client_not_named"
"""A trusted proxy that names no client for a request: `peer`, and what it says instead as `value`."""
FOREIGN_HOST: Final = "foreign_host"
"""A trusted proxy, or a program on this machine, that asks for another host than the public URL's: `peer` and `host`."""

OBSERVATION: Final = Table(
    "observation",
    METADATA,
    Column("kind", String(32), primary_key=True),
    Column("detail", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Observation:
    """The newest sighting of one kind."""

    detail: Mapping[str, str]
    at: int


def note(tx: Writing, kind: str, detail: Mapping[str, str], now: int) -> None:
    """Put a sighting in the place of the one before."""
    statement = tx.insert(OBSERVATION)
    renewed = {"detail": statement.excluded.detail, "at": statement.excluded["at"]}
    row = {"kind": kind, "detail": json.dumps(detail), "at": now}
    tx.execute(statement.on_conflict_do_update(index_elements=[OBSERVATION.c.kind], set_=renewed), row)


def withdraw(tx: Writing, kind: str) -> None:
    """Forget the sighting of a kind: it does not hold any more."""
    tx.execute(delete(OBSERVATION).where(OBSERVATION.c.kind == kind))


def newest(tx: Reading, kind: str) -> Observation | None:
    """The last sighting."""
    row = tx.select(select(OBSERVATION).where(OBSERVATION.c.kind == kind)).one_or_none()
    return None if row is None else Observation(json.loads(row.detail), row.at)
