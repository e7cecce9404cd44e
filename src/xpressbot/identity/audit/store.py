"""Reads of security events."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from xpressbot.foundation.database.transaction import Reading
from xpressbot.foundation.database.unknown_enum_values import member_or_none
from xpressbot.identity.audit.rules.event import EventKind, SecurityEvent
from xpressbot.identity.tables import SECURITY_EVENT


def latest(tx: Reading, account_id: str, limit: int) -> Sequence[SecurityEvent]:
    """The account's newest events, newest first."""
    statement = select(SECURITY_EVENT).where(SECURITY_EVENT.c.subject == account_id).order_by(SECURITY_EVENT.c.seq.desc()).limit(limit)
    return [_event(row) for row in tx.select(statement)]


def by_number(tx: Reading, account_id: str, numbers: set[int]) -> Mapping[int, SecurityEvent]:
    """The account's events with these sequence numbers."""
    statement = select(SECURITY_EVENT).where(SECURITY_EVENT.c.subject == account_id, SECURITY_EVENT.c.seq.in_(numbers))
    return {row.seq: _event(row) for row in tx.select(statement)}


def read_details(text: str | None) -> dict[str, Any]:
    """The details of a row; none where they were erased."""
    details: dict[str, Any] = json.loads(text or "{}")
    return details


def _event(row: Any) -> SecurityEvent:
    details = read_details(row.details)
    return SecurityEvent(row.subject, row.seq, member_or_none(EventKind, row.kind), row.at, details, row.factor, row.actor, row.target)
