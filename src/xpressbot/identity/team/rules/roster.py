"""What the roster can be asked for."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MOST_SEARCHED: Final = 254
"""Characters of a text to look for: no address is longer."""


class MemberState(StrEnum):
    """Which members are asked for. The values stand in addresses."""

    PROTECTED = "protected"
    UNPROTECTED = "unprotected"
    MUST_ENROL = "must-enrol"
    """2FA was reset, and is to be set up again before there is a session."""
    EXEMPT = "exempt"
    UNCONFIRMED = "unconfirmed"
    """No mailed token has shown that the person gets the mail of the address."""
    SUSPENDED = "suspended"
    INVITED = "invited"
    """Not in the team yet: the invitations alone."""


@dataclass(frozen=True, slots=True)
class RosterFilter:
    """text: part of a name or an address; empty for all. state: None for all."""

    text: str = ""
    state: MemberState | None = None

    @property
    def is_for_all(self) -> bool:
        """Whether it leaves nobody out."""
        return not self.text and self.state is None
