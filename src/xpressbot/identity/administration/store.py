"""Reads over all accounts, for the operator."""

from collections.abc import Mapping, Sequence

from sqlalchemy import FromClause, case, func, literal, or_, select, union_all

from xpressbot.foundation.database.transaction import Reading
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.factors.recovery_codes.store import UNUSED_OF_ACCOUNT
from xpressbot.identity.factors.rules import AuthenticatorState
from xpressbot.identity.factors.store import IS_PENDING
from xpressbot.identity.factors.totp.rules.clock_hint import ClockSighting
from xpressbot.identity.tables import ACCOUNT, AUTHENTICATOR, CHAIN_HEAD, SECURITY_EVENT, SESSION, THROTTLE_BUCKET, TOTP_AUTHENTICATOR
from xpressbot.identity.throttling.rules import Bucket

_IS_ACTIVE = ACCOUNT.c.status == AccountStatus.ACTIVE.value
_HAS_2FA = select(AUTHENTICATOR.c.account_id).where(AUTHENTICATOR.c.state == AuthenticatorState.ACTIVE.value)
_LAST_EVENTS = SECURITY_EVENT.join(
    CHAIN_HEAD, (CHAIN_HEAD.c.subject == SECURITY_EVENT.c.subject) & (CHAIN_HEAD.c.seq == SECURITY_EVENT.c.seq)
)
_MOMENTS = (
    # Of events the last of each account: earlier ones are never altered, so that they tell of a clock that was ahead for ever.
    select(func.max(SECURITY_EVENT.c.at).label("at")).select_from(_LAST_EVENTS),
    select(func.max(SESSION.c.last_used_at).label("at")),
    select(func.max(AUTHENTICATOR.c.last_used_at).label("at")).where(AUTHENTICATOR.c.state == AuthenticatorState.ACTIVE.value),
)


def count_expired_enrolments(tx: Reading, now: int) -> int:
    """How many pending authenticators have expired."""
    expired = select(func.count()).select_from(AUTHENTICATOR).where(IS_PENDING, AUTHENTICATOR.c.expires_at <= now)
    count: int = tx.select(expired).scalar_one()
    return count


def short_of_codes(tx: Reading, few: int, among: int | None) -> Sequence[tuple[str, int]]:
    """Address and unused codes of the active accounts with 2FA on that have no more than this many, fewest first.

    among: how many authenticators' accounts are looked at, the oldest ones'; None for all.
    """
    looked_at = _HAS_2FA if among is None else _HAS_2FA.order_by(AUTHENTICATOR.c.id).limit(among)
    each = select(ACCOUNT.c.email, ACCOUNT.c.email_key, UNUSED_OF_ACCOUNT.label("unused")).where(_IS_ACTIVE, ACCOUNT.c.id.in_(looked_at))
    counted = each.subquery()
    short = select(counted.c.email, counted.c.unused).where(counted.c.unused <= few).order_by(counted.c.unused, counted.c.email_key)
    return [(row.email, row.unused) for row in tx.select(short)]


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
        .where(_IS_ACTIVE, or_(*full))
        .order_by(ACCOUNT.c.email_key)
        .limit(most)
    )
    return [(row.email, row.method) for row in tx.select(accounts)]


def ahead_of(tx: Reading, latest_step: int, among: int | None) -> Sequence[str]:
    """Address of the active accounts of which an app has used a step after this one.

    among: how many apps are looked at, the newest ones; None for all.
    """
    apps = _newest_apps(among)
    ahead = select(apps.c.account_id).where(apps.c.last_step > latest_step)
    accounts = select(ACCOUNT.c.email).where(_IS_ACTIVE, ACCOUNT.c.id.in_(ahead)).order_by(ACCOUNT.c.email_key)
    return tx.select(accounts).scalars().all()


def sightings(tx: Reading, since: int, until: int, among: int | None) -> Mapping[str, ClockSighting]:
    """The last refused code of each account that would have been right on a wrong clock, by the account's id.

    Those of set-ups that are still open count, too. among: as for `ahead_of`.
    """
    apps = _newest_apps(among)
    of_late = (
        select(apps.c.account_id, apps.c.sighted_step, apps.c.sighted_offset, apps.c.sighted_at)
        .where(apps.c.sighted_at > since, apps.c.sighted_at <= until)
        .order_by(apps.c.sighted_at)
    )
    return {row.account_id: ClockSighting(row.sighted_step, row.sighted_offset, row.sighted_at) for row in tx.select(of_late)}


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


def _newest_apps(among: int | None) -> FromClause:
    if among is None:
        return TOTP_AUTHENTICATOR
    return select(TOTP_AUTHENTICATOR).order_by(TOTP_AUTHENTICATOR.c.id.desc()).limit(among).subquery()
