"""An account's history, page by page, newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xpressbot.foundation.database.transaction import ReadTransactions
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.audit import store
from xpressbot.identity.audit.rules.event import OPERATOR, SecurityEvent
from xpressbot.identity.audit.rules.history import MOST_LOOKED_THROUGH, PAGE_SIZE, HistoryFilter


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Events in the order of their numbers, the highest first.

    names: of other accounts that did something, by id. older: before which number the next page begins; None where nothing older is left
    to look at. is_cut_short: there may be more of what was asked for, but the page has looked through as many events as one may.
    """

    events: Sequence[SecurityEvent]
    names: Mapping[str, str]
    older: int | None
    is_cut_short: bool


class History:
    """Reads of an account's own events."""

    def __init__(self, transactions: ReadTransactions) -> None:
        self._transactions = transactions

    def page(self, account_id: str, asked: HistoryFilter, before: int | None = None) -> HistoryPage:
        """The newest events that are asked for, of those with a lower number than `before`.

        Two statements, however many there are, and one more where others did something to the account.
        """
        with self._transactions.reading() as tx:
            newest = store.last_number(tx, account_id)
            below = newest + 1 if before is None else min(before, newest + 1)
            lowest = max(1, below - MOST_LOOKED_THROUGH)
            events = store.between(tx, account_id, lowest, below, asked, PAGE_SIZE + 1)
            others = {event.actor for event in events if event.actor is not None} - {account_id, OPERATOR}
            names = account_store.names(tx, others)
        if len(events) > PAGE_SIZE:
            return HistoryPage(events[:PAGE_SIZE], names, events[PAGE_SIZE - 1].seq, is_cut_short=False)
        is_cut_short = lowest > 1
        return HistoryPage(events, names, lowest if is_cut_short else None, is_cut_short=is_cut_short)
