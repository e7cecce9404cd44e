"""Reads over all accounts, for whoever runs the installation."""

from collections.abc import Sequence

from sqlalchemy import Connection, case, func, literal, or_, select, union_all

from xpressbot.identity.adapters.database.authenticators import IS_PENDING
from xpressbot.identity.adapters.database.recovery_codes import UNUSED_OF_ACCOUNT
from xpressbot.identity.adapters.database.tables import ACCOUNT, AUTHENTICATOR, SECURITY_EVENT, SESSION, THROTTLE_BUCKET
from xpressbot.identity.domain.account import AccountStatus
from xpressbot.identity.domain.assurance import Method
from xpressbot.identity.domain.authenticator import AuthenticatorState
from xpressbot.identity.domain.throttle import recovery_code, totp

_IS_ACTIVE = ACCOUNT.c.status == AccountStatus.ACTIVE.value
_HAS_2FA = select(AUTHENTICATOR.c.account_id).where(AUTHENTICATOR.c.state == AuthenticatorState.ACTIVE.value)
_NOBODYS_BUCKETS = {Method.TOTP: totp(""), Method.RECOVERY_CODE: recovery_code("")}
_MOMENTS = (SECURITY_EVENT.c.at, SESSION.c.last_used_at, AUTHENTICATOR.c.last_used_at)


class Survey:
    """Fulfils SurveyRecords."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count_expired_enrolments(self, now: int) -> int:
        expired = select(func.count()).select_from(AUTHENTICATOR).where(IS_PENDING, AUTHENTICATOR.c.expires_at <= now)
        count: int = self._connection.execute(expired).scalar_one()
        return count

    def short_of_codes(self, few: int, among: int | None) -> Sequence[tuple[str, int]]:
        looked_at = _HAS_2FA if among is None else _HAS_2FA.order_by(AUTHENTICATOR.c.id).limit(among)
        each = select(ACCOUNT.c.email, ACCOUNT.c.email_key, UNUSED_OF_ACCOUNT.label("unused")).where(
            _IS_ACTIVE, ACCOUNT.c.id.in_(looked_at)
        )
        counted = each.subquery()
        short = select(counted.c.email, counted.c.unused).where(counted.c.unused <= few).order_by(counted.c.unused, counted.c.email_key)
        return [(row.email, row.unused) for row in self._connection.execute(short)]

    def suspended(self, most: int | None) -> Sequence[tuple[str, Method]]:
        key = THROTTLE_BUCKET.c.key
        # The count comes first: it is compared more cheaply than the key, and few buckets are full.
        full = [
            (THROTTLE_BUCKET.c.tries >= nobodys.policy.suspend_at) & key.startswith(nobodys.key, autoescape=True)
            for nobodys in _NOBODYS_BUCKETS.values()
        ]
        of_account = case(*zip(full, (func.substr(key, len(nobodys.key) + 1) for nobodys in _NOBODYS_BUCKETS.values()), strict=True))
        method = case(*zip(full, (literal(method.value) for method in _NOBODYS_BUCKETS), strict=True))
        # From the few buckets that are full to their accounts, and not the other way round.
        accounts = (
            select(ACCOUNT.c.email, method.label("method"))
            .join(THROTTLE_BUCKET, ACCOUNT.c.id == of_account)
            .where(_IS_ACTIVE, or_(*full))
            .order_by(ACCOUNT.c.email_key)
            .limit(most)
        )
        return [(row.email, Method(row.method)) for row in self._connection.execute(accounts)]

    def newest_moment(self, among: int | None) -> int:
        if among is None:
            moments = union_all(*(select(func.max(moment).label("at")) for moment in _MOMENTS)).subquery()
        else:
            moments = select(SESSION.c.last_used_at.label("at")).order_by(SESSION.c.id.desc()).limit(among).subquery()
        newest: int | None = self._connection.execute(select(func.max(moments.c.at))).scalar_one()
        return newest or 0
