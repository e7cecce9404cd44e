"""Authenticators: pending -> active -> revoked. A pending one changes nothing until it has proven itself.

An account may have several, of which any one is a second factor.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, count
from typing import Final

from xpressbot.foundation.text import as_seen, normalise_line
from xpressbot.foundation.times import MINUTE, is_from_the_future
from xpressbot.identity.throttling.rules import Bucket, Policy

ENROLMENT_LIFETIME: Final = 10 * MINUTE
ENROLMENT_TRIES: Final = 5
ENROLMENT_COUNT: Final = "enrolment"
MOST_PER_ACCOUNT: Final = 5
MAX_NAME_LENGTH: Final = 40
_POLICY: Final = Policy(free=ENROLMENT_TRIES, first_delay=0, longest_delay=0, suspend_at=ENROLMENT_TRIES)


class AuthenticatorState(StrEnum):
    """Where an authenticator is in its life."""

    PENDING = "pending"
    ACTIVE = "active"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Authenticator:
    """What is common to the authenticators of all kinds.

    name: what its owner calls it; empty while it has no name. confirmed_at and last_used_at are None until it has proven itself once.
    state: None for one that a newer version of this program wrote: it protects its account as long as it is there.
    """

    id: str
    account_id: str
    kind: str
    name: str
    state: AuthenticatorState | None
    created_at: int
    confirmed_at: int | None
    last_used_at: int | None

    @property
    def is_active(self) -> bool:
        """Whether a proof of it may count."""
        return self.state is AuthenticatorState.ACTIVE


@dataclass(frozen=True, slots=True)
class Replacement:
    """The confirmation puts the new authenticator in the place of others. The first one of an account replaces none.

    replaces: the one that goes; None for all there are. renews_backups: whether new backups take the place of the old ones, because
    the person who has the old phone may have those too.
    """

    replaces: str | None = None
    renews_backups: bool = False


@dataclass(frozen=True, slots=True)
class Addition:
    """The confirmation puts the new authenticator beside those there are."""


Plan = Replacement | Addition
"""What the confirmation of an enrolment will do."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A pending authenticator, bound to the session, or the sign-in that must enrol, that began it."""

    authenticator: Authenticator
    begun_in: str
    plan: Plan
    expires_at: int

    def is_open(self, now: int) -> bool:
        """Whether it may still be confirmed. One that was begun in the future may not."""
        return now < self.expires_at and not is_from_the_future(self.authenticator.created_at, now)

    @property
    def bucket(self) -> Bucket:
        """The count of its tries."""
        return Bucket(ENROLMENT_COUNT, self.authenticator.id, _POLICY)


def normalise_authenticator_name(text: str) -> str | None:
    """Return the name as it is kept, or None if it is empty, longer than MAX_NAME_LENGTH or not printable."""
    return normalise_line(text, max_length=MAX_NAME_LENGTH)


def is_name_taken(name: str, among: Iterable[Authenticator]) -> bool:
    """Whether one of these has the name already, or one that looks the same."""
    return as_seen(name) in {as_seen(authenticator.name) for authenticator in among}


def name_in_place(enrolment: Enrolment, active: Sequence[Authenticator]) -> str:
    """What a new authenticator is called beside those that stay, whatever they were renamed to since it was begun.

    One that takes the place of one takes over its name, and one that takes the place of several has none. One that is added keeps its
    own, with a number after it if another has it by then.
    """
    if isinstance(enrolment.plan, Replacement):
        return inherited_name(active, enrolment.plan.replaces)
    name = enrolment.authenticator.name
    numbered = (f"{name[: MAX_NAME_LENGTH - 2]} {number}" for number in count(2))
    return next(free for free in chain([name], numbered) if not is_name_taken(free, active))


def inherited_name(active: Sequence[Authenticator], replaces: str | None) -> str:
    """The name of the one authenticator that goes; empty when several do, or none."""
    replaced = [authenticator.name for authenticator in active if replaces in {None, authenticator.id}]
    return replaced[0] if len(replaced) == 1 else ""
