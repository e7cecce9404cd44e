"""Ending what an older copy of the database brings back open, before anybody uses it."""

from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.system import System
from xpressbot.identity.administration import store as query_store
from xpressbot.identity.factors.totp.rules.totp import last_step_accepted_at
from xpressbot.identity.restore import store as restore_store
from xpressbot.identity.restore.rules import Restored


class AfterRestore:
    """Works without the key ring, which may be put in its place later."""

    def __init__(self, transactions: Transactions, system: System) -> None:
        self._transactions = transactions
        self._system = system

    def end_what_is_open(self) -> Restored:
        """End sessions, half-done sign-ins, links, unfinished set-ups and prepared recovery codes of all accounts.

        Besides, no code that an app has shown until now counts: one used since the backup was made is unknown to it, and
        must not be good a second time (RFC 6238 section 5.2). All in one unit of work, which can be repeated.

        It leaves no security event: it happens to the installation and not to a person, and to all accounts at once.
        """
        with self._transactions.writing() as tx:
            newest = query_store.newest_moment(tx, None)
            restore_store.void_decisions(tx, last_step_accepted_at(self._system.now()))
            ended = restore_store.end_all(tx)
            restored = Restored(restore_store.count_accounts(tx), newest, restore_store.count_without_link(tx), ended)
            tx.commit()
        return restored
