"""Reads of security events."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, func, or_, select

from xpressbot.foundation.database.transaction import Reading
from xpressbot.foundation.database.unknown_enum_values import member_or_none
from xpressbot.identity.audit.rules.event import EventKind, SecurityEvent
from xpressbot.identity.audit.rules.history import HistoryFilter
from xpressbot.identity.tables import CHAIN_HEAD, SECURITY_EVENT


def latest(tx: Reading, account_id: str, limit: int) -> Sequence[SecurityEvent]:
    """The account's newest events, newest first."""
    statement = select(SECURITY_EVENT).where(SECURITY_EVENT.c.subject == account_id).order_by(SECURITY_EVENT.c.seq.desc()).limit(limit)
    return [_event(row) for row in tx.select(statement)]


def following(tx: Reading, account_id: str, after: int, up_to: int, limit: int) -> Sequence[SecurityEvent]:
    """The account's oldest events of those with numbers above `after` and not above `up_to`, the oldest first."""
    return [_event(found) for found in tx.select(_following(account_id, after, up_to, limit))]


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
    if asked.account_id is not None:
        statement = statement.where(or_(row.actor == asked.account_id, row.target == asked.account_id))
    return [_event(found) for found in tx.select(statement.order_by(row.seq.desc()).limit(limit))]


def about(tx: Reading, subject: str, target: str, looked_through: int, limit: int) -> Sequence[SecurityEvent]:
    """The newest events of a record whose target this is, of the newest `looked_through` ones, newest first. Two statements."""
    row = SECURITY_EVENT.c
    lowest = last_number(tx, subject) - looked_through
    statement = select(SECURITY_EVENT).where(row.subject == subject, row.seq > lowest, row.target == target)
    return [_event(found) for found in tx.select(statement.order_by(row.seq.desc()).limit(limit))]


def stored_following(tx: Reading, subject: str, after: int, up_to: int, limit: int) -> Sequence[Mapping[str, Any]]:
    """As `following`, but as the rows are stored: with all that a chain is checked by."""
    return tx.select(_following(subject, after, up_to, limit)).mappings().all()  # type: ignore[return-value]


def head(tx: Reading, subject: str) -> tuple[int, bytes]:
    """Number and hash of the last event of a chain that there is."""
    found = tx.select(select(CHAIN_HEAD.c.seq, CHAIN_HEAD.c.hash).where(CHAIN_HEAD.c.subject == subject)).one()
    return found.seq, found.hash


def read_details(text: str | None) -> dict[str, Any]:
    """The details of a row; none where they were erased."""
    details: dict[str, Any] = json.loads(text or "{}")
    return details


def _event(row: Any) -> SecurityEvent:
    details = read_details(row.details)
    return SecurityEvent(row.subject, row.seq, member_or_none(EventKind, row.kind), row.at, details, row.factor, row.actor, row.target)


def _following(subject: str, after: int, up_to: int, limit: int) -> Select[*tuple[Any, ...]]:
    row = SECURITY_EVENT.c
    return select(SECURITY_EVENT).where(row.subject == subject, row.seq > after, row.seq <= up_to).order_by(row.seq).limit(limit)
