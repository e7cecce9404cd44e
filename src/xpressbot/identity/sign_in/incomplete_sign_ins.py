"""What a person is told of sign-ins that did not complete: guesses at the password, and right passwords that stopped there."""

from xpressbot.foundation.database.transaction import Writing
from xpressbot.identity.audit import notice_store
from xpressbot.identity.audit.rules.event import DetailValue, EventKind, NewEvent
from xpressbot.identity.audit.rules.notice import STOPPED_TOLD_EVERY
from xpressbot.identity.sign_in import store as pending_store
from xpressbot.identity.throttling.rules import DelayReport


def guessing_event(report: DelayReport) -> NewEvent:
    """What the person is told of guesses at their password that were made to wait."""
    details: dict[str, DetailValue] = {
        "count": report.delays,
        "first_at": report.first_at,
        "last_at": report.last_at,
        "alarm": report.alarm,
    }
    return NewEvent(EventKind.PASSWORD_GUESSING, details)


def take_stopped(tx: Writing, account_id: str, now: int, *, expired_by: int | None = None) -> NewEvent | None:
    """What the person is to be told of sign-ins that proved the password and stopped at the second factor; told once.

    None while there is nothing to tell, or the account was told of others less than STOPPED_TOLD_EVERY ago: knowing a
    password must not be enough to flood its record. With expired_by, only of those that had expired by then. The account must be locked,
    and the caller records the event.
    """
    stopped = pending_store.stopped(tx, account_id, expired_by)
    if stopped is None:
        return None
    last = notice_store.last_told(tx, account_id, EventKind.STOPPED_AT_SECOND_FACTOR)
    if last is not None and 0 <= now - last < STOPPED_TOLD_EVERY:
        return None
    pending_store.mark_told(tx, account_id, expired_by)
    details: dict[str, DetailValue] = {
        "address": stopped.origin.address,
        "user_agent": stopped.origin.user_agent,
        "count": stopped.count,
        "first_at": stopped.first_at,
        "last_at": stopped.last_at,
        "after_waits": stopped.after_waits,
    }
    return NewEvent(EventKind.STOPPED_AT_SECOND_FACTOR, details)
