"""What has to be said of a check and of a problem, and how values are said that several of them name.

Texts are marked where they stand, and looked up in the reader's language when a finding is shown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.foundation.times import SECOND

MOST_LISTED: Final = 10
SET_THE_CLOCK: Final = N_("Set this machine's clock by NTP. Codes, limits and waiting times are computed with it.")
_DIRECTIONS: Final = {"ahead": N_("ahead of"), "behind": N_("behind")}


@dataclass(frozen=True, slots=True)
class CheckWords:
    """What a check is called, and what is said when all is well: a text, or one that is chosen by the facts."""

    title: str
    well: str | Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True, slots=True)
class ProblemWords:
    """What is wrong, and how to mend it. `said` says the facts that are not said as they are."""

    what: str
    remedy: str
    said: Mapping[str, Callable[[Texts, Any], str]] = field(default_factory=dict)


def listed(texts: Texts, values: Sequence[Any], most: int = MOST_LISTED) -> str:
    """The first values of a list, and how many more there are."""
    named = ", ".join(str(value) for value in values[:most])
    further = len(values) - most
    return named if further <= 0 else texts.gettext("%(named)s and %(count)d more") % {"named": named, "count": further}


def moment(_texts: Texts, at: int) -> str:
    """Date and time."""
    return datetime.fromtimestamp(at // SECOND, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _direction(texts: Texts, direction: str) -> str:
    return texts.gettext(_DIRECTIONS[direction])


DIRECTION: Final = {"direction": _direction}
"""For problems that say which of two clocks is ahead."""
