"""Notices: what a person is told until they have acknowledged it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from xpressbot.foundation.times import DAY, HOUR
from xpressbot.identity.audit.rules.event import DetailValue, EventKind, NewEvent, NoticeRule, SecurityEvent

MOST_SHOWN: Final = 200
"""What is beyond them follows once these are acknowledged."""
READ_SHOWN_FOR: Final = 7 * DAY
"""For so long an acknowledged notice can still be read: the one who acknowledged it may not have been the account's person."""
STOPPED_TOLD_EVERY: Final = 1 * HOUR
"""At most so often one account gets an event of right passwords that stopped at the second factor."""

MAILED_AGAIN_AFTER: Final = 1 * DAY
"""At most so often one notice is mailed, however many events it comes to tell: a stranger must not be able to fill a mailbox."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A notice as a page showed it: the sequence numbers of its first event and of its last one."""

    first_seq: int
    last_seq: int


@dataclass(frozen=True, slots=True)
class Told:
    """What became of an event of which a person is told: a notice of its own, or one event more that an open notice tells.

    rule: how. count: how often it has happened, in all that the notice tells.
    """

    account_id: str
    first_seq: int
    rule: NoticeRule
    count: int
    is_merged: bool

    @property
    def is_mailed(self) -> bool:
        """Whether it is worth a mail by now."""
        return self.count >= self.rule.mailed_from


def mailed_again_at(last: int | None, now: int) -> int:
    """When a notice is mailed, of which the last mail was sent then. What is dated in the future was not sent yet."""
    return now if last is None or last > now else last + MAILED_AGAIN_AFTER


@dataclass(frozen=True, slots=True)
class Notice:
    """Events of one kind that are told to the account's person at once.

    kind: None for one that a newer version of this program recorded. count: how often it happened; an event that tells of
    several counts as so many. several_places: whether browser or address of any two of the events differ.
    """

    kind: EventKind | None
    count: int
    several_places: bool
    first: SecurityEvent
    last: SecurityEvent

    @property
    def as_shown(self) -> Shown:
        """What an acknowledgement names."""
        return Shown(self.first.seq, self.last.seq)

    @property
    def may_be_reported(self) -> bool:
        """Whether its mail has the link "This wasn't me". A notice of a kind that is not known here has it."""
        return self._is_own or self._rule.may_be_reported

    @property
    def concerns_password(self) -> bool:
        """Whether it may mean that somebody else knows the person's password. One of a kind that is not known here may."""
        return self._is_own or self._rule.concerns_password

    @property
    def _is_own(self) -> bool:
        """Whether it was done in a session of the person's own, where somebody else may have sat, whoever does it as a rule."""
        return self.last.actor == self.last.subject

    @property
    def _rule(self) -> NoticeRule:
        return (None if self.kind is None else self.kind.notice) or NoticeRule()


@dataclass(frozen=True, slots=True)
class NoticeState:
    """A notice as it is stored: what it tells, by the numbers of its events, and when it was acknowledged and mailed, if it was.

    kind: also of one that a newer version of this program recorded.
    """

    kind: str
    first_seq: int
    last_seq: int
    count: int
    acknowledged_at: int | None
    mailed_at: int | None


def hidden_from(event: NewEvent, rule: NoticeRule) -> str | None:
    """The session that did it itself and is not told of it; None when every session is."""
    session = event.details.get("session")
    return session if isinstance(session, str) and not rule.told_to_doer else None


def weight(event: NewEvent) -> int:
    """How often what an event tells of happened."""
    count = event.details.get("count")
    return count if isinstance(count, int) else 1


def place(details: Mapping[str, DetailValue]) -> tuple[DetailValue, DetailValue]:
    """Browser and address of an event, as far as it has them."""
    return details.get("user_agent"), details.get("address")
