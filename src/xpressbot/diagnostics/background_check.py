"""The findings that the owner's page shows: the checks are made in the background, so that no page waits for them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock

from xpressbot.diagnostics.check import Finding
from xpressbot.foundation.clock import Clock


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What the checks found, and when they began."""

    at: int
    findings: Sequence[Finding]


class BackgroundCheck:
    """Keeps what the checks of this worker found last. One run follows the other, so that the last result is the newest."""

    def __init__(self, run_checks: Callable[[], Sequence[Finding]], clock: Clock) -> None:
        self._run_checks = run_checks
        self._clock = clock
        self._last: CheckResult | None = None
        self._one_at_a_time = Lock()

    def renew(self) -> None:
        """Make the checks again. Until they are done, the result before is shown."""
        with self._one_at_a_time:
            now = self._clock.now()
            self._last = CheckResult(now, self._run_checks())

    def last(self) -> CheckResult | None:
        """The last result; None before the first is there."""
        return self._last
