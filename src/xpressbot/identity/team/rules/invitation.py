"""An invitation to the team: for which address, with which role, from whom, and whether it still stands."""

from dataclasses import dataclass

from xpressbot.foundation.times import is_from_the_future
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.roles import Role, may_give


@dataclass(frozen=True, slots=True)
class Inviter:
    """The member who has invited, as they are now."""

    name: str
    role: Role | None
    is_active: bool

    @classmethod
    def of(cls, account: Account) -> "Inviter":
        """The person of an account."""
        return cls(account.name, account.role, account.status is AccountStatus.ACTIVE)


@dataclass(frozen=True, slots=True)
class Invitation:
    """role: None for one that a newer version of this program gave. invited_by: None where the operator invites."""

    id: str
    email: str
    role: Role | None
    invited_by: str | None
    invited_at: int
    expires_at: int

    def is_open(self, now: int) -> bool:
        """Whether its time is not over, and has come."""
        return now < self.expires_at and not is_from_the_future(self.invited_at, now)

    def stands(self, inviter: Inviter | None) -> bool:
        """Whether who has invited could still do so: the role is one that an active member of their role may give now.

        It acts in the name of its member: one who was suspended or removed, or may not give this role any more, brings nobody in.
        """
        if self.role is None:
            return False
        if self.invited_by is None:
            return True
        return inviter is not None and inviter.is_active and may_give(inviter.role, self.role)
