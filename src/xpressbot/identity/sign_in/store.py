"""Pending sign-in records. Consumed ones stay until they are removed, so that a double click can be recognised."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import and_, bindparam, func, insert, select, update

from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.foundation.database.unknown_enum_values import member_or_none
from xpressbot.foundation.times import latest_credible
from xpressbot.identity.sessions.store import amr_from, stored_amr
from xpressbot.identity.sign_in.rules.pending import NextStep, Origin, PendingSignIn, StoppedSignIns
from xpressbot.identity.tables import ACCOUNT, PENDING_SIGN_IN

_IS_CURRENT = ACCOUNT.c.security_version == PENDING_SIGN_IN.c.security_version
_BY_TOKEN = (
    select(
        PENDING_SIGN_IN.c.id,
        PENDING_SIGN_IN.c.next_step,
        PENDING_SIGN_IN.c.account_id,
        PENDING_SIGN_IN.c.security_version,
        PENDING_SIGN_IN.c.amr,
        PENDING_SIGN_IN.c.next_path,
        PENDING_SIGN_IN.c.password_bucket,
        PENDING_SIGN_IN.c.after_waits,
        PENDING_SIGN_IN.c.expires_at,
        PENDING_SIGN_IN.c.consumed_at,
        ACCOUNT.c.email,
        _IS_CURRENT.label("is_current"),
    )
    .join(ACCOUNT, ACCOUNT.c.id == PENDING_SIGN_IN.c.account_id)
    .where(PENDING_SIGN_IN.c.token_hash == bindparam("token_hash"))
)
IS_TO_BE_TOLD = and_(PENDING_SIGN_IN.c.to_tell, PENDING_SIGN_IN.c.consumed_at.is_(None))
"""Whether a sign-in that has stopped is still to be told to its account."""
_ADD = insert(PENDING_SIGN_IN)
_CONSUMED_AT = select(PENDING_SIGN_IN.c.consumed_at).where(PENDING_SIGN_IN.c.token_hash == bindparam("of_token"))
_CONSUME = (
    update(PENDING_SIGN_IN)
    .where(
        PENDING_SIGN_IN.c.token_hash == bindparam("of_token"),
        PENDING_SIGN_IN.c.consumed_at.is_(None),
        PENDING_SIGN_IN.c.expires_at > bindparam("now"),
        PENDING_SIGN_IN.c.created_at <= bindparam("latest_credible"),
    )
    .values(consumed_at=bindparam("now"))
)
_BEGIN_ANEW = (
    update(PENDING_SIGN_IN)
    .where(PENDING_SIGN_IN.c.token_hash == bindparam("of_token"), PENDING_SIGN_IN.c.account_id == bindparam("of_account"))
    .values(to_tell=False)
)
_AT_ANY_TIME: Final = 2**62
"""Later than every end of a sign-in, so that one statement serves with a bound and without."""
_ARE_TO_BE_TOLD = and_(
    PENDING_SIGN_IN.c.account_id == bindparam("of_account"), IS_TO_BE_TOLD, PENDING_SIGN_IN.c.expires_at <= bindparam("expired_by")
)
_STOPPED = select(
    func.count().label("number"),
    func.min(PENDING_SIGN_IN.c.created_at).label("first_at"),
    func.max(PENDING_SIGN_IN.c.created_at).label("last_at"),
    func.count().filter(PENDING_SIGN_IN.c.after_waits).label("after_waits"),
).where(_ARE_TO_BE_TOLD)
_LAST_STOPPED = (
    select(PENDING_SIGN_IN.c.address, PENDING_SIGN_IN.c.user_agent)
    .where(_ARE_TO_BE_TOLD)
    .order_by(PENDING_SIGN_IN.c.created_at.desc())
    .limit(1)
)
_MARK_TOLD = update(PENDING_SIGN_IN).where(_ARE_TO_BE_TOLD).values(to_tell=False)


def add(tx: Writing, pending: PendingSignIn, token_hash: bytes, now: int, to_tell: Origin | None) -> None:
    """Add a pending sign-in. to_tell: where it was begun, for an account that is to be told should it stop here."""
    row = {
        "id": pending.id,
        "next_step": pending.next_step.value,
        "token_hash": token_hash,
        "account_id": pending.account_id,
        "security_version": pending.security_version,
        "amr": stored_amr(pending.amr),
        "next_path": pending.next_path,
        "password_bucket": pending.password_bucket,
        "after_waits": pending.after_waits,
        "to_tell": to_tell is not None,
        "address": None if to_tell is None else to_tell.address,
        "user_agent": None if to_tell is None else to_tell.user_agent,
        "created_at": now,
        "expires_at": pending.expires_at,
    }
    tx.execute(_ADD, row)


def by_token(tx: Reading, token_hash: bytes) -> PendingSignIn | None:
    """The pending sign-in of a token, consumed or not; None for one whose next step only a newer version knows."""
    row = tx.select(_BY_TOKEN, {"token_hash": token_hash}).one_or_none()
    step = None if row is None else member_or_none(NextStep, row.next_step)
    if row is None or step is None or step is NextStep.SESSION:
        return None
    return PendingSignIn(
        id=row.id,
        next_step=step,
        account_id=row.account_id,
        email=row.email,
        security_version=row.security_version,
        amr=amr_from(row.amr),
        next_path=row.next_path,
        password_bucket=row.password_bucket,
        after_waits=row.after_waits,
        # What was decided on an older version of the account is over.
        expires_at=row.expires_at if row.is_current else 0,
        consumed_at=row.consumed_at,
    )


def is_consumed(tx: Reading, token_hash: bytes) -> bool:
    """Whether the pending sign-in of this token was used up."""
    return tx.select(_CONSUMED_AT, {"of_token": token_hash}).scalar_one_or_none() is not None


def consume(tx: Writing, token_hash: bytes, now: int) -> bool:
    """Use up a sign-in; False when it was used, has expired, or is void."""
    parameters = {"of_token": token_hash, "now": now, "latest_credible": latest_credible(now)}
    return tx.execute(_CONSUME, parameters).rowcount == 1


def begin_anew(tx: Writing, token_hash: bytes, account_id: str) -> None:
    """The browser with this token begins a sign-in to the same account anew: the earlier one has not stopped."""
    tx.execute(_BEGIN_ANEW, {"of_token": token_hash, "of_account": account_id})


def stopped(tx: Reading, account_id: str, expired_by: int | None) -> StoppedSignIns | None:
    """What is to be told and was not yet; with expired_by, of those only that had expired by then."""
    which = _of_account(account_id, expired_by)
    found = tx.select(_STOPPED, which).one()
    if not found.number:
        return None
    last = tx.select(_LAST_STOPPED, which).one()
    origin = Origin(last.address or "", last.user_agent or "")
    return StoppedSignIns(found.number, found.first_at, found.last_at, origin, found.after_waits > 0)


def mark_told(tx: Writing, account_id: str, expired_by: int | None) -> None:
    """These stopped sign-ins are told; with expired_by, those that had expired by then."""
    tx.execute(_MARK_TOLD, _of_account(account_id, expired_by))


def _of_account(account_id: str, expired_by: int | None) -> Mapping[str, Any]:
    return {"of_account": account_id, "expired_by": _AT_ANY_TIME if expired_by is None else expired_by}
