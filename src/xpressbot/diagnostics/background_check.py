"""The examination that the owner's page shows: made in the background, so that nobody waits for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xpressbot.diagnostics.findings import Finding
from xpressbot.foundation.clock import Clock


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What an examination found, and when it began."""

    at: int
    findings: Sequence[Finding]


class BackgroundCheck:
    """Keeps the last examination that a worker has made. Its jobs makes them, one after the other."""

    def __init__(self, examine: Callable[[], Sequence[Finding]], clock: Clock) -> None:
        self._examine = examine
        self._clock = clock
        self._last: CheckResult | None = None

    def renew(self) -> None:
        """Make another. Until it is done, the one before is shown."""
        now = self._clock.now()
        self._last = CheckResult(now, self._examine())

    def last(self) -> CheckResult | None:
        """The last one; None before the first is done."""
        return self._last
