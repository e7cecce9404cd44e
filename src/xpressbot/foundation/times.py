"""Points in time are whole microseconds since 1970-01-01 UTC: the same on every database engine."""

from typing import Final

MILLISECOND: Final = 1000
SECOND: Final = 1000 * MILLISECOND
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
CLOCKS_MAY_DIFFER: Final = 2 * MINUTE
"""How far the clocks of two nodes may be apart before one of them takes what the other has made for something of the future."""


def whole_seconds_until(moment: int, now: int) -> int:
    """Seconds from `now` to `moment`, rounded up, at least 1: the value of a Retry-After header."""
    return max(1, -((now - moment) // SECOND))


def latest_credible(now: int) -> int:
    """The latest moment at which something that is there can have been made, by whichever node."""
    return now + CLOCKS_MAY_DIFFER


def is_from_the_future(made_at: int, now: int) -> bool:
    """Whether something is dated in the future: a clock was ahead when it was made, and is not any more, or is behind now.

    It cannot be told which, so it opens nothing: its limits would count from a day that has not come.
    """
    return made_at > latest_credible(now)
