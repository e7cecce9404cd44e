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
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """What was proven so far, and on which security version of the account."""

    id: str
    account_id: str
    email: str
    security_version: int
    amr: Amr
    next_path: str
    password_bucket: str
    """The throttle bucket the password try was charged to; a completed sign-in clears it."""
    expires_at: int
    consumed_at: int | None


def next_step(amr: Amr, *, protected: bool) -> NextStep:
    """The one place that decides whether a session may begin."""
    return NextStep.SECOND_FACTOR if protected and not amr & SECOND_FACTORS else NextStep.SESSION
