"""Reads all chains in batches, as they are stored: SQLAlchemy hands on what the driver gives, of whatever type it is."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import Row, exists, literal, null, or_, select

from xpressbot.foundation.database.transaction import AnySelect, Reading
from xpressbot.identity.audit.rules.event import TEAM
from xpressbot.identity.audit.rules.verification import StoredEvent
from xpressbot.identity.tables import ACCOUNT, CHAIN_HEAD, INSTALLATION, SECURITY_EVENT

COLUMNS: Final = tuple(field.name for field in fields(StoredEvent))
"""Of a row that belong to the event; they come first."""
BATCH: Final = 1_000
"""Rows that are in memory at a time."""


_EVENT, _HEAD = SECURITY_EVENT.c, CHAIN_HEAD.c
_FIELDS: Final = [_EVENT[name] for name in COLUMNS]
_EMAIL: Final = ACCOUNT.c.email
_EVENTS: Final = (
    select(*_FIELDS, _HEAD.seq.label("head_seq"), _HEAD.hash.label("head_hash"), _HEAD.subject.label("head"), _EMAIL)
    .outerjoin(CHAIN_HEAD, _HEAD.subject == _EVENT.subject)
    .outerjoin(ACCOUNT, ACCOUNT.c.id == _EVENT.subject)
    .order_by(_EVENT.subject, _EVENT.seq)
)
_HEADS_ALONE: Final = (
    select(_HEAD.subject, _EMAIL)
    .outerjoin(ACCOUNT, ACCOUNT.c.id == _HEAD.subject)
    .where(or_(_HEAD.seq != 0, ACCOUNT.c.id.is_not(None), _HEAD.subject == TEAM), ~exists().where(_EVENT.subject == _HEAD.subject))
    .order_by(_HEAD.subject)
)
_ACCOUNTS_ALONE: Final = (
    select(ACCOUNT.c.id.label("subject"), _EMAIL)
    .where(~exists().where(_EVENT.subject == ACCOUNT.c.id), ~exists().where(_HEAD.subject == ACCOUNT.c.id))
    .order_by(ACCOUNT.c.id)
)
_TEAM_ALONE: Final = select(literal(TEAM).label("subject"), null().label("email")).where(
    exists().where(INSTALLATION.c.claimed_by.is_not(None)),
    ~exists().where(_EVENT.subject == TEAM),
    ~exists().where(_HEAD.subject == TEAM),
)
"""The team has a chain from its first account on."""


def events_with_heads(tx: Reading) -> Iterator[Sequence[Row[Any]]]:
    """All events by chain and number, each beside the head of its chain and the address of its account, as far as there are any."""
    return _batches(tx, _EVENTS)


def without_events(tx: Reading) -> Iterator[Sequence[Row[Any]]]:
    """What should have events and has none: heads, and accounts and the team that have no head either."""
    yield from _batches(tx, _HEADS_ALONE)
    yield from _batches(tx, _ACCOUNTS_ALONE)
    yield from _batches(tx, _TEAM_ALONE)


def _batches(tx: Reading, statement: AnySelect) -> Iterator[Sequence[Row[Any]]]:
    return tx.select(statement.execution_options(yield_per=BATCH)).partitions()
