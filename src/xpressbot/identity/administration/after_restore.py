"""Ending what an older copy of the database brings back open, before it is used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.rows_at_restore import AtRestore, end_rows
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.administration import store as query_store
from xpressbot.identity.factors.kind import Kinds


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restored database holds: how many accounts, and when its newest record was made, 0 where none says so.

    ended: how many rows of each kind are gone. without_link: of how many accounts 2FA was reset and is not set up again,
    so that they need another link.
    """

    accounts: int
    newest_record: int
    without_link: int
    ended: Mapping[str, int]


class AfterRestore:
    """Works without the key ring, which may be put in its place later."""

    def __init__(self, transactions: Transactions, system: System, kinds: Kinds, tables: Sequence[AtRestore]) -> None:
        """tables: what becomes of the rows of all packages and kinds."""
        self._transactions = transactions
        self._system = system
        self._kinds = kinds
        self._tables = tables

    def end_what_is_open(self) -> Restored:
        """End what lets people in or waits for them, of all accounts: each package says what.

        Besides, each kind of factor refuses proofs that may have been used since the backup was made. All in one transaction, which can
        be repeated.

        It leaves no security event: it happens to the installation and not to a person, and to all accounts at once.
        """
        with self._transactions.writing() as tx:
            newest = query_store.newest_moment(tx, None)
            account_store.raise_all_security_versions(tx)
            for kind in self._kinds:
                kind.after_restore(tx, self._system.now())
            ended = end_rows(tx, self._tables)
            restored = Restored(query_store.count_accounts(tx), newest, query_store.count_without_link(tx), ended)
            tx.commit()
        return restored
