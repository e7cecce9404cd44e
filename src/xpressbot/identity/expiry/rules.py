"""Rows that have their day, and how long each kind is kept after it. None of them opens anything any more.

Counts of wrong second factors are not among them: with its count, a suspension would end by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from xpressbot.foundation.times import DAY, HOUR, MINUTE
from xpressbot.identity.sessions.rules import known_browser as device
from xpressbot.identity.sessions.rules import session
from xpressbot.identity.sign_in.rules import pending as pending_sign_in
from xpressbot.identity.throttling import rules as throttle

SESSION_KEPT: Final = 24 * HOUR
PENDING_SIGN_IN_KEPT: Final = 20 * MINUTE
"""Longer than a browser keeps its cookie, so that a second click is always told from an unknown sign-in."""
LINK_KEPT: Final = 24 * HOUR
ENROLMENT_KEPT: Final = 20 * MINUTE
NETWORK_COUNT_KEPT: Final = 1 * HOUR
LINK_COUNT_KEPT: Final = 1 * HOUR
STEP_UP_COUNT_KEPT: Final = session.ABSOLUTE_LIFETIME
"""No session lives longer, and none may get its tries back."""
ENROLMENT_COUNT_KEPT: Final = 1 * HOUR
PASSWORD_COUNT_KEPT: Final = 30 * DAY
"""Of a known browser's. So long that slow guesses in it are counted on, and reach the alarm."""


class Transient(StrEnum):
    """A kind of rows that have their day."""

    SESSION = "session"
    PENDING_SIGN_IN = "pending_sign_in"
    LINK = "link"
    ENROLMENT = "enrolment"
    KNOWN_BROWSER = "known_browser"
    NETWORK_COUNT = "network_count"
    PASSWORD_COUNT = "password_count"
    STRANGER_COUNT = "stranger_count"
    LINK_COUNT = "link_count"
    STEP_UP_COUNT = "step_up_count"
    ENROLMENT_COUNT = "enrolment_count"


@dataclass(frozen=True, slots=True)
class Cutoff:
    """What has had its day: rows that ended by `ended_by`. Unless clocks were set, all of these were made by `made_by`.

    A session, a link and the like end when they expire; a browser and a count, when they were last used.
    """

    ended_by: int
    made_by: int


_LIFE_AND_KEPT: Final = {
    Transient.SESSION: (session.ABSOLUTE_LIFETIME, SESSION_KEPT),
    Transient.PENDING_SIGN_IN: (pending_sign_in.LIFETIME, PENDING_SIGN_IN_KEPT),
    Transient.LINK: (0, LINK_KEPT),
    Transient.ENROLMENT: (0, ENROLMENT_KEPT),
    Transient.KNOWN_BROWSER: (0, device.LIFETIME),
    Transient.NETWORK_COUNT: (0, NETWORK_COUNT_KEPT),
    Transient.PASSWORD_COUNT: (0, PASSWORD_COUNT_KEPT),
    Transient.STRANGER_COUNT: (0, throttle.FORGOTTEN_AFTER),
    Transient.LINK_COUNT: (0, LINK_COUNT_KEPT),
    Transient.STEP_UP_COUNT: (0, STEP_UP_COUNT_KEPT),
    Transient.ENROLMENT_COUNT: (0, ENROLMENT_COUNT_KEPT),
}
"""How long a row of each kind lives at least before it ends, as far as its walk goes by age, and how long it is kept then."""


def cutoff(kind: Transient, now: int) -> Cutoff:
    """Which rows of a kind have had their day."""
    life, kept = _LIFE_AND_KEPT[kind]
    return Cutoff(ended_by=now - kept, made_by=now - kept - life)


Key = str | bytes


@dataclass(frozen=True, slots=True)
class OutdatedRow:
    """A row that has had its day. owed_to: the account that must be told what the row knows, before it may go."""

    key: Key
    owed_to: str | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """The outdated rows among some rows that follow each other. end: the last one's key; None if no more come after them."""

    outdated: Sequence[OutdatedRow]
    end: Key | None
