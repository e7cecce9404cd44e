"""What a check of the doctor is, what it is given, and what it finds. Each package defines its own checks and problems."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from xpressbot.foundation.crypto.key_ring import KeyRing
from xpressbot.foundation.database.engine import Database
from xpressbot.foundation.database.read_only import database_file
from xpressbot.foundation.settings import Settings

WORKERS_FIELD: Final = "workers"
"""Among the fields that were replaced by defaults, the number of workers: it is no setting of ours, but a check rests on it."""


class Severity(StrEnum):
    """How much a finding matters. Only warnings and errors call for the operator."""

    OK = "ok"
    NOTE = "note"
    SKIPPED = "skipped"
    """Not checked, because of an error that another check tells."""
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that a check can find. The code is the problem's name in the JSON, and keeps its meaning."""

    code: str
    severity: Severity


NOT_CHECKED: Final = Problem("not_checked", Severity.SKIPPED)
CHECK_FAILED: Final = Problem("check_failed", Severity.ERROR)
COMMON_PROBLEMS: Final = (NOT_CHECKED, CHECK_FAILED)
"""What any check can end with, whatever it is about."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check says: one problem, or with none that all is well. The facts go into its words; none is a secret."""

    check: str
    problem: Problem | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return Severity.OK if self.problem is None else self.problem.severity


@dataclass(frozen=True, slots=True)
class ConnectionDemand:
    """How many connections this node may open."""

    workers: int
    threads: int

    @property
    def connections(self) -> int:
        """One for each thread of each worker."""
        return self.workers * self.threads


@dataclass(slots=True)
class CheckRun:
    """One run of the checks over an installation: what they look at, and what the earlier ones have found.

    thorough: read a SQLite file from end to end and look at every account and secret, instead of a bounded number of them.
    complaint: what is wrong with the settings.
    """

    settings: Settings
    database: Database
    demand: ConnectionDemand
    now: Callable[[], int]
    thorough: bool
    complaint: str = ""
    key_ring: KeyRing | None = None
    """The ring that was read, empty where none was made yet; None as long as it is not known."""
    _lines: dict[str, Sequence[Finding]] = field(default_factory=dict, init=False)

    @property
    def database_file(self) -> Path | None:
        """Where SQLite keeps the database; None for PostgreSQL."""
        return database_file(self.settings.url)

    @property
    def findings(self) -> Sequence[Finding]:
        """What was found so far, in the order of the checks."""
        return [finding for line in self._lines.values() for finding in line]

    def add(self, name: str, findings: Sequence[Finding]) -> None:
        """Add what a check found, to what another one of the same name has found before it."""
        self._lines[name] = _of_one_line([*self._lines.get(name, ()), *findings])

    def is_well(self, name: str) -> bool:
        """Whether the checks of this name, which have been made, found nothing."""
        return all(finding.problem is None for finding in self._lines[name])

    def has_found(self, problem: Problem) -> bool:
        """Whether this problem is among what was found so far."""
        return any(finding.problem == problem for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that the doctor looks at.

    name: what the report calls it; two checks with one name make one line of the report.
    find: looks, and changes nothing. When it finds nothing, all is well.
    problems: everything that it can find.
    needs: the checks that are made before this one, and without whose being well it is not made.
    fields: the settings that it rests on. Where one was replaced by its default, it would look at something else.
    """

    name: str
    find: Callable[[CheckRun], Sequence[Finding]]
    problems: tuple[Problem, ...] = ()
    needs: tuple[str, ...] = ()
    fields: frozenset[str] = frozenset()


def said_by(error: Exception) -> str:
    """The first line of what a library said."""
    text = str(getattr(error, "orig", None) or error)
    return text.strip().partition("\n")[0] or type(error).__name__


def _of_one_line(findings: Sequence[Finding]) -> Sequence[Finding]:
    """All that is wrong; if nothing is, that all is well, once; if nothing was looked at, why not."""
    wrong = [finding for finding in findings if finding.problem not in {None, NOT_CHECKED}]
    return wrong or [finding for finding in findings if finding.problem is None][:1] or findings[:1]
