"""The one place that reads the wall clock."""

import time


class SystemClock:
    """The machine's time."""

    def now(self) -> int:
        """Microseconds since 1970-01-01 UTC."""
        return time.time_ns() // 1000
