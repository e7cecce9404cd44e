"""Ending what an older copy of the database brings back open, before it is used."""

from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.system import System
from xpressbot.identity.administration import store as query_store
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.restore import store as restore_store
from xpressbot.identity.restore.rules import Restored


class AfterRestore:
    """Works without the key ring, which may be put in its place later."""

    def __init__(self, transactions: Transactions, system: System, kinds: Kinds) -> None:
        self._transactions = transactions
        self._system = system
        self._kinds = kinds

    def end_what_is_open(self) -> Restored:
        """End sessions, half-done sign-ins, links, unfinished set-ups and prepared recovery codes of all accounts.

        Besides, each kind of factor refuses proofs that may have been used since the backup was made. All in one transaction, which can
        be repeated.

        It leaves no security event: it happens to the installation and not to a person, and to all accounts at once.
        """
        with self._transactions.writing() as tx:
            newest = query_store.newest_moment(tx, None)
            restore_store.raise_all_security_versions(tx)
            for kind in self._kinds:
                kind.after_restore(tx, self._system.now())
            ended = restore_store.end_all(tx)
            restored = Restored(restore_store.count_accounts(tx), newest, restore_store.count_without_link(tx), ended)
            tx.commit()
        return restored
