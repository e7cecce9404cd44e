"""Findings in words: what is wrong, and how to mend it."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from xpressbot.diagnostics.check import CHECK_FAILED, NOT_CHECKED, Finding, Severity
from xpressbot.entrypoints.messages.findings import accounts, chat, database, factors, files, mail, network
from xpressbot.entrypoints.messages.findings.words import CheckWords, ProblemWords, listed
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.foundation.logging import printable

SEVERITIES: Final[Mapping[Severity, str]] = {
    Severity.OK: N_("OK"),
    Severity.NOTE: N_("Note"),
    Severity.SKIPPED: N_("Not checked"),
    Severity.WARNING: N_("Warning"),
    Severity.ERROR: N_("Error"),
}
_PATHS: Final = frozenset({"path", "directory", "owners"})
"""The facts that stand in commands."""


def _title_of(texts: Texts, check: str) -> str:
    return texts.gettext(CHECKS[check].title)


CHECKS: Final[dict[str, CheckWords]] = {
    **database.CHECKS,
    **files.CHECKS,
    **network.CHECKS,
    **mail.CHECKS,
    **accounts.CHECKS,
    **factors.CHECKS,
    **chat.CHECKS,
}
"""The words of every check, by its name."""

PROBLEMS: Final[dict[str, ProblemWords]] = {
    NOT_CHECKED.code: ProblemWords(N_("Not looked at before this is mended: %(because)s."), "", {"because": _title_of}),
    CHECK_FAILED.code: ProblemWords(
        N_("This could not be checked: %(error)s."),
        N_("Run xpressbot doctor on the server, and look into its log lines. If they show no cause outside, it is a fault of XpressBot."),
    ),
    **database.PROBLEMS,
    **files.PROBLEMS,
    **network.PROBLEMS,
    **mail.PROBLEMS,
    **accounts.PROBLEMS,
    **factors.PROBLEMS,
    **chat.PROBLEMS,
}
"""The words of every problem, by its code."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A finding as people read it. A remedy is there only where something is wrong."""

    severity: str
    title: str
    what: str
    remedy: str


def advice(texts: Texts, finding: Finding) -> Advice:
    """Put a finding into words. Of what it names, a terminal must obey nothing, and a page must be able to send all."""
    words = _well(finding) if finding.problem is None else PROBLEMS[finding.problem.code]
    spoken = {name: printable(_spoken(texts, words, name, value)) for name, value in finding.facts.items()}
    typed = {name: printable(_typed(value)) for name, value in finding.facts.items() if name in _PATHS}
    return Advice(
        texts.gettext(SEVERITIES[finding.severity]),
        _title_of(texts, finding.check),
        texts.gettext(words.what) % spoken,
        # An empty text would be answered with the catalogue's header.
        texts.gettext(words.remedy) % (spoken | typed) if words.remedy else "",
    )


def widest_severity(texts: Texts) -> int:
    """How many characters the longest word for a severity has."""
    return max(len(texts.gettext(word)) for word in SEVERITIES.values())


def _well(finding: Finding) -> ProblemWords:
    well = CHECKS[finding.check].well
    return ProblemWords(well if isinstance(well, str) else well(finding.facts), "")


def _spoken(texts: Texts, words: ProblemWords, name: str, value: Any) -> str:
    if name in words.said:
        return words.said[name](texts, value)
    return listed(texts, value) if isinstance(value, list) else str(value) or texts.gettext("empty")


def _typed(value: Any) -> str:
    """Paths as a shell takes them: one, or those of a list of owners."""
    return shlex.quote(value) if isinstance(value, str) else shlex.join(entry["path"] for entry in value)
