"""What xpressbot doctor says, read as a script reads it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.support.command_line import Answer, Shell

MAIL_SERVER = {"XPRESSBOT_SMTP_URL": "smtps://mail.example.com", "XPRESSBOT_MAIL_FROM": "bot@example.com"}
"""One that nothing is sent to: without one, every report would have a note."""


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
    """Run the doctor, for JSON, with a mail server in the settings where they do not say otherwise."""
    return report_of(replace(shell, settings=MAIL_SERVER | {**shell.settings}).run("doctor", "--json", *arguments))


def report_of(answer: Answer) -> Report:
    """Whatever is wrong, it is told in the report and nowhere else."""
    assert answer.err == ""
    return Report(answer.code, json.loads(answer.out)["findings"])
