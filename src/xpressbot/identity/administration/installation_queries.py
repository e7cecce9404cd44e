"""What the operator should know of the installation's accounts, without changing anything and without seeing a secret."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.crypto.encrypted_columns import EncryptedColumn, StoredSecret, count_secrets, newest_secrets
from xpressbot.foundation.crypto.encryption import Encryption
from xpressbot.foundation.database.transaction import Reading, ReadTransactions
from xpressbot.identity.administration import store as query_store
from xpressbot.identity.factors.kind import Kinds

BATCH: Final = 500
NEWEST_TRIED: Final = 500
"""How many secrets of each kind are tried for the owner's page."""
MOST_SUSPENDED: Final = 1000
"""How many accounts with a suspended factor are named on the owner's page: the cost must not grow with the installation."""
NEWEST_SESSIONS: Final = 500
"""Among how many sessions the latest use is looked for, for the owner's page."""
MOST_NAMED: Final = 100
"""With a wrong key ring nothing opens, and a hundred rows say so as well as a million."""


@dataclass(frozen=True, slots=True)
class TriedSecrets:
    """How many encrypted secrets there are, how many were tried, how many could not be decrypted, and the first rows of these.

    When not every one was tried, `stored` says no more than that there are others.
    """

    stored: int
    tried: int
    closed: int
    rows: Sequence[str]


class InstallationQueries:
    """Reads over all accounts. With every=False each has a bound, so that it costs the same in a large installation."""

    def __init__(self, transactions: ReadTransactions, system: System, encryption: Encryption, kinds: Kinds) -> None:
        self._transactions = transactions
        self._system = system
        self._encryption = encryption
        self._kinds = kinds

    def try_secrets(self, *, every: bool) -> TriedSecrets:
        """Decrypt the newest secrets, or every one, a batch at a time. What is in them is dropped at once."""
        tried, closed, rows = 0, 0, []
        with self._transactions.reading() as tx:
            for column in self._kinds.encrypted_columns:
                for secret in _newest_first(tx, column, None if every else NEWEST_TRIED):
                    tried += 1
                    if not secret.can_be_decrypted(self._encryption):
                        closed += 1
                        rows += [f"{column.table} {secret.row_id}"] if closed <= MOST_NAMED else []
            stored = count_secrets(tx, self._kinds.encrypted_columns, None if every else NEWEST_TRIED + 1)
            return TriedSecrets(stored, tried, closed, rows)

    def expired_enrolments(self) -> int:
        """How many set-ups were begun and never finished."""
        with self._transactions.reading() as tx:
            return query_store.count_expired_enrolments(tx, self._system.now())

    def suspended(self, *, every: bool) -> Sequence[tuple[str, str]]:
        """Whose second factor is switched off after wrong codes: address, and its method. Bounded: some of them, if they are many."""
        with self._transactions.reading() as tx:
            empty_buckets = {kind.method: kind.bucket("") for kind in self._kinds}
            return query_store.suspended(tx, empty_buckets, None if every else MOST_SUSPENDED)

    def newest_moment(self, *, every: bool) -> int:
        """The latest time that stands for the present one where the last one would; 0 when none does. Bounded: in the newest sessions."""
        with self._transactions.reading() as tx:
            return query_store.newest_moment(tx, None if every else NEWEST_SESSIONS)


def _newest_first(tx: Reading, column: EncryptedColumn, most: int | None) -> Iterator[StoredSecret]:
    before, left = "", most
    while left is None or left > 0:
        batch = newest_secrets(tx, column, before, BATCH if left is None else min(BATCH, left))
        yield from batch
        if not batch:
            return
        before, left = batch[-1].row_id, None if left is None else left - len(batch)
