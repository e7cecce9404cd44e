"""Pending sign-in records. Consumed ones stay until they are removed, so that a double click can be recognised."""

from sqlalchemy import ColumnElement, and_, bindparam, func, insert, select, update

from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.foundation.database.unknown_enum_values import member_or_none
from xpressbot.foundation.times import latest_credible
from xpressbot.identity.sessions.store import amr_from, stored_amr
from xpressbot.identity.sign_in.rules.pending import NextStep, Origin, PendingSignIn, StoppedSignIns
from xpressbot.identity.tables import ACCOUNT, PENDING_SIGN_IN

_IS_CURRENT = ACCOUNT.c.security_version == PENDING_SIGN_IN.c.security_version
_BY_TOKEN = (
    select(PENDING_SIGN_IN, ACCOUNT.c.email, _IS_CURRENT.label("is_current"))
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
    """The pending sign-in of a token, consumed or not; None for one that only a newer version understands."""
    row = tx.select(_BY_TOKEN, {"token_hash": token_hash}).one_or_none()
    step = None if row is None else member_or_none(NextStep, row.next_step)
    if row is None or step is None:
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
    earlier = (PENDING_SIGN_IN.c.token_hash == token_hash, PENDING_SIGN_IN.c.account_id == account_id)
    tx.execute(update(PENDING_SIGN_IN).where(*earlier).values(to_tell=False))


def stopped(tx: Reading, account_id: str, expired_by: int | None) -> StoppedSignIns | None:
    """What is to be told and was not yet; with expired_by, of those only that had expired by then."""
    are_to_be_told = _are_to_be_told(account_id, expired_by)
    created_at, after_waits = PENDING_SIGN_IN.c.created_at, PENDING_SIGN_IN.c.after_waits
    figures = select(
        func.count().label("number"),
        func.min(created_at).label("first_at"),
        func.max(created_at).label("last_at"),
        func.count().filter(after_waits).label("after_waits"),
    ).where(are_to_be_told)
    found = tx.select(figures).one()
    if not found.number:
        return None
    newest = select(PENDING_SIGN_IN.c.address, PENDING_SIGN_IN.c.user_agent).where(are_to_be_told).order_by(created_at.desc()).limit(1)
    last = tx.select(newest).one()
    origin = Origin(last.address or "", last.user_agent or "")
    return StoppedSignIns(found.number, found.first_at, found.last_at, origin, found.after_waits > 0)


def mark_told(tx: Writing, account_id: str, expired_by: int | None) -> None:
    """These stopped sign-ins are told; with expired_by, those that had expired by then."""
    tx.execute(update(PENDING_SIGN_IN).where(_are_to_be_told(account_id, expired_by)).values(to_tell=False))


def _are_to_be_told(account_id: str, expired_by: int | None) -> ColumnElement[bool]:
    of_account = and_(PENDING_SIGN_IN.c.account_id == account_id, IS_TO_BE_TOLD)
    return of_account if expired_by is None else and_(of_account, PENDING_SIGN_IN.c.expires_at <= expired_by)
