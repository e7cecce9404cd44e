"""What of an account's history a page shows: groups of kinds, days, and how far it looks."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from xpressbot.foundation.times import DAY
from xpressbot.identity.audit.rules.event import EventKind

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


class EventGroup(StrEnum):
    """What a person may ask for in their history. The values stand in addresses."""

    SIGN_IN = "sign-in"
    CONFIRMATION = "confirmation"
    SECOND_FACTOR = "second-factor"
    RECOVERY_CODES = "recovery-codes"
    ACCOUNT = "account"


GROUPS: Final[Mapping[EventKind, EventGroup]] = {
    EventKind.ACCOUNT_CREATED: EventGroup.ACCOUNT,
    EventKind.ACCOUNT_DISABLED: EventGroup.ACCOUNT,
    EventKind.ACCOUNT_ENABLED: EventGroup.ACCOUNT,
    EventKind.CLOCK_RESET: EventGroup.ACCOUNT,
    EventKind.ACCOUNT_CLOSED: EventGroup.ACCOUNT,
    EventKind.NAME_CHANGED: EventGroup.ACCOUNT,
    EventKind.PASSWORD_CHANGED: EventGroup.ACCOUNT,
    EventKind.PASSWORD_RESET: EventGroup.ACCOUNT,
    EventKind.PASSWORD_LINK_ISSUED: EventGroup.ACCOUNT,
    EventKind.PASSWORD_EXPOSED: EventGroup.ACCOUNT,
    EventKind.EMAIL_CONFIRMED: EventGroup.ACCOUNT,
    EventKind.EMAIL_CHANGED: EventGroup.ACCOUNT,
    EventKind.EMAIL_CHANGE_STOPPED: EventGroup.ACCOUNT,
    EventKind.ACCOUNT_EXPORTED: EventGroup.ACCOUNT,
    EventKind.THIS_WASNT_ME: EventGroup.ACCOUNT,
    EventKind.SIGNED_IN: EventGroup.SIGN_IN,
    EventKind.SIGNED_IN_WITH_BACKUP: EventGroup.SIGN_IN,
    EventKind.SIGNED_IN_AFTER_WAITS: EventGroup.SIGN_IN,
    EventKind.SIGNED_IN_IN_NEW_BROWSER: EventGroup.SIGN_IN,
    EventKind.STOPPED_AT_SECOND_FACTOR: EventGroup.SIGN_IN,
    EventKind.SECOND_FACTOR_REFUSED: EventGroup.SIGN_IN,
    EventKind.SECOND_FACTOR_SUSPENDED: EventGroup.SIGN_IN,
    EventKind.ENROLMENT_AWAITED: EventGroup.SIGN_IN,
    EventKind.NEW_PASSWORD_AWAITED: EventGroup.SIGN_IN,
    EventKind.PASSWORD_GUESSING: EventGroup.SIGN_IN,
    EventKind.SIGNED_OUT: EventGroup.SIGN_IN,
    EventKind.SESSION_ENDED_BY_FAILURES: EventGroup.SIGN_IN,
    EventKind.SESSION_ENDED_ELSEWHERE: EventGroup.SIGN_IN,
    EventKind.OTHER_SESSIONS_ENDED: EventGroup.SIGN_IN,
    EventKind.SESSIONS_ENDED_BY_OPERATOR: EventGroup.SIGN_IN,
    EventKind.SESSION_UNLOCKED: EventGroup.SIGN_IN,
    EventKind.IDENTITY_CONFIRMED: EventGroup.CONFIRMATION,
    EventKind.IDENTITY_CONFIRMED_WITH_BACKUP: EventGroup.CONFIRMATION,
    EventKind.IDENTITY_REFUSED: EventGroup.CONFIRMATION,
    EventKind.ENROLMENT_STARTED: EventGroup.SECOND_FACTOR,
    EventKind.ENROLMENT_REFUSED: EventGroup.SECOND_FACTOR,
    EventKind.ENROLMENT_DISCARDED: EventGroup.SECOND_FACTOR,
    EventKind.TWO_FACTOR_ENABLED: EventGroup.SECOND_FACTOR,
    EventKind.AUTHENTICATOR_MOVED: EventGroup.SECOND_FACTOR,
    EventKind.AUTHENTICATOR_ADDED: EventGroup.SECOND_FACTOR,
    EventKind.AUTHENTICATOR_RENAMED: EventGroup.SECOND_FACTOR,
    EventKind.AUTHENTICATOR_REMOVED: EventGroup.SECOND_FACTOR,
    EventKind.TWO_FACTOR_RESET: EventGroup.SECOND_FACTOR,
    EventKind.TWO_FACTOR_DISABLED: EventGroup.SECOND_FACTOR,
    EventKind.BACKUPS_REVEALED: EventGroup.RECOVERY_CODES,
    EventKind.BACKUP_CHECKED: EventGroup.RECOVERY_CODES,
    EventKind.BACKUPS_PREPARED: EventGroup.RECOVERY_CODES,
    EventKind.BACKUPS_REPLACED: EventGroup.RECOVERY_CODES,
    EventKind.NOTICES_SEEN: EventGroup.ACCOUNT,
}
"""Every kind is in one group. What a newer version recorded is in none, and shown where none is asked for."""


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which events are asked for. since and until: points in time, the second excluded; None leaves that side open."""

    group: EventGroup | None = None
    since: int | None = None
    until: int | None = None

    @property
    def kinds(self) -> frozenset[EventKind] | None:
        """The kinds that are asked for; None for all, and those of newer versions with them."""
        return None if self.group is None else frozenset(kind for kind, group in GROUPS.items() if group is self.group)


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
