"""Throttle bucket records: one upsert charges a try and decides whether it is allowed."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, delete, func, literal_column, not_, or_, select, update

from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.foundation.times import CLOCKS_MAY_DIFFER
from xpressbot.identity.tables import THROTTLE_BUCKET
from xpressbot.identity.throttling.rules import PASSWORD, Bucket, Charge, DelayReport, Policy, Refusal

_TABLE = THROTTLE_BUCKET.c
_HAS_OWN_WAITS = and_(_TABLE.tries >= PASSWORD.free, _TABLE.tries > _TABLE.reported_tries)
HAS_WAITS_TO_TELL = or_(_TABLE.carried_delays > 0, _HAS_OWN_WAITS)
"""Whether a count knows of waits that its account was not told of yet."""
_OWN_DELAYS = case(
    (_HAS_OWN_WAITS, _TABLE.tries - case((_TABLE.reported_tries >= PASSWORD.free, _TABLE.reported_tries), else_=PASSWORD.free - 1)), else_=0
)
_IS_FREE_AGAIN = _TABLE.tries - 1 < bindparam("free")
_OPENED_BY_THIS = _TABLE.next_allowed_at == bindparam("opened")
_UNREPORTED = select(THROTTLE_BUCKET).where(_TABLE.key == bindparam("bucket"), HAS_WAITS_TO_TELL)
_REPORTED = (
    update(THROTTLE_BUCKET)
    .where(_TABLE.key == bindparam("bucket"))
    .values(reported_tries=bindparam("told"), carried_delays=0, delayed_since=None)
)
_CLEAR = delete(THROTTLE_BUCKET).where(_TABLE.key == bindparam("bucket"))
_CLEAR_AND_REPORT = _CLEAR.returning(THROTTLE_BUCKET, HAS_WAITS_TO_TELL.label("has_waits_to_tell"))
_COUNT = select(_TABLE.tries, _TABLE.next_allowed_at).where(_TABLE.key == bindparam("bucket"))
_LIFT = delete(THROTTLE_BUCKET).where(_TABLE.key == bindparam("bucket"), _TABLE.tries >= bindparam("suspended_at"))
"""A policy without suspension binds NULL here. No count is at least NULL, so no row is deleted."""
_IS_THE_LAST = _TABLE.charged_at == bindparam("at")
_GIVE_BACK = (
    update(THROTTLE_BUCKET)
    .where(_TABLE.key == bindparam("bucket"), _TABLE.tries > 0)
    .values(
        tries=_TABLE.tries - 1,
        next_allowed_at=case((or_(_IS_FREE_AGAIN, _OPENED_BY_THIS), 0), else_=_TABLE.next_allowed_at),
        delayed_since=case((and_(_IS_FREE_AGAIN, _TABLE.carried_delays == 0), None), else_=_TABLE.delayed_since),
        # As if it had never been: else an owner's right password would put off the day on which strangers see a count forgotten.
        charged_at=case((_IS_THE_LAST, func.coalesce(_TABLE.charged_before, bindparam("before"))), else_=_TABLE.charged_at),
        charged_before=case(
            (_IS_THE_LAST, None), (_TABLE.charged_before == bindparam("at"), bindparam("before")), else_=_TABLE.charged_before
        ),
    )
)
"""Of two tries that are given back at once, the one that is given back last leaves the moment before both."""


def charge(tx: Writing, buckets: Sequence[Bucket], now: int) -> list[Charge] | Refusal:
    """Charge one try to all the buckets. The caller commits charges at once, and rolls a refusal back."""
    charges = []
    for bucket in buckets:
        statement = _charge_statement(tx.insert, bucket.policy)
        row = tx.execute(statement, {"key": bucket.key, "account_id": bucket.account_id, "now": now}).one_or_none()
        if row is None:
            return _refusal(tx, bucket)
        charges.append(Charge(bucket, row.tries, row.next_allowed_at, now, row.charged_before or 0))
    return charges


def cut(tx: Writing, bucket: Bucket, next_allowed_at: int) -> None:
    """Bring a wait forward."""
    tx.execute(
        update(THROTTLE_BUCKET)
        .where(_TABLE.key == bucket.key, _TABLE.next_allowed_at > next_allowed_at)
        .values(next_allowed_at=next_allowed_at)
    )


def give_back(tx: Writing, charges: Sequence[Charge]) -> None:
    """Take tries back that turned out to be no guesses."""
    for charge in charges:
        parameters = {
            "bucket": charge.bucket.key,
            "free": charge.bucket.policy.free,
            "opened": charge.next_allowed_at,
            "at": charge.charged_at,
            "before": charge.charged_before,
        }
        tx.execute(_GIVE_BACK, parameters)


def clear(tx: Writing, keys: Sequence[str]) -> None:
    """Forget the counts."""
    for key in keys:
        tx.execute(_CLEAR, {"bucket": key})


def clear_and_report(tx: Writing, key: str) -> DelayReport | None:
    """Forget a count of passwords. Gives what it had not told yet."""
    row = tx.execute(_CLEAR_AND_REPORT, {"bucket": key}).one_or_none()
    return report_of(row) if row is not None and row.has_waits_to_tell else None


def count_tries(tx: Reading, bucket: Bucket) -> int:
    """How many tries are charged to a bucket that never starts anew by itself."""
    row = tx.select(_COUNT, {"bucket": bucket.key}).one_or_none()
    return 0 if row is None else row.tries


def lift_suspension(tx: Writing, bucket: Bucket) -> None:
    """Clear the bucket if no waiting would."""
    tx.execute(_LIFT, {"bucket": bucket.key, "suspended_at": bucket.policy.suspend_at})


def report_delays(tx: Writing, bucket: Bucket) -> DelayReport | None:
    """What was delayed since the last report, if anything; it counts as reported from here on."""
    row = tx.execute(_UNREPORTED, {"bucket": bucket.key}).one_or_none()
    if row is None:
        return None
    tx.execute(_REPORTED, {"bucket": row.key, "told": row.tries})
    return report_of(row)


def _refusal(tx: Reading, bucket: Bucket) -> Refusal:
    row = tx.select(_COUNT, {"bucket": bucket.key}).one()
    suspended = bucket.policy.suspend_at is not None and row.tries >= bucket.policy.suspend_at
    return Refusal(bucket, None if suspended else row.next_allowed_at)


def _written(number: int) -> ColumnElement[int]:
    """A number of a policy, in the statement's text: as parameters, some forty would be bound at each try."""
    return literal_column(str(number), _TABLE.charged_at.type)


@lru_cache(maxsize=16)
def _charge_statement(insert: Any, policy: Policy) -> Any:
    now = bindparam("now", type_=_TABLE.charged_at.type)
    window_is_over: ColumnElement[bool] | None = None
    tries: ColumnElement[int] = _TABLE.tries + _written(1)
    delayed_since: ColumnElement[int | None] = _TABLE.delayed_since
    if policy.forgotten_after is not None:
        is_forgotten = _TABLE.charged_at <= now - _written(policy.forgotten_after)
        tries = case((is_forgotten, _written(1)), else_=tries)
        delayed_since = case((and_(is_forgotten, not_(HAS_WAITS_TO_TELL)), None), else_=delayed_since)
    if policy.window is not None:
        window_is_over = or_(
            _TABLE.window_began_at <= now - _written(policy.window), _TABLE.window_began_at > now + _written(CLOCKS_MAY_DIFFER)
        )
        tries = case((window_is_over, _written(1)), else_=tries)
    # Without a delay the moment is 0, not now: of two clocks that differ a little, the slower one must not read it as a wait.
    next_allowed = case(
        *((tries <= _written(count), now + _written(pause) if pause else _written(0)) for count, pause in policy.schedule()),
        else_=now + _written(policy.longest_delay),
    )
    first_delay = policy.delay_after(1)
    may_try = _TABLE.next_allowed_at <= now
    if policy.suspend_at is not None:
        may_try = and_(may_try, _TABLE.tries < _written(policy.suspend_at))
    first = {
        "tries": _written(1),
        "next_allowed_at": now + _written(first_delay) if first_delay else _written(0),
        "window_began_at": now,
        "charged_at": now,
        "reported_tries": _written(0),
    }
    again = {
        "tries": tries,
        "next_allowed_at": next_allowed,
        "window_began_at": _TABLE.window_began_at if window_is_over is None else case((window_is_over, now), else_=_TABLE.window_began_at),
        "charged_at": now,
        "charged_before": func.nullif(_TABLE.charged_at, _written(0)),
        "delayed_since": case((and_(tries >= _written(policy.free), _TABLE.delayed_since.is_(None)), now), else_=delayed_since),
        "account_id": bindparam("account_id"),
    }
    if policy.forgotten_after is not None:
        # The waits outlive the count: its account is to be told of them.
        again["carried_delays"] = case((is_forgotten, _TABLE.carried_delays + _OWN_DELAYS), else_=_TABLE.carried_delays)
        again["reported_tries"] = case((is_forgotten, _written(0)), else_=_TABLE.reported_tries)
    return (
        insert(THROTTLE_BUCKET)
        .values(key=bindparam("key"), account_id=bindparam("account_id"), **first)
        .on_conflict_do_update(index_elements=[_TABLE.key], set_=again, where=may_try)
        .returning(_TABLE.tries, _TABLE.next_allowed_at, _TABLE.charged_before)
    )


def report_of(row: Any) -> DelayReport:
    """What a row has to tell that was not told yet."""
    alarm = PASSWORD.alarm_at is not None and row.tries >= PASSWORD.alarm_at
    own = max(0, row.tries - max(row.reported_tries, PASSWORD.free - 1))
    return DelayReport(row.carried_delays + own, row.delayed_since or row.charged_at, row.charged_at, alarm)
