"""A clock that a test sets, and a source of entropy with a seed."""

import random
import threading

from xpressbot.foundation.times import SECOND

START = 1_790_000_000 * SECOND
"""20 s into a TOTP time step, so that small moves of the clock stay inside it."""


class SettableClock:
    """Stands still until it is moved."""

    def __init__(self, now: int = START) -> None:
        self._now = now

    def now(self) -> int:
        return self._now

    def advance(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0) -> None:
        self._now += round((seconds + 60 * minutes + 3600 * hours) * SECOND)

    def set(self, now: int) -> None:
        self._now = now


class SeededEntropy:
    """The same bytes in every run. Thread-safe, as the real one is."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def token_bytes(self, length: int) -> bytes:
        with self._lock:
            return self._random.randbytes(length)
