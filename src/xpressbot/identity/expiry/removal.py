"""Removing rows that have had their day: a little at a time, by one process at a time, while people sign in."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from xpressbot.foundation.database.leases import take_lease
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.system import System
from xpressbot.foundation.times import SECOND
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.expiry import store as expiry_store
from xpressbot.identity.expiry.rules import Key, Stretch, Transient
from xpressbot.identity.sign_in.suspicious_attempts import guessing_event, take_stopped

BATCH: Final = 100
"""Rows looked at, and removed, at a time. On SQLite, a sign-in waits for one batch, some milliseconds."""
BATCHES_IN_A_ROUND: Final = 50
"""Of each kind. What is left waits for the next round."""
LEASE_TERM: Final = 150 * SECOND
"""Rounds come every minute: a process that has missed two of them is taken for dead, and another one goes on."""
_DUTY: Final = "expiry"


class RowExpiry:
    """Walks through the tables along unique keys, and remembers how far it has come.

    Looking takes no lock. Removing is a transaction for each batch, in which every row is judged again; it waits for no lock: a
    row that another transaction has locked is left for the next walk. What owes its account an event is told once that account is free,
    and goes then; sign-ins that have stopped wait until the account may be told of them again.
    """

    def __init__(self, transactions: Transactions, system: System) -> None:
        self._transactions = transactions
        self._system = system
        self._holder = system.new_id()
        self._reached: dict[Transient, Key | None] = {}

    def next_round(self) -> Mapping[Transient, int]:
        """Remove some of the outdated rows; how many of each kind. Nothing is removed while another process does so."""
        removed = Counter[Transient]()
        if self._is_ours():
            for kind in Transient:
                removed[kind] = self._sweep(kind)
        return removed

    def _is_ours(self) -> bool:
        with self._transactions.writing() as tx:
            ours = take_lease(tx, _DUTY, self._holder, self._system.now(), LEASE_TERM)
            tx.commit()
        return ours

    def _sweep(self, kind: Transient) -> int:
        removed = 0
        for _batch in range(BATCHES_IN_A_ROUND):
            stretch = self._walk_on(kind)
            removed += self._remove(kind, stretch)
            self._reached[kind] = stretch.end
            if stretch.end is None:
                break
        return removed

    def _walk_on(self, kind: Transient) -> Stretch:
        with self._transactions.reading() as tx:
            return expiry_store.walk(tx, kind, self._reached.get(kind), self._system.now(), BATCH)

    def _remove(self, kind: Transient, stretch: Stretch) -> int:
        owed = [(row.key, row.owed_to) for row in stretch.outdated if row.owed_to is not None]
        if kind is Transient.PENDING_SIGN_IN:
            removed, keys = 0, [row.key for row in stretch.outdated]
            for account_id in dict.fromkeys(account_id for _key, account_id in owed):
                self._tell_of_stopped(account_id)
        else:
            removed = sum(self._tell_and_remove(kind, key, account_id) for key, account_id in owed)
            keys = [row.key for row in stretch.outdated if row.owed_to is None]
        if keys:
            with self._transactions.writing() as tx:
                removed += expiry_store.remove(tx, kind, keys, self._system.now())
                tx.commit()
        return removed

    def _tell_of_stopped(self, account_id: str) -> None:
        """Make one event of all the sign-ins of an account that have stopped; they may go then."""
        with self._transactions.writing() as tx:
            account = account_store.lock(tx, account_id)
            now = self._system.now()
            event = None if account is None else take_stopped(tx, account_id, now, expired_by=now)
            if event is not None:
                append_event(tx, self._system.entropy, account_id, event, now)
            tx.commit()

    def _tell_and_remove(self, kind: Transient, key: Key, account_id: str) -> bool:
        """Make an event of the waits that a count still knows of: they must not be forgotten with it."""
        with self._transactions.writing() as tx:
            account = account_store.lock(tx, account_id)
            now = self._system.now()
            report = expiry_store.take_count(tx, kind, key, now)
            if report is not None and account is not None:
                append_event(tx, self._system.entropy, account_id, guessing_event(report), now)
            tx.commit()
        return report is not None
