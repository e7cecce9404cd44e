"""Requests for a link for a new password: a row for each address that was typed, whether it has an account or not."""

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select, update

from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.identity.accounts.rules.address import email_key
from xpressbot.identity.tables import PASSWORD_REQUEST

_TABLE = PASSWORD_REQUEST.c
_NEXT = select(PASSWORD_REQUEST).where(_TABLE.due_at <= bindparam("now")).order_by(_TABLE.due_at, _TABLE.email_key).limit(1)
_POSTPONE = (
    update(PASSWORD_REQUEST)
    .where(_TABLE.email_key == bindparam("of_address"), _TABLE.due_at == bindparam("seen"))
    .values(due_at=bindparam("until"))
)


@dataclass(frozen=True, slots=True)
class PasswordRequest:
    """Somebody asked for a link. due_at: from when on it may be made."""

    email_key: str
    due_at: int


def add(tx: Writing, email: str, now: int) -> None:
    """Note that a link was asked for. One that was asked for before keeps its place."""
    row = {"email_key": email_key(email), "asked_at": now, "due_at": now}
    tx.execute(tx.insert(PASSWORD_REQUEST).on_conflict_do_update(index_elements=[_TABLE.email_key], set_={"asked_at": now}), row)


def next_due(tx: Reading, now: int) -> PasswordRequest | None:
    """The request that has waited longest."""
    row = tx.select(_NEXT, {"now": now}).one_or_none()
    return None if row is None else PasswordRequest(row.email_key, row.due_at)


def postpone(tx: Writing, request: PasswordRequest, until: int) -> PasswordRequest | None:
    """Let a request wait; None when it is gone, or another process has put it off."""
    parameters = {"of_address": request.email_key, "seen": request.due_at, "until": until}
    return PasswordRequest(request.email_key, until) if tx.execute(_POSTPONE, parameters).rowcount == 1 else None


def remove(tx: Writing, request: PasswordRequest) -> None:
    """It is settled."""
    tx.execute(delete(PASSWORD_REQUEST).where(_TABLE.email_key == request.email_key))
