"""What is kept between the right password and the session. A pending sign-in is never a session."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from xpressbot.foundation.times import MINUTE, is_from_the_future
from xpressbot.identity.sessions.rules.assurance import Amr, has_second_factor

LIFETIME: Final = 10 * MINUTE


class NextStep(StrEnum):
    """What is still to be done before there may be a session."""

    SECOND_FACTOR = "second_factor"
    MUST_ENROL = "must_enrol"
    """A new authenticator, set up with the link that the operator gave out at the reset."""
    NEW_PASSWORD = "new_password"
    """Everything was proven, and the password is to be replaced first: somebody else may know it."""
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """What was proven so far, on which security version of the account, and what is still to come."""

    id: str
    next_step: NextStep
    account_id: str
    email: str
    security_version: int
    amr: Amr
    next_path: str
    password_bucket: str
    """The throttle bucket the password try was charged to; a completed sign-in clears it if it is a known browser's."""
    after_waits: bool
    """Whether the right password followed wrong ones that had to wait."""
    expires_at: int
    consumed_at: int | None

    def is_open(self, now: int) -> bool:
        """Whether its time is not over, and has come."""
        return now < self.expires_at and not self.is_from_the_future(now)

    def is_from_the_future(self, now: int) -> bool:
        """Whether its password was proven on a day that has not come. Such a sign-in is not open."""
        return is_from_the_future(self.expires_at - LIFETIME, now)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a sign-in was begun."""

    address: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class StoppedSignIns:
    """Sign-ins of one account that proved the password, and no second factor: how many, and when the first and the last.

    origin: the last one's. after_waits: whether one of them followed wrong passwords that had to wait.
    """

    count: int
    first_at: int
    last_at: int
    origin: Origin
    after_waits: bool


def next_step(amr: Amr, *, protected: bool, must_enrol: bool, replaces_password: bool) -> NextStep:
    """The one place that decides whether a session may begin.

    replaces_password: whether somebody else may know the password. Then it alone leads nowhere, whatever protects the account: who
    sets the next one must have proven a second factor.
    """
    if must_enrol:
        return NextStep.MUST_ENROL
    if (protected or replaces_password) and not has_second_factor(amr):
        return NextStep.SECOND_FACTOR
    return NextStep.NEW_PASSWORD if replaces_password else NextStep.SESSION
