"""The ceremony between the right password and the session. A pending sign-in is never a session."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from xpressbot.identity.domain.assurance import SECOND_FACTORS, Amr
from xpressbot.identity.domain.instant import MINUTE

LIFETIME: Final = 10 * MINUTE


class NextStep(StrEnum):
    """What is still to be done before there may be a session."""

    SECOND_FACTOR = "second_factor"
    MUST_ENROL = "must_enrol"
    """A new authenticator, set up with the link that the operator gave out at the reset."""
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
    """The throttle bucket the password try was charged to; a completed sign-in clears it."""
    expires_at: int
    consumed_at: int | None


def next_step(amr: Amr, *, protected: bool, must_enrol: bool) -> NextStep:
    """The one place that decides whether a session may begin."""
    if must_enrol:
        return NextStep.MUST_ENROL
    return NextStep.SECOND_FACTOR if protected and not amr & SECOND_FACTORS else NextStep.SESSION
