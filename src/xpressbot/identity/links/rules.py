"""Single-use links that are handed to a person."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from xpressbot.foundation.times import DAY, HOUR
from xpressbot.identity.accounts.rules.address import RESERVED_FOR


class LinkKind(StrEnum):
    """What a link is for."""

    WELCOME = "welcome"
    INVITE = "invite"
    RE_ENROLMENT = "re-enrolment"
    ENROLMENT = "enrolment"
    """Mailed to a person who has to set up 2FA because the team requires it. It works together with the password alone."""
    PASSWORD = "password"
    EMAIL = "email"
    """Mailed to an address that is to be an account's. With a session of that account it makes it so."""
    EMAIL_STOP = "email-stop"
    """Mailed to the address that an account had before. It only takes power away."""
    NOT_ME = "not-me"
    """"This wasn't me", in a mailed notice. It only takes power away."""
    RESET_STOP = "reset-stop"
    """Mailed to a member whose 2FA somebody asks to reset. It only takes power away, and works as long as the request waits."""


class LinkState(StrEnum):
    """What has become of a link."""

    OPEN = "open"
    USED = "used"
    """Or void: a newer one took its place, or what it was for came about otherwise."""
    EXPIRED = "expired"
    OUTDATED = "outdated"
    """The account's password, factors or status changed since it was made."""
    OF_THE_FUTURE = "of_the_future"
    """It is dated in the future, and opens nothing."""
    UNKNOWN = "unknown"
    """No link of this kind has this token."""


LIFETIME: Final = {
    LinkKind.WELCOME: 1 * HOUR,
    LinkKind.INVITE: 24 * HOUR,
    LinkKind.RE_ENROLMENT: 24 * HOUR,
    LinkKind.ENROLMENT: 1 * HOUR,
    LinkKind.PASSWORD: 1 * HOUR,
    LinkKind.EMAIL: 24 * HOUR,
    LinkKind.EMAIL_STOP: RESERVED_FOR,
    LinkKind.NOT_ME: 7 * DAY,
    LinkKind.RESET_STOP: 7 * DAY,
}
TAKES_POWER_AWAY: Final = frozenset({LinkKind.EMAIL_STOP, LinkKind.NOT_ME})
"""Kinds that work on every later version of the account, and after a restore: with them nobody gains anything.

The link that stops a reset is not among them: it ends with the request, and so with a restore.
"""
MOST_PASSWORD_LINKS: Final = 3
"""So many are open at a time for one account: mails arrive late, and not in their order."""
MOST_EMAIL_LINKS: Final = 3
"""The same of links to one new address: a mail that is sent twice has a token in each copy, and either may be the one that is read."""


@dataclass(frozen=True, slots=True)
class Link:
    """Whom a link is for: an account there is, or an address that is to have one; neither at the first run.

    security_version: of a link that gives power, the version of the account on which alone it works. about: the id of the row of another
    table that it belongs to. mailed: whether its token was mailed to its address and shown to nobody: using it confirms the address.
    """

    kind: LinkKind
    account_id: str | None = None
    email: str | None = None
    security_version: int | None = None
    about: str | None = None
    mailed: bool = False
