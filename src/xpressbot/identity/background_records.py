"""What jobs works on: outdated rows of all kinds, and the leases of those who do the work."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from xpressbot.identity.expiry.rules import Key, Stretch, Transient
from xpressbot.identity.restore.rules import Open
from xpressbot.identity.throttling.rules import DelayReport


class OutdatedRecords(Protocol):
    """Rows that have had their day."""

    def walk(self, kind: Transient, after: Key | None, now: int, limit: int) -> Stretch:
        """Look at the next rows of a kind, at most so many; from the first one if `after` is None."""

    def remove(self, kind: Transient, keys: Sequence[Key], now: int) -> int:
        """Remove those of these rows that are still outdated, owe nothing, and nobody is busy with; how many."""

    def take_count(self, kind: Transient, key: Key, now: int) -> DelayReport | None:
        """Remove a count of passwords of this kind that owes a report, and give the report; None when it is not outdated any more."""


class LeaseRecords(Protocol):
    """What one process at a time may do."""

    def take(self, name: str, holder: str, now: int, term: int) -> bool:
        """Begin or go on to hold a lease, for `term` from now on; False while another holder does."""


class RestoredRecords(Protocol):
    """All accounts of a database that was put in the place of a newer one."""

    def count_accounts(self) -> int: ...

    def count_without_link(self) -> int:
        """Of how many accounts 2FA was reset and is not set up again."""

    def void_decisions(self, last_step: int) -> None:
        """Raise every security version, and refuse the codes of every app up to this time step."""

    def end_all(self) -> Mapping[Open, int]:
        """Remove whatever is open; how many rows of each kind."""
