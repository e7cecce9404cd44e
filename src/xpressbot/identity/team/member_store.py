"""Statements on one member of the team."""

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select, update

from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.store import account_from
from xpressbot.identity.tables import ACCOUNT, LINK
from xpressbot.identity.team.tables import INVITATION

_IN_TEAM = ACCOUNT.c.status.in_([AccountStatus.ACTIVE.value, AccountStatus.DISABLED.value])
_BY_ID = select(ACCOUNT).where(_IN_TEAM, ACCOUNT.c.id == bindparam("of_id"))


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """A member with what is kept of their time in the team. last_signed_in_at: None before the first time."""

    account: Account
    role_since: int
    joined_at: int
    last_signed_in_at: int | None


def by_id(tx: Reading, account_id: str) -> MemberRecord | None:
    """The member with this id; None for nobody's, and for that of somebody who has left."""
    row = tx.select(_BY_ID, {"of_id": account_id}).one_or_none()
    return None if row is None else MemberRecord(account_from(row), row.role_since, row.created_at, row.last_signed_in_at)


def take_back_invitations(tx: Writing, account_id: str, now: int) -> None:
    """Remove open invitations that a member has given, and void their links. Requests of a reset end by themselves, and are recorded."""
    given = INVITATION.c.invited_by == account_id
    of_them = (LINK.c.about.in_(select(INVITATION.c.id).where(given)), LINK.c.consumed_at.is_(None))
    tx.execute(update(LINK).where(*of_them).values(consumed_at=now))
    tx.execute(delete(INVITATION).where(given))
