"""Reads over all accounts, for the operator."""

from collections.abc import Mapping, Sequence

from sqlalchemy import case, func, literal, or_, select, union_all

from xpressbot.foundation.database.transaction import Reading
from xpressbot.identity.accounts.store import IS_ENABLED
from xpressbot.identity.factors.rules import AuthenticatorState
from xpressbot.identity.factors.store import IS_PENDING
from xpressbot.identity.tables import ACCOUNT, AUTHENTICATOR, CHAIN_HEAD, SECURITY_EVENT, SESSION, THROTTLE_BUCKET
from xpressbot.identity.throttling.rules import Bucket

_LAST_EVENTS = SECURITY_EVENT.join(
    CHAIN_HEAD, (CHAIN_HEAD.c.subject == SECURITY_EVENT.c.subject) & (CHAIN_HEAD.c.seq == SECURITY_EVENT.c.seq)
)
_MOMENTS = (
    # Of events the last of each account: earlier ones are never altered, so that they tell of a clock that was ahead for ever.
    select(func.max(SECURITY_EVENT.c.at).label("at")).select_from(_LAST_EVENTS),
    select(func.max(SESSION.c.last_used_at).label("at")),
    select(func.max(AUTHENTICATOR.c.last_used_at).label("at")).where(AUTHENTICATOR.c.state == AuthenticatorState.ACTIVE.value),
)


def count_accounts(tx: Reading) -> int:
    """How many accounts there are."""
    count: int = tx.select(select(func.count()).select_from(ACCOUNT)).scalar_one()
    return count


def count_without_link(tx: Reading) -> int:
    """Of how many accounts 2FA was reset and is not set up again."""
    count: int = tx.select(select(func.count()).select_from(ACCOUNT).where(ACCOUNT.c.must_enrol)).scalar_one()
    return count


def count_expired_enrolments(tx: Reading, now: int) -> int:
    """How many pending authenticators have expired."""
    expired = select(func.count()).select_from(AUTHENTICATOR).where(IS_PENDING, AUTHENTICATOR.c.expires_at <= now)
    count: int = tx.select(expired).scalar_one()
    return count


def suspended(tx: Reading, empty_buckets: Mapping[str, Bucket], most: int | None) -> Sequence[tuple[str, str]]:
    """Address of the active accounts in which a second factor is suspended, and its method; at most so many of them.

    empty_buckets: by method, the bucket of a kind for no account, whose key begins that of each account.
    """
    key = THROTTLE_BUCKET.c.key
    # The count comes first: it is compared more cheaply than the key, and few buckets are full.
    full = [
        (THROTTLE_BUCKET.c.tries >= bucket.policy.suspend_at) & key.startswith(bucket.key, autoescape=True)
        for bucket in empty_buckets.values()
    ]
    of_account = case(*zip(full, (func.substr(key, len(bucket.key) + 1) for bucket in empty_buckets.values()), strict=True))
    method = case(*zip(full, map(literal, empty_buckets), strict=True))
    # From the few buckets that are full to their accounts, and not the other way round.
    accounts = (
        select(ACCOUNT.c.email, method.label("method"))
        .join(THROTTLE_BUCKET, ACCOUNT.c.id == of_account)
        .where(IS_ENABLED, or_(*full))
        .order_by(ACCOUNT.c.email_key)
        .limit(most)
    )
    return [(row.email, row.method) for row in tx.select(accounts)]


def newest_moment(tx: Reading, among: int | None) -> int:
    """The latest time at which a session or an app was used, or an account's last event was recorded; 0 when none was.

    among: how many sessions are looked at, the newest ones, and nothing else; None for all records.
    """
    if among is None:
        moments = union_all(*_MOMENTS).subquery()
    else:
        moments = select(SESSION.c.last_used_at.label("at")).order_by(SESSION.c.id.desc()).limit(among).subquery()
    newest: int | None = tx.select(select(func.max(moments.c.at))).scalar_one()
    return newest or 0
