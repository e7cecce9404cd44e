"""Statements on whom the policy of the team concerns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import and_, bindparam, func, not_, select

from xpressbot.foundation.database.transaction import Reading
from xpressbot.foundation.times import latest_credible
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.two_factor_policy import LONGEST_EXEMPTION
from xpressbot.identity.accounts.store import IS_ENABLED, account_from
from xpressbot.identity.tables import ACCOUNT

IS_EXEMPT: Final = and_(
    func.coalesce(ACCOUNT.c.exempt_until, 0) > bindparam("now"), func.coalesce(ACCOUNT.c.exempt_until, 0) <= bindparam("latest_end")
)
"""As `two_factor_policy.exempt_until` says it, at the moment that `exemption_at` gives."""
_WITHOUT: Final = ACCOUNT.c.protected_since.is_(None)
_COUNT: Final = select(
    func.count().filter(_WITHOUT, not_(IS_EXEMPT)).label("affected"),
    func.count().filter(_WITHOUT, IS_EXEMPT).label("exempt"),
    func.count().filter(~_WITHOUT).label("protected"),
).where(IS_ENABLED)
_AFFECTED: Final = select(ACCOUNT).where(IS_ENABLED, _WITHOUT, not_(IS_EXEMPT)).order_by(ACCOUNT.c.email_key).limit(bindparam("most"))


@dataclass(frozen=True, slots=True)
class Counts:
    """How many active members have no 2FA, are exempt from it, or have it."""

    affected: int
    exempt: int
    protected: int


def count(tx: Reading, now: int) -> Counts:
    """How many active members the policy concerns."""
    row = tx.select(_COUNT, exemption_at(now)).one()
    return Counts(row.affected, row.exempt, row.protected)


def affected(tx: Reading, now: int, most: int) -> Sequence[Account]:
    """The first members by address who have no 2FA and are not exempt."""
    return [account_from(row) for row in tx.select(_AFFECTED, {**exemption_at(now), "most": most})]


def exempt_reason(tx: Reading, account_id: str) -> str | None:
    """Why an account was last exempted."""
    reason: str | None = tx.select(select(ACCOUNT.c.exempt_reason).where(ACCOUNT.c.id == account_id)).scalar_one_or_none()
    return reason


def exemption_at(now: int) -> Mapping[str, int]:
    """The parameters of IS_EXEMPT."""
    return {"now": now, "latest_end": latest_credible(now) + LONGEST_EXEMPTION}
