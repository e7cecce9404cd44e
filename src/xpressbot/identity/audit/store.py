"""Reads of security events."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from xpressbot.foundation.database.transaction import Reading
from xpressbot.foundation.database.unknown_enum_values import member_or_none
from xpressbot.identity.audit.rules.event import EventKind, SecurityEvent
from xpressbot.identity.audit.rules.history import HistoryFilter
from xpressbot.identity.tables import SECURITY_EVENT


def latest(tx: Reading, account_id: str, limit: int) -> Sequence[SecurityEvent]:
    """The account's newest events, newest first."""
    statement = select(SECURITY_EVENT).where(SECURITY_EVENT.c.subject == account_id).order_by(SECURITY_EVENT.c.seq.desc()).limit(limit)
    return [_event(row) for row in tx.select(statement)]


def following(tx: Reading, account_id: str, after: int, up_to: int, limit: int) -> Sequence[SecurityEvent]:
    """The account's oldest events of those with numbers above `after` and not above `up_to`, the oldest first."""
    row = SECURITY_EVENT.c
    statement = select(SECURITY_EVENT).where(row.subject == account_id, row.seq > after, row.seq <= up_to)
    return [_event(found) for found in tx.select(statement.order_by(row.seq).limit(limit))]


def by_number(tx: Reading, account_id: str, numbers: set[int]) -> Mapping[int, SecurityEvent]:
    """The account's events with these sequence numbers."""
    statement = select(SECURITY_EVENT).where(SECURITY_EVENT.c.subject == account_id, SECURITY_EVENT.c.seq.in_(numbers))
    return {row.seq: _event(row) for row in tx.select(statement)}


def last_number(tx: Reading, account_id: str) -> int:
    """The sequence number of the account's newest event; 0 if it has none."""
    number: int | None = tx.select(select(func.max(SECURITY_EVENT.c.seq)).where(SECURITY_EVENT.c.subject == account_id)).scalar_one()
    return number or 0


def between(tx: Reading, account_id: str, lowest: int, below: int, asked: HistoryFilter, limit: int) -> Sequence[SecurityEvent]:
    """The account's newest events that are asked for, of those with numbers from `lowest` to before `below`."""
    row = SECURITY_EVENT.c
    statement = select(SECURITY_EVENT).where(row.subject == account_id, row.seq >= lowest, row.seq < below)
    if asked.kinds is not None:
        statement = statement.where(row.kind.in_(sorted(kind.value for kind in asked.kinds)))
    if asked.since is not None:
        statement = statement.where(row.at >= asked.since)
    if asked.until is not None:
        statement = statement.where(row.at < asked.until)
    return [_event(found) for found in tx.select(statement.order_by(row.seq.desc()).limit(limit))]


def read_details(text: str | None) -> dict[str, Any]:
    """The details of a row; none where they were erased."""
    details: dict[str, Any] = json.loads(text or "{}")
    return details


def _event(row: Any) -> SecurityEvent:
    details = read_details(row.details)
    return SecurityEvent(row.subject, row.seq, member_or_none(EventKind, row.kind), row.at, details, row.factor, row.actor, row.target)
