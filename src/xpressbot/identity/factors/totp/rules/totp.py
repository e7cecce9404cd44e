"""TOTP verification (RFC 6238): a code stands for a time step, and the step is what callers consume."""

import hmac
import re
from collections.abc import Iterable
from typing import Final

from xpressbot.foundation.times import SECOND, latest_credible
from xpressbot.identity.factors.totp.rules.hotp import DIGITS, hotp
from xpressbot.identity.factors.typed_code import DASH, SPACE, plain

PERIOD_SECONDS: Final = 30
SECRET_BYTES: Final = 20
"""160 bits, the length RFC 4226 section 4 (R6) recommends and every authenticator app takes."""
WINDOW_STEPS: Final = 1
"""One step either way for network delay and slow typing (RFC 6238 section 5.2); never more."""
HINT_REACH_STEPS: Final = 10
"""How far a clock may be off and still be recognised in order to say so. Such a code is refused all the same."""
MAX_HINT_DISTANCE_STEPS: Final = 1
"""Two codes tell of one wrong clock when their offsets differ by at most this much."""
_SEPARATOR: Final = re.compile(f"[{SPACE}{DASH}]")
_CODE: Final = re.compile(rf"[0-9](?:[{SPACE}{DASH}]*[0-9]){{{DIGITS - 1}}}")


def step_at(now: int) -> int:
    """The time step that `now` (microseconds) lies in (RFC 6238 section 4.2, T0 = 0)."""
    return now // (PERIOD_SECONDS * SECOND)


def last_step_accepted_at(now: int) -> int:
    """The latest time step whose code `verify` takes at that time."""
    return step_at(now) + WINDOW_STEPS


def start_of_step(step: int) -> int:
    """When a time step begins."""
    return step * PERIOD_SECONDS * SECOND


def parse_code(text: str) -> str | None:
    """Return the six ASCII digits a person typed, in the digits of whatever script; None for any other shape.

    Spaces are forgiven, and dashes between digits.
    """
    typed = plain(text)
    return _SEPARATOR.sub("", typed) if _CODE.fullmatch(typed) else None


def verify(secret: bytes, code: str, now: int) -> int | None:
    """Return the time step that `code` proves, or None.

    Steps T-1, T and T+1 are compared, always all of them and each in constant time (ASVS 11.2.4). A match proves
    possession only once: the caller must consume the returned step before it grants anything (RFC 6238 section 5.2).
    """
    current = step_at(now)
    return _matching_step(secret, code, range(current - WINDOW_STEPS, current + WINDOW_STEPS + 1))


def clock_offset(secret: bytes, code: str, now: int) -> int | None:
    """Return by how many steps the device's clock seems to be ahead (negative: behind), or None.

    Only offsets outside the accepted window and within HINT_REACH_STEPS are found. This explains a refusal; it never
    makes a code good.
    """
    current = step_at(now)
    reach = range(current - HINT_REACH_STEPS, current + HINT_REACH_STEPS + 1)
    step = _matching_step(secret, code, (step for step in reach if abs(step - current) > WINDOW_STEPS))
    return None if step is None else step - current


def latest_credible_step(now: int) -> int:
    """The latest step that can have been used by `now`, by whichever node. A later one was used while a clock was ahead."""
    return step_at(latest_credible(now)) + WINDOW_STEPS


def usable_again_at(last_step: int) -> int:
    """From when on the app shows a code later than the one of `last_step`."""
    return start_of_step(last_step + 1)


def _matching_step(secret: bytes, code: str, steps: Iterable[int]) -> int | None:
    found: int | None = None
    for step in steps:
        if step < 0:
            continue  # a clock at the beginning of 1970 has no earlier steps
        if hmac.compare_digest(hotp(secret, step).encode(), code.encode()):
            found = step
    return found
