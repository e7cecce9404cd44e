"""The history of an account, and of the team, page by page, newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xpressbot.foundation.database.transaction import Reading, ReadTransactions
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.audit import store
from xpressbot.identity.audit.rules.event import OPERATOR, TEAM, SecurityEvent
from xpressbot.identity.audit.rules.history import MOST_LOOKED_THROUGH, PAGE_SIZE, HistoryFilter


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Events in the order of their numbers, the highest first.

    people: the other accounts that they name, by id, also those that have left. older: before which number the next page begins; None
    where nothing older is left to look at. is_cut_short: there may be more of what was asked for, but the page has looked through as many
    events as one may.
    """

    events: Sequence[SecurityEvent]
    people: Mapping[str, Account]
    older: int | None
    is_cut_short: bool

    def named_by(self, event: SecurityEvent) -> Sequence[Account]:
        """The people whom one of the events names: whom it is about, and who did it."""
        return [self.people[one] for one in dict.fromkeys((event.target, event.actor)) if one is not None and one in self.people]


class History:
    """Reads of an account's own events."""

    def __init__(self, transactions: ReadTransactions) -> None:
        self._transactions = transactions

    def page(self, account_id: str, asked: HistoryFilter, before: int | None = None) -> HistoryPage:
        """The newest events that are asked for, of those with a lower number than `before`.

        Two statements, however many there are, and a third where other accounts have acted.
        """
        with self._transactions.reading() as tx:
            return read_page(tx, account_id, asked, before)


def read_page(tx: Reading, subject: str, asked: HistoryFilter, before: int | None) -> HistoryPage:
    """A page of the chain of an account or of the team."""
    newest = store.last_number(tx, subject)
    below = newest + 1 if before is None else min(before, newest + 1)
    lowest = max(1, below - MOST_LOOKED_THROUGH)
    found = store.between(tx, subject, lowest, below, asked, PAGE_SIZE + 1)
    events = found[:PAGE_SIZE]
    people = account_store.by_ids(tx, _named(subject, events))
    if len(found) > PAGE_SIZE:
        return HistoryPage(events, people, events[-1].seq, is_cut_short=False)
    return HistoryPage(events, people, lowest if lowest > 1 else None, is_cut_short=lowest > 1)


def _named(subject: str, events: Sequence[SecurityEvent]) -> set[str]:
    """Whom events name beside the account that they are of. What those of an account are about is no account."""
    ids = {event.actor for event in events} | ({event.target for event in events} if subject == TEAM else set())
    return {one for one in ids if one is not None} - {OPERATOR, subject}
