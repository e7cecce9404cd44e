"""Authenticators: pending -> active -> revoked. A pending one changes nothing until it has proven a code."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from xpressbot.identity.domain.instant import MINUTE
from xpressbot.identity.domain.totp import MAX_HINT_DISTANCE_STEPS

ENROLMENT_LIFETIME: Final = 10 * MINUTE
ENROLMENT_TRIES: Final = 5
HINT_MEMORY: Final = 5 * MINUTE


class AuthenticatorState(StrEnum):
    """Where an authenticator is in its life."""

    PENDING = "pending"
    ACTIVE = "active"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class ClockSighting:
    """A refused code that would have been right on a wrong clock: its step, and how many steps off."""

    step: int
    offset: int
    seen_at: int


@dataclass(frozen=True, slots=True)
class Authenticator:
    """A TOTP authenticator. last_step is the greatest time step consumed, for whatever purpose."""

    id: str
    account_id: str
    state: AuthenticatorState
    secret_box: bytes
    created_at: int
    last_step: int | None
    sighting: ClockSighting | None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A pending authenticator, bound to the session that began it."""

    authenticator: Authenticator
    session_id: str
    expires_at: int
    failures: int

    def is_open(self, session_id: str, now: int) -> bool:
        """Whether this session may go on with it."""
        return self.session_id == session_id and now < self.expires_at and self.failures < ENROLMENT_TRIES

    @property
    def tries_left(self) -> int:
        """How many wrong codes it still takes before it is discarded."""
        return ENROLMENT_TRIES - self.failures


def tells_of_wrong_clock(earlier: ClockSighting | None, later: ClockSighting) -> bool:
    """Whether two refused codes show one wrong clock, so that the person may be told.

    One alone proves too little: whoever guesses could use the answer to learn a code that is still to come.
    """
    return (
        earlier is not None
        and earlier.step != later.step
        and 0 <= later.seen_at - earlier.seen_at <= HINT_MEMORY
        and abs(earlier.offset - later.offset) <= MAX_HINT_DISTANCE_STEPS
    )
