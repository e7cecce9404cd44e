"""Single-use links that are handed to a person."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from xpressbot.foundation.times import HOUR


class LinkKind(StrEnum):
    """What a link is for."""

    WELCOME = "welcome"
    INVITE = "invite"
    RE_ENROLMENT = "re-enrolment"


class LinkState(StrEnum):
    """What has become of a link."""

    OPEN = "open"
    USED = "used"
    """Or void: a newer one took its place, or what it was for came about otherwise."""
    EXPIRED = "expired"
    OF_THE_FUTURE = "of_the_future"
    """It is dated in the future, and opens nothing."""
    UNKNOWN = "unknown"
    """No link of this kind has this token."""


LIFETIME: Final = {LinkKind.WELCOME: 1 * HOUR, LinkKind.INVITE: 24 * HOUR, LinkKind.RE_ENROLMENT: 24 * HOUR}


@dataclass(frozen=True, slots=True)
class Link:
    """Whom a link is for: an account there is, or an address that is to have one; neither at the first run."""

    kind: LinkKind
    account_id: str | None = None
    email: str | None = None
