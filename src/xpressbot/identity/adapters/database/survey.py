"""Reads over all accounts, for whoever runs the installation."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, literal, select, union_all

from xpressbot.identity.adapters.database.recovery_codes import UNUSED_OF_EACH
from xpressbot.identity.adapters.database.tables import ACCOUNT, AUTHENTICATOR, SECURITY_EVENT, SESSION, THROTTLE_BUCKET
from xpressbot.identity.domain.account import AccountStatus
from xpressbot.identity.domain.assurance import Method
from xpressbot.identity.domain.authenticator import AuthenticatorState
from xpressbot.identity.domain.throttle import recovery_code, totp

_IS_ACTIVE = ACCOUNT.c.status == AccountStatus.ACTIVE.value
_HAS_2FA = select(AUTHENTICATOR.c.account_id).where(AUTHENTICATOR.c.state == AuthenticatorState.ACTIVE.value)
_BUCKETS = {Method.TOTP: totp, Method.RECOVERY_CODE: recovery_code}
_MOMENTS = (SECURITY_EVENT.c.at, SESSION.c.last_used_at, AUTHENTICATOR.c.last_used_at)


class Survey:
    """Fulfils SurveyRecords."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count_expired_enrolments(self, now: int) -> int:
        expired = select(func.count()).where(AUTHENTICATOR.c.state == AuthenticatorState.PENDING.value, AUTHENTICATOR.c.expires_at <= now)
        count: int = self._connection.execute(expired).scalar_one()
        return count

    def short_of_codes(self, few: int) -> Sequence[tuple[str, int]]:
        left = func.coalesce(UNUSED_OF_EACH.c.unused, 0)
        short = (
            select(ACCOUNT.c.email, left.label("unused"))
            .outerjoin(UNUSED_OF_EACH, UNUSED_OF_EACH.c.account_id == ACCOUNT.c.id)
            .where(_IS_ACTIVE, ACCOUNT.c.id.in_(_HAS_2FA), left <= few)
            .order_by(left, ACCOUNT.c.email_key)
        )
        return [(row.email, row.unused) for row in self._connection.execute(short)]

    def suspended(self) -> Sequence[tuple[str, Method]]:
        found = []
        for method, bucket_of in _BUCKETS.items():
            nobodys = bucket_of("")
            accounts = (
                select(ACCOUNT.c.email)
                .join(THROTTLE_BUCKET, THROTTLE_BUCKET.c.key == literal(nobodys.key).concat(ACCOUNT.c.id))
                .where(_IS_ACTIVE, THROTTLE_BUCKET.c.tries >= nobodys.policy.suspend_at)
                .order_by(ACCOUNT.c.email_key)
            )
            found += [(row.email, method) for row in self._connection.execute(accounts)]
        return found

    def newest_moment(self) -> int:
        moments = union_all(*(select(func.max(moment).label("at")) for moment in _MOMENTS)).subquery()
        newest: int | None = self._connection.execute(select(func.max(moments.c.at))).scalar_one()
        return newest or 0
