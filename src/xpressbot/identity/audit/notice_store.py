"""Notice records: one row for each event that is told, or for all of a kind that are told as one, until it is acknowledged."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, and_, bindparam, case, func, insert, or_, select, tuple_, update

from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.foundation.database.unknown_enum_values import member_or_none
from xpressbot.identity.audit.rules.event import EventKind, NewEvent, NoticeRule
from xpressbot.identity.audit.rules.notice import Notice, NoticeState, Shown, Told, hidden_from, place, weight
from xpressbot.identity.audit.store import by_number, read_details
from xpressbot.identity.tables import NOTICE, SECURITY_EVENT

_TABLE = NOTICE.c
_TIMES: Final = _TABLE["count"].label("times")
"""Rows have a method of the column's name."""
_LAST_EVENT: Final = and_(SECURITY_EVENT.c.subject == _TABLE.account_id, SECURITY_EVENT.c.seq == _TABLE.last_seq)
_IS_OPEN = and_(_TABLE.account_id == bindparam("of_account"), _TABLE.acknowledged_at.is_(None))
_OPEN_ONE = (
    select(_TABLE.first_seq, _TIMES, _TABLE.several_places, _TABLE.session_id, SECURITY_EVENT.c.details)
    .join(SECURITY_EVENT, _LAST_EVENT)
    .where(_IS_OPEN, _TABLE.kind == bindparam("of_kind"))
)
_ADD = insert(NOTICE)
_NOTE_MAILED = (
    update(NOTICE)
    .where(_TABLE.account_id == bindparam("of_account"), _TABLE.first_seq == bindparam("of_first_seq"))
    .values(mailed_at=bindparam("at"))
    .returning(_TABLE.last_seq)
)
_MERGE = update(NOTICE).where(_TABLE.account_id == bindparam("of_account"), _TABLE.first_seq == bindparam("of_first_seq"))
_BY_OPERATOR: Final = sorted(kind.value for kind in EventKind if kind.notice is not None and kind.notice.by_operator)
_IS_THE_OPERATORS = case((_TABLE.kind.in_(_BY_OPERATOR), 0), else_=1)
_LAST_TOLD = (
    select(func.max(SECURITY_EVENT.c.at))
    .select_from(NOTICE)
    .join(SECURITY_EVENT, _LAST_EVENT)
    .where(_TABLE.account_id == bindparam("of_account"), _TABLE.kind == bindparam("of_kind"))
)


def tell(tx: Writing, account_id: str, seq: int, event: NewEvent) -> Told | None:
    """Make a notice of an event that has just been recorded, if it is one. The head of the account's chain must be held."""
    rule = event.kind.notice
    if rule is None:
        return None
    if rule.is_merged and (merged := _merge(tx, account_id, seq, event, rule)) is not None:
        return merged
    row = {
        "account_id": account_id,
        "first_seq": seq,
        "last_seq": seq,
        "kind": event.kind.value,
        "count": weight(event),
        "several_places": False,
        "session_id": hidden_from(event, rule),
    }
    tx.execute(_ADD, row)
    return Told(account_id, seq, rule, weight(event), is_merged=False)


def one(tx: Reading, account_id: str, first_seq: int) -> Notice | None:
    """A notice, whether or not it is acknowledged; None where there is none that begins with this event."""
    found = _told(tx, account_id, and_(_TABLE.account_id == bindparam("of_account"), _TABLE.first_seq == first_seq), 1)
    return found[0] if found else None


def note_mailed(tx: Writing, account_id: str, first_seq: int, now: int) -> int | None:
    """A mail that tells a notice was taken. Gives the last event that the notice tells by now, which is kept from changing."""
    parameters = {"of_account": account_id, "of_first_seq": first_seq}
    row = tx.execute(_NOTE_MAILED, parameters | {"at": now}).one_or_none()
    return None if row is None else row.last_seq


def shown_to(tx: Reading, account_id: str, session_id: str, limit: int) -> Sequence[Notice]:
    """What is not acknowledged yet and this session did not do itself: what the operator did, then the newest."""
    return _told(tx, account_id, _is_shown(session_id), limit)


def acknowledged_after(tx: Reading, account_id: str, since: int, limit: int) -> Sequence[Notice]:
    """What was acknowledged later than that, by whichever session: what the operator did, then the newest."""
    return _told(tx, account_id, and_(_TABLE.account_id == bindparam("of_account"), _TABLE.acknowledged_at > since), limit)


def acknowledge(tx: Writing, account_id: str, session_id: str, shown: Sequence[Shown], now: int) -> int:
    """Those of these notices that are as they were shown, and may be shown to this session, are seen; how many."""
    pairs = [(one.first_seq, one.last_seq) for one in shown]
    seen = tuple_(_TABLE.first_seq, _TABLE.last_seq).in_(pairs)
    statement = update(NOTICE).where(_is_shown(session_id), seen).values(acknowledged_at=now)
    return tx.execute(statement, {"of_account": account_id}).rowcount


def states(tx: Reading, account_id: str, after: int, limit: int) -> Sequence[NoticeState]:
    """What has become of the account's oldest notices, of those whose first event has a number above `after`; the oldest first."""
    statement = select(NOTICE, _TIMES).where(_TABLE.account_id == account_id, _TABLE.first_seq > after)
    rows = tx.select(statement.order_by(_TABLE.first_seq).limit(limit))
    return [NoticeState(row.kind, row.first_seq, row.last_seq, row.times, row.acknowledged_at, row.mailed_at) for row in rows]


def last_told(tx: Reading, account_id: str, kind: EventKind) -> int | None:
    """When the last event of this kind was made a notice."""
    at: int | None = tx.select(_LAST_TOLD, {"of_account": account_id, "of_kind": kind.value}).scalar_one()
    return at


def _told(tx: Reading, account_id: str, which: ColumnElement[bool], limit: int) -> Sequence[Notice]:
    statement = select(NOTICE, _TIMES).where(which).order_by(_IS_THE_OPERATORS, _TABLE.last_seq.desc()).limit(limit)
    rows = tx.select(statement, {"of_account": account_id}).all()
    events = by_number(tx, account_id, {seq for row in rows for seq in (row.first_seq, row.last_seq)})
    return [
        Notice(member_or_none(EventKind, row.kind), row.times, row.several_places, events[row.first_seq], events[row.last_seq])
        for row in rows
    ]


def _merge(tx: Writing, account_id: str, seq: int, event: NewEvent, rule: NoticeRule) -> Told | None:
    row = tx.execute(_OPEN_ONE, {"of_account": account_id, "of_kind": event.kind.value}).first()
    if row is None:
        return None
    merged = {
        "last_seq": seq,
        "count": row.times + weight(event),
        "several_places": row.several_places or place(read_details(row.details)) != place(event.details),
        "session_id": row.session_id if row.session_id == hidden_from(event, rule) else None,
    }
    tx.execute(_MERGE, {"of_account": account_id, "of_first_seq": row.first_seq, **merged})
    return Told(account_id, row.first_seq, rule, row.times + weight(event), is_merged=True)


def _is_shown(session_id: str) -> ColumnElement[bool]:
    """What a session did itself is shown in the others."""
    return and_(_IS_OPEN, or_(_TABLE.session_id.is_(None), _TABLE.session_id != session_id))
