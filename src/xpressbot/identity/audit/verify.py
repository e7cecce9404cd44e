"""Checking all chains in one pass, with no more in memory than a batch of rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Row

from xpressbot.foundation.database.transaction import ReadTransactions
from xpressbot.identity.audit import verify_store
from xpressbot.identity.audit.rules.verification import BrokenPlace, ChainCheck, Flaw, StoredEvent, StoredHead


@dataclass(frozen=True, slots=True)
class CheckedChain:
    """What was found in a chain. subject: whose it is, as stored; email: of that account, if there is one. The team's has none.

    length: how many events. count: how many places are broken. places: the first ones of them.
    """

    subject: object
    email: object
    length: int
    count: int
    places: tuple[BrokenPlace, ...]


def check_chains(transactions: ReadTransactions) -> Iterator[CheckedChain]:
    """Recompute every chain there is, and look for those that should be there."""
    with transactions.reading() as tx:
        rows = chain.from_iterable(verify_store.events_with_heads(tx))
        for _subject, events in groupby(rows, attrgetter("subject")):
            yield _checked(events)
        for batch in verify_store.without_events(tx):
            for row in batch:
                yield CheckedChain(row.subject, row.email, 0, 1, (BrokenPlace(Flaw.NO_EVENTS, None, None),))


def _checked(events: Iterator[Row[Any]]) -> CheckedChain:
    check, last = ChainCheck(), next(events)
    for row in chain([last], events):
        check.add(StoredEvent(*row[: len(verify_store.COLUMNS)]))
        last = row
    check.finish(None if last.head is None else StoredHead(last.head_seq, last.head_hash))
    return CheckedChain(last.subject, last.email, check.length, check.count, tuple(check.places))
