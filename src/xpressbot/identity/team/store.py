"""Statements over the members of the team."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from xpressbot.foundation.database.transaction import Reading
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.store import account_from
from xpressbot.identity.tables import ACCOUNT

_IN_TEAM = ACCOUNT.c.status.in_([AccountStatus.ACTIVE.value, AccountStatus.DISABLED.value])
_PAGE = select(ACCOUNT).where(_IN_TEAM, ACCOUNT.c.email_key > bindparam("after")).order_by(ACCOUNT.c.email_key).limit(bindparam("limit"))


@dataclass(frozen=True, slots=True)
class Member:
    """A member as the roster shows them. last_signed_in_at: None before the first time."""

    account: Account
    last_signed_in_at: int | None


def page(tx: Reading, after: str, limit: int) -> Sequence[Member]:
    """The members whose addresses follow the one that has this key, by address."""
    return [Member(account_from(row), row.last_signed_in_at) for row in tx.select(_PAGE, {"after": after, "limit": limit})]
