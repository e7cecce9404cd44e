"""xpressbot doctor."""

import json
import os
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final

import typer

from xpressbot.diagnostics.check import WORKERS_FIELD, ConnectionDemand, Finding, Severity
from xpressbot.diagnostics.doctor import Doctor
from xpressbot.entrypoints.cli.installation import FAILED, MISCONFIGURED, MOST_WORKERS
from xpressbot.entrypoints.messages.findings.advice import advice, widest_severity
from xpressbot.entrypoints.messages.translation import ENGLISH
from xpressbot.foundation.database.engine import has_single_writer
from xpressbot.foundation.database.read_only import open_for_reading
from xpressbot.foundation.logging import configure_logging
from xpressbot.foundation.settings import load_usable_settings
from xpressbot.foundation.threads.worker_pools import Pools, available_cores

FORMAT: Final = 1
"""Of the JSON; a change that a reader could stumble over raises it."""
_EXIT_CODES: Final = {Severity.ERROR: MISCONFIGURED, Severity.WARNING: FAILED}
_MARGIN: Final = widest_severity(ENGLISH) + 2


def doctor_command(doctor: Doctor, workers_variable: str) -> Callable[..., None]:
    """Make the command. `workers_variable` names where the number of workers stands by default, as for `serve`."""

    def run_doctor(
        workers: Annotated[int | None, typer.Option(min=1, max=MOST_WORKERS, help="Worker processes of this node.")] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,  # noqa: FBT002  # typer hands it over so
    ) -> None:
        """Tell what is wrong with this installation, and how to mend it. Changes nothing."""
        settings, defaulted, complaint = load_usable_settings()
        if workers is None:
            workers = _workers(os.environ.get(workers_variable, ""))
        if workers is None:
            workers, defaulted = 1, defaulted | {WORKERS_FIELD}
            complaint = f"{complaint} {workers_variable}: must be a whole number from 1 to {MOST_WORKERS}.".strip()
        configure_logging(json_lines=settings.log_format == "json", level="ERROR")
        database = open_for_reading(settings.url)
        pools = Pools.for_cores(available_cores(), workers, single_writer=has_single_writer(settings.url))
        demand = ConnectionDemand(workers, pools.threads)
        findings = doctor.run(settings, database, demand, thorough=True, defaulted=defaulted, complaint=complaint)
        typer.echo(_as_json(findings) if as_json else _as_text(findings))
        raise typer.Exit(_EXIT_CODES.get(_worst(findings), 0))

    return run_doctor


def _workers(text: str) -> int | None:
    """The number of workers that the environment tells `serve`: one if none, None if it is unusable."""
    try:
        workers = int(text or "1")
    except ValueError:
        return None
    return workers if 1 <= workers <= MOST_WORKERS else None


def _worst(findings: Sequence[Finding]) -> Severity:
    order = list(Severity)
    return max((finding.severity for finding in findings), key=order.index)


def _as_text(findings: Sequence[Finding]) -> str:
    lines = []
    for finding in findings:
        said = advice(ENGLISH, finding)
        lines.append(f"{said.severity:{_MARGIN}}{said.title}: {said.what}")
        if said.remedy:
            lines.append(f"{'':{_MARGIN}}{said.remedy}")
    return "\n".join(lines)


def _as_json(findings: Sequence[Finding]) -> str:
    return json.dumps({"format": FORMAT, "worst": _worst(findings).value, "findings": [_entry(finding) for finding in findings]}, indent=1)


def _entry(finding: Finding) -> dict[str, Any]:
    said = advice(ENGLISH, finding)
    return {
        "check": finding.check,
        "severity": finding.severity.value,
        "problem": finding.problem and finding.problem.code,
        "what": said.what,
        "remedy": said.remedy,
        "facts": dict(finding.facts),
    }
