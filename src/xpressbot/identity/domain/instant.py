"""Points in time are whole microseconds since 1970-01-01 UTC: the same on every database engine."""

from typing import Final

MILLISECOND: Final = 1000
SECOND: Final = 1000 * MILLISECOND
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR


def whole_seconds_until(moment: int, now: int) -> int:
    """Seconds from `now` to `moment`, rounded up, at least 1: the value of a Retry-After header."""
    return max(1, -((now - moment) // SECOND))
