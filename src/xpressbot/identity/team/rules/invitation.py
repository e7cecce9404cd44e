"""An invitation to the team: for which address, with which role, from whom, and whether it still stands."""

from dataclasses import dataclass

from xpressbot.foundation.times import is_from_the_future
from xpressbot.identity.accounts.rules.roles import Role, may_give


@dataclass(frozen=True, slots=True)
class Inviter:
    """The member who has invited, as they are now."""

    name: str
    role: Role | None
    is_active: bool
    security_version: int


@dataclass(frozen=True, slots=True)
class Invitation:
    """role: None for one that a newer version of this program gave. invited_by: None where the operator invites.

    inviter_version: the security version of who invites, as it was then; None where the operator invites.
    """

    id: str
    email: str
    role: Role | None
    invited_by: str | None
    invited_at: int
    expires_at: int
    inviter_version: int | None = None

    def is_open(self, now: int) -> bool:
        """Whether its time is not over, and has come."""
        return now < self.expires_at and not is_from_the_future(self.invited_at, now)

    def stands(self, inviter: Inviter | None) -> bool:
        """Whether who has invited could still do so: the role is one that an active member of their role may give now.

        It acts in the name of its member: one who was suspended or removed, or may not give this role any more, brings nobody in. Nor does
        what was given out before a change of their password or factors, or before "This wasn't me": it may have been a thief in their
        session.
        """
        if self.role is None:
            return False
        if self.invited_by is None:
            return True
        if inviter is None or not inviter.is_active or inviter.security_version != self.inviter_version:
            return False
        return may_give(inviter.role, self.role)
