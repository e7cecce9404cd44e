"""What xpressbot doctor says, read as a script reads it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.command_line import Answer, Shell


@dataclass(frozen=True)
class Report:
    """The exit code and the findings by check."""

    code: int
    findings: list[Mapping[str, Any]]

    @property
    def problems(self) -> set[str]:
        """Everything that is not well, what was skipped for it aside."""
        return {finding["problem"] for finding in self.findings} - {None, "not_checked"}

    def about(self, problem: str) -> Mapping[str, Any]:
        """The one finding with this problem."""
        (finding,) = [finding for finding in self.findings if finding["problem"] == problem]
        return finding

    def severity_of(self, check: str) -> str:
        """How the one finding of a check is rated."""
        (finding,) = [finding for finding in self.findings if finding["check"] == check]
        severity: str = finding["severity"]
        return severity


def run_doctor(shell: Shell, *arguments: str) -> Report:
    """Run the doctor, for JSON."""
    return report_of(shell.run("doctor", "--json", *arguments))


def report_of(answer: Answer) -> Report:
    """Whatever is wrong, it is told in the report and nowhere else."""
    assert answer.err == ""
    return Report(answer.code, json.loads(answer.out)["findings"])
