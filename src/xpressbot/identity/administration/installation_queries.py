"""What whoever runs the installation should know of it, without changing anything and without seeing a secret."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from xpressbot.foundation.system import System
from xpressbot.foundation.times import latest_credible
from xpressbot.identity.factors.recovery_codes.rules import FEW_CODES
from xpressbot.identity.factors.rules import AGREEMENT_MEMORY, CommonOffset, common_offset
from xpressbot.identity.factors.secrets import opens
from xpressbot.identity.factors.totp.rules.totp import latest_credible_step
from xpressbot.identity.ports import UnitOfWork, UnitsOfWork
from xpressbot.identity.re_encryption.rules import BoxTable, StoredBox
from xpressbot.identity.sessions.rules.assurance import Method

BATCH: Final = 500
NEWEST_TRIED: Final = 500
"""How many secrets of each kind are tried when somebody waits for a page."""
ACCOUNTS_LOOKED_AT: Final = 1000
"""How many accounts a page's queries asks about: its cost must not grow with the installation."""
APPS_LOOKED_AT: Final = 1000
"""Among how many apps, the newest ones, a page's queries looks for traces of a wrong clock."""
NEWEST_SESSIONS: Final = 500
"""Among how many sessions a page's queries looks for the latest use."""
MOST_NAMED: Final = 100
"""With a wrong key ring nothing opens, and a hundred rows say so as well as a million."""


@dataclass(frozen=True, slots=True)
class TriedSecrets:
    """How many sealed secrets there are, how many were tried, how many did not open, and the first rows of these.

    When not every one was tried, `stored` says no more than that there are others.
    """

    stored: int
    tried: int
    closed: int
    rows: Sequence[str]


class InstallationQueries:
    """Reads over all accounts. With every=False each has a bound, so that it costs the same in a large installation."""

    def __init__(self, units: UnitsOfWork, system: System) -> None:
        self._units = units
        self._system = system

    def try_secrets(self, *, every: bool) -> TriedSecrets:
        """Open the newest sealed secrets, or every one, a batch at a time. What is in them is dropped at once."""
        tried, closed, rows = 0, 0, []
        with self._units.read() as uow:
            for table in BoxTable:
                for box in _newest_first(uow, table, None if every else NEWEST_TRIED):
                    tried += 1
                    if not opens(uow, box):
                        closed += 1
                        rows += [f"{box.table} {box.row_id}"] if closed <= MOST_NAMED else []
            return TriedSecrets(uow.stored_boxes.count(None if every else NEWEST_TRIED + 1), tried, closed, rows)

    def expired_enrolments(self) -> int:
        """How many set-ups were begun and never finished."""
        with self._units.read() as uow:
            return uow.queries.count_expired_enrolments(self._system.now())

    def short_of_codes(self, *, every: bool) -> Sequence[tuple[str, int]]:
        """Whose recovery codes run out: address, and how many are left. Bounded: of those who have had their app longest."""
        with self._units.read() as uow:
            return uow.queries.short_of_codes(FEW_CODES, None if every else ACCOUNTS_LOOKED_AT)

    def suspended(self, *, every: bool) -> Sequence[tuple[str, Method]]:
        """Whose second factor is switched off after wrong codes: address, and which one. Bounded: some of them, if they are many."""
        with self._units.read() as uow:
            return uow.queries.suspended(None if every else ACCOUNTS_LOOKED_AT)

    def ahead(self, *, every: bool) -> Sequence[str]:
        """Whose codes are refused because one was used while a clock was ahead: address. Bounded: of the newest apps."""
        with self._units.read() as uow:
            return uow.queries.ahead_of(latest_credible_step(self._system.now()), None if every else APPS_LOOKED_AT)

    def common_offset(self, *, every: bool) -> CommonOffset | None:
        """By how much the phones of several people seem to be off, all alike, of late. Bounded: of the newest apps."""
        now = self._system.now()
        with self._units.read() as uow:
            sightings = uow.queries.sightings(now - AGREEMENT_MEMORY, latest_credible(now), None if every else APPS_LOOKED_AT)
        return common_offset(sightings)

    def newest_moment(self, *, every: bool) -> int:
        """The latest time that stands for the present one where the last one would; 0 when none does. Bounded: in the newest sessions."""
        with self._units.read() as uow:
            return uow.queries.newest_moment(None if every else NEWEST_SESSIONS)


def _newest_first(uow: UnitOfWork, table: BoxTable, most: int | None) -> Iterator[StoredBox]:
    before, left = "", most
    while left is None or left > 0:
        batch = uow.stored_boxes.newest(table, before, BATCH if left is None else min(BATCH, left))
        yield from batch
        if not batch:
            return
        before, left = batch[-1].row_id, None if left is None else left - len(batch)
