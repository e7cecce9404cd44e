"""The one place that reads the wall clock, and the unit in which it tells the time."""

import time
from typing import Final

SECOND: Final = 1_000_000
DAY: Final = 24 * 60 * 60 * SECOND


class SystemClock:
    """The machine's time."""

    def now(self) -> int:
        """Microseconds since 1970-01-01 UTC."""
        return time.time_ns() // 1000
