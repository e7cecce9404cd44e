"""Reads all chains as they are stored, in batches."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, exists, or_, select, type_coerce
from sqlalchemy.types import NullType

from xpressbot.foundation.database.transaction import AnySelect, Reading
from xpressbot.identity.audit.rules.verification import StoredEvent
from xpressbot.identity.tables import ACCOUNT, CHAIN_HEAD, SECURITY_EVENT

COLUMNS: Final = tuple(field.name for field in fields(StoredEvent))
"""Of a row that belong to the event; they come first."""
BATCH: Final = 1_000
"""Rows that are in memory at a time."""


def _as_stored(column: ColumnElement[Any], label: str) -> ColumnElement[Any]:
    """What the driver gives: a type of SQLAlchemy's would fail on a value of another one, which SQLite can hold."""
    return type_coerce(column, NullType()).label(label)


_EVENT, _HEAD = SECURITY_EVENT.c, CHAIN_HEAD.c
_FIELDS: Final = [_as_stored(_EVENT[name], name) for name in COLUMNS]
_EMAIL: Final = _as_stored(ACCOUNT.c.email, "email")
_EVENTS: Final = (
    select(*_FIELDS, _as_stored(_HEAD.seq, "head_seq"), _as_stored(_HEAD.hash, "head_hash"), _as_stored(_HEAD.subject, "head"), _EMAIL)
    .outerjoin(CHAIN_HEAD, _HEAD.subject == _EVENT.subject)
    .outerjoin(ACCOUNT, ACCOUNT.c.id == _EVENT.subject)
    .order_by(_EVENT.subject, _EVENT.seq)
)
_HEADS_ALONE: Final = (
    select(_as_stored(_HEAD.subject, "subject"), _EMAIL)
    .outerjoin(ACCOUNT, ACCOUNT.c.id == _HEAD.subject)
    .where(or_(_HEAD.seq != 0, ACCOUNT.c.id.is_not(None)), ~exists().where(_EVENT.subject == _HEAD.subject))
    .order_by(_HEAD.subject)
)
_ACCOUNTS_ALONE: Final = (
    select(_as_stored(ACCOUNT.c.id, "subject"), _EMAIL)
    .where(~exists().where(_EVENT.subject == ACCOUNT.c.id), ~exists().where(_HEAD.subject == ACCOUNT.c.id))
    .order_by(ACCOUNT.c.id)
)


def events_with_heads(tx: Reading) -> Iterator[Sequence[Row[Any]]]:
    """All events by chain and number, each beside the head of its chain and the address of its account, as far as there are any."""
    return _batches(tx, _EVENTS)


def without_events(tx: Reading) -> Iterator[Sequence[Row[Any]]]:
    """What should have events and has none: heads, and accounts that have no head either."""
    yield from _batches(tx, _HEADS_ALONE)
    yield from _batches(tx, _ACCOUNTS_ALONE)


def _batches(tx: Reading, statement: AnySelect) -> Iterator[Sequence[Row[Any]]]:
    return tx.select(statement.execution_options(yield_per=BATCH)).partitions()
