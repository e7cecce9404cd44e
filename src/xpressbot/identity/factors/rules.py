"""Authenticators: pending -> active -> revoked. A pending one changes nothing until it has proven a code.

An account may have several, of which any one is a second factor.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, count
from typing import Final

from xpressbot.foundation.text import as_seen, normalise_line
from xpressbot.foundation.times import HOUR, MINUTE, is_from_the_future
from xpressbot.identity.factors.totp.rules.totp import MAX_HINT_DISTANCE_STEPS

ENROLMENT_LIFETIME: Final = 10 * MINUTE
ENROLMENT_TRIES: Final = 5
HINT_MEMORY: Final = 5 * MINUTE
AGREEMENT_MEMORY: Final = 1 * HOUR
"""How far apart the refused codes of several phones may lie and still tell of one wrong clock."""
FEWEST_TO_AGREE: Final = 3
MOST_PER_ACCOUNT: Final = 5
MAX_NAME_LENGTH: Final = 40


class AuthenticatorState(StrEnum):
    """Where an authenticator is in its life."""

    PENDING = "pending"
    ACTIVE = "active"
    REVOKED = "revoked"


class AuthenticatorKind(StrEnum):
    """What an authenticator is."""

    TOTP = "totp"


@dataclass(frozen=True, slots=True)
class ClockSighting:
    """A refused code that would have been right on a wrong clock: its step, and how many steps off."""

    step: int
    offset: int
    seen_at: int


@dataclass(frozen=True, slots=True)
class Authenticator:
    """A TOTP authenticator, that is an app on some device.

    name: what its owner calls it; empty while it has no name. last_step is the greatest time step consumed, for whatever
    purpose. confirmed_at and last_used_at are None until it has proven its first code. kind and state are None for those that
    a newer version of this program wrote: such a one protects its account as long as it is there, and proves nothing.
    """

    id: str
    account_id: str
    name: str
    state: AuthenticatorState | None
    secret_box: bytes = field(repr=False)
    created_at: int
    confirmed_at: int | None
    last_used_at: int | None
    last_step: int | None
    sighting: ClockSighting | None
    kind: AuthenticatorKind | None = AuthenticatorKind.TOTP

    @property
    def is_usable(self) -> bool:
        """Whether its codes can be checked here."""
        return self.state is AuthenticatorState.ACTIVE and self.kind is AuthenticatorKind.TOTP


@dataclass(frozen=True, slots=True)
class Replacement:
    """A proven code puts the new authenticator in the place of others. The first one of an account has nobody to replace.

    replaces: the one that goes; None for all there are. renews_codes: whether a new set of recovery codes takes the place
    of the old one, because whoever has the old phone may have the old codes too.
    """

    replaces: str | None = None
    renews_codes: bool = False


@dataclass(frozen=True, slots=True)
class Addition:
    """A proven code puts the new authenticator beside those there are."""


Plan = Replacement | Addition
"""What a proven code will do."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A pending authenticator, bound to the session, or the sign-in that must enrol, that began it."""

    authenticator: Authenticator
    begun_in: str
    plan: Plan
    expires_at: int
    failures: int

    def is_open(self, now: int) -> bool:
        """Whether it may still be confirmed. One that was begun in the future may not."""
        begun_at = self.authenticator.created_at
        return now < self.expires_at and self.failures < ENROLMENT_TRIES and not is_from_the_future(begun_at, now)

    @property
    def tries_left(self) -> int:
        """How many wrong codes it still takes before it is discarded."""
        return ENROLMENT_TRIES - self.failures


def normalise_app_name(text: str) -> str | None:
    """Return the name of an app as it is kept, or None if it is empty, longer than MAX_NAME_LENGTH or not printable."""
    return normalise_line(text, max_length=MAX_NAME_LENGTH)


def is_name_taken(name: str, among: Iterable[Authenticator]) -> bool:
    """Whether one of these has the name already, or one that looks the same."""
    return as_seen(name) in {as_seen(authenticator.name) for authenticator in among}


def name_in_place(enrolment: Enrolment, active: Sequence[Authenticator]) -> str:
    """What a new app is called beside those that stay, whatever they were renamed to since it was begun.

    One that takes the place of one takes over its name, and one that takes the place of several has none. One that is
    added keeps its own, with a number after it if another has it by now.
    """
    if isinstance(enrolment.plan, Replacement):
        return inherited_name(active, enrolment.plan.replaces)
    name = enrolment.authenticator.name
    numbered = (f"{name[: MAX_NAME_LENGTH - 2]} {number}" for number in count(2))
    return next(free for free in chain([name], numbered) if not is_name_taken(free, active))


def inherited_name(active: Sequence[Authenticator], replaces: str | None) -> str:
    """The name of the one app that goes; empty when several do, or none."""
    replaced = [authenticator.name for authenticator in active if replaces in {None, authenticator.id}]
    return replaced[0] if len(replaced) == 1 else ""


def tells_of_wrong_clock(earlier: ClockSighting | None, later: ClockSighting) -> bool:
    """Whether two refused codes show one wrong clock, so that the person may be told.

    One alone proves too little: whoever guesses could use the answer to learn a code that is still to come.
    """
    return (
        earlier is not None
        and earlier.step != later.step
        and later.seen_at - earlier.seen_at <= HINT_MEMORY
        and not is_from_the_future(earlier.seen_at, later.seen_at)
        and abs(earlier.offset - later.offset) <= MAX_HINT_DISTANCE_STEPS
    )


@dataclass(frozen=True, slots=True)
class CommonOffset:
    """So many people's phones are off by about this many steps, all in the same direction."""

    phones: int
    offset: int


def common_offset(last_sightings: Mapping[str, ClockSighting]) -> CommonOffset | None:
    """What the last refused codes of several accounts agree on, or None while too few of them do.

    One phone that is off is a wrong phone. Several that are off by the same are right ones, and the server is wrong.
    """
    seen = Counter(sighting.offset for sighting in last_sightings.values())
    # Offsets within the accepted window are no sightings, so neighbours never stand on different sides of zero.
    groups = [Counter({offset: seen[offset] for offset in range(least, least + MAX_HINT_DISTANCE_STEPS + 1)}) for least in seen]
    largest = max(groups, key=Counter.total, default=Counter[int]())
    return CommonOffset(largest.total(), largest.most_common(1)[0][0]) if largest.total() >= FEWEST_TO_AGREE else None
