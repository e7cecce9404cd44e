"""What of an account's history a page shows: groups of kinds, days, and how far it looks."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from xpressbot.foundation.times import DAY
from xpressbot.identity.audit.rules.event import EventGroup, EventKind

PAGE_SIZE: Final = 25
MOST_LOOKED_THROUGH: Final = 10_000
"""Events among which one page looks for those that are asked for. Their numbers bound the query, so that no filter reads a whole chain
and no further index has to be kept up by every sign-in. Few accounts ever have as many; a page that has found less than PAGE_SIZE by
then offers to look further back."""
_EPOCH: Final = date(1970, 1, 1)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER: Final = re.compile(r"[0-9]{1,10}")
_LARGEST_NUMBER: Final = 2**31 - 1
"""What the column holds."""


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which events are asked for. since and until: points in time, the second excluded; None leaves that side open.

    account_id: only those that this account did, or that are about it.
    """

    group: EventGroup | None = None
    since: int | None = None
    until: int | None = None
    account_id: str | None = None

    @property
    def kinds(self) -> frozenset[EventKind] | None:
        """The kinds that are asked for; None for all, and those of newer versions with them."""
        return None if self.group is None else frozenset(kind for kind in EventKind if kind.group is self.group)


def beginning_of_day(text: str) -> int | None:
    """When a day of UTC begins that is written as 2026-11-30; None if there is no such day.

    date.fromisoformat alone would take other spellings, too.
    """
    if _DAY.fullmatch(text) is None:
        return None
    try:
        return (date.fromisoformat(text) - _EPOCH).days * DAY
    except ValueError:
        return None


def event_number(text: str) -> int | None:
    """A sequence number, as the links of a page have it; None if no event can have it."""
    number = int(text) if _NUMBER.fullmatch(text) else 0
    return number if 1 <= number <= _LARGEST_NUMBER else None
