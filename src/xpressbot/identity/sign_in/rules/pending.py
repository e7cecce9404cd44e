"""What is kept between the right password and the session. A pending sign-in is never a session."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from xpressbot.foundation.times import MINUTE, is_from_the_future
from xpressbot.identity.sessions.rules.assurance import Amr, has_second_factor

LIFETIME: Final = 10 * MINUTE


class NextStep(StrEnum):
    """What is still to be done before there may be a session."""

    SECOND_FACTOR = "second_factor"
    MUST_ENROL = "must_enrol"
    """A new authenticator, set up with the link that the operator gave out at the reset."""
    ENROL_WITH_LINK = "enrol_with_link"
    """The team requires 2FA: it is set up with a mailed link."""
    ENROL_BY_PASSWORD = "enrol_by_pwd"
    """The same without one, where no mail can be sent. The owners are told."""
    ENROL_INVITED = "enrol_invited"
    """The same of a person who has just made their account by a link, which is proof enough."""
    NEW_PASSWORD = "new_password"
    """Everything was proven, and the password is to be replaced first: somebody else may know it."""
    SESSION = "session"


EnrolmentStep = Literal[NextStep.ENROL_WITH_LINK, NextStep.ENROL_BY_PASSWORD, NextStep.ENROL_INVITED]
"""2FA is set up first because the team requires it: the step says what is asked for beside the password."""
PendingStep = EnrolmentStep | Literal[NextStep.SECOND_FACTOR, NextStep.MUST_ENROL, NextStep.NEW_PASSWORD]
"""What a sign-in can wait for. For a session none does: it begins at once."""
ENROLS: Final = frozenset({NextStep.MUST_ENROL, NextStep.ENROL_WITH_LINK, NextStep.ENROL_BY_PASSWORD, NextStep.ENROL_INVITED})
"""The steps at which 2FA is set up before there is a session."""


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """What was proven so far, on which security version of the account, and what is still to come."""

    id: str
    next_step: PendingStep
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


def next_step(amr: Amr, *, protected: bool, must_enrol: bool, replaces_password: bool, owes: EnrolmentStep | None = None) -> NextStep:
    """The one place that decides whether a session may begin. `SessionStart.start` takes its answer.

    owes: how a person sets up 2FA of whom the team requires it; None where it does not. It asks nothing of those who are protected.
    replaces_password: whether somebody else may know the password. Then it alone leads nowhere, whatever protects the account: who
    sets the next one must have proven a second factor.
    """
    if must_enrol:
        return NextStep.MUST_ENROL
    if (protected or replaces_password) and not has_second_factor(amr):
        return NextStep.SECOND_FACTOR
    if owes is not None and not protected:
        return owes
    return NextStep.NEW_PASSWORD if replaces_password else NextStep.SESSION
