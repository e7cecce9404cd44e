"""Invitation records: one for an address."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, insert, select

from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.foundation.database.unknown_enum_values import member_or_none
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.accounts.rules.address import email_key
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.tables import ACCOUNT
from xpressbot.identity.team.rules.invitation import Invitation, Inviter
from xpressbot.identity.team.tables import INVITATION

_TABLE = INVITATION.c
_INVITER = ACCOUNT.alias("inviter")
_WITH_INVITER = select(
    INVITATION,
    _INVITER.c.name.label("inviter_name"),
    _INVITER.c.role.label("inviter_role"),
    _INVITER.c.status.label("inviter_status"),
    _INVITER.c.security_version.label("version_of_inviter"),
).select_from(INVITATION.outerjoin(_INVITER, _INVITER.c.id == _TABLE.invited_by))
_BY_ID = _WITH_INVITER.where(_TABLE.id == bindparam("of_id"))
_BY_KEY = _WITH_INVITER.where(_TABLE.email_key == bindparam("key"))
# Not EXISTS, which an engine may answer by reading all the accounts there are.
_ACCOUNT_OF_IT = select(ACCOUNT.c.id).where(ACCOUNT.c.email_key == _TABLE.email_key).limit(1).scalar_subquery()
_PAGE = (
    _WITH_INVITER.where(_TABLE.email_key > bindparam("after"), _ACCOUNT_OF_IT.is_(None))
    .order_by(_TABLE.email_key)
    .limit(bindparam("limit"))
)
"""Without those whose address got an account otherwise: they bring nobody in any more."""


@dataclass(frozen=True, slots=True)
class PendingInvitation:
    """An invitation that nobody has accepted, and who gave it. inviter: None where the operator did."""

    invitation: Invitation
    inviter: Inviter | None

    def is_good(self, now: int) -> bool:
        """Whether it can be accepted."""
        return self.invitation.is_open(now) and self.invitation.stands(self.inviter)


def add(tx: Writing, invitation: Invitation, role: Role) -> None:
    """Add an invitation. Its address must have none; the installation must be locked."""
    row = {
        "id": invitation.id,
        "email": invitation.email,
        "email_key": email_key(invitation.email),
        "role": role.value,
        "invited_by": invitation.invited_by,
        "inviter_version": invitation.inviter_version,
        "invited_at": invitation.invited_at,
        "expires_at": invitation.expires_at,
    }
    tx.execute(insert(INVITATION), row)


def by_id(tx: Reading, invitation_id: str) -> PendingInvitation | None:
    """The invitation with this id."""
    return _pending(tx.select(_BY_ID, {"of_id": invitation_id}).one_or_none())


def by_email(tx: Reading, email: str) -> PendingInvitation | None:
    """The invitation to an address, however its domain is spelt; one that has expired, too."""
    return _pending(tx.select(_BY_KEY, {"key": email_key(email)}).one_or_none())


def page(tx: Reading, after: str, limit: int) -> Sequence[PendingInvitation]:
    """The invitations whose addresses follow the one that has this key, by address; those that have expired, too."""
    found = map(_pending, tx.select(_PAGE, {"after": after, "limit": limit}))
    return [pending for pending in found if pending is not None]


def remove(tx: Writing, invitation_id: str) -> None:
    """Remove an invitation."""
    tx.execute(delete(INVITATION).where(_TABLE.id == invitation_id))


def _pending(row: Any) -> PendingInvitation | None:
    if row is None:
        return None
    role = member_or_none(Role, row.role)
    invitation = Invitation(row.id, row.email, role, row.invited_by, row.invited_at, row.expires_at, row.inviter_version)
    if row.inviter_name is None:
        return PendingInvitation(invitation, None)
    is_active = row.inviter_status == AccountStatus.ACTIVE.value
    inviter = Inviter(row.inviter_name, member_or_none(Role, row.inviter_role), is_active, row.version_of_inviter)
    return PendingInvitation(invitation, inviter)
