"""Codes that would have been right on a wrong clock: what one of them, two of them and those of several people tell."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from xpressbot.foundation.times import HOUR, MINUTE, is_from_the_future
from xpressbot.identity.factors.totp.rules.totp import MAX_HINT_DISTANCE_STEPS, PERIOD_SECONDS

HINT_MEMORY: Final = 5 * MINUTE
AGREEMENT_MEMORY: Final = 1 * HOUR
"""How far apart the refused codes of several phones may lie and still tell of one wrong clock."""
FEWEST_TO_AGREE: Final = 3


@dataclass(frozen=True, slots=True)
class ClockSighting:
    """A refused code that would have been right on a wrong clock: its step, and how many steps off."""

    step: int
    offset: int
    seen_at: int


def clock_offset_seconds(offset: int) -> int:
    """Steps as seconds; positive when the device is ahead."""
    return offset * PERIOD_SECONDS


def tells_of_wrong_clock(earlier: ClockSighting | None, later: ClockSighting) -> bool:
    """Whether two refused codes show one wrong clock, so that the person may be told.

    One alone proves too little: a guesser could use the answer to learn a code that is still to come.
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
