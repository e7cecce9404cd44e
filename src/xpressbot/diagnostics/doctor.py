"""The doctor makes every check that can be made, whatever the others find."""

from collections.abc import Sequence

import structlog
from sqlalchemy.exc import SQLAlchemyError

from xpressbot.diagnostics.check import CHECK_FAILED, COMMON_PROBLEMS, NOT_CHECKED, Check, CheckRun, ConnectionDemand, Finding, said_by
from xpressbot.diagnostics.settings_checks import SETTINGS
from xpressbot.foundation.clock import Clock
from xpressbot.foundation.database.engine import Database
from xpressbot.foundation.settings import Settings

_LOG = structlog.get_logger("xpressbot.diagnostics")


class Doctor:
    """Makes checks in the order in which they are registered, which is the order of the report.

    Raises ValueError when a check needs one that does not come before it.
    """

    def __init__(self, clock: Clock, checks: Sequence[Check]) -> None:
        self._clock = clock
        self._checks = tuple(checks)
        made: set[str] = set()
        for check in self._checks:
            if missing := set(check.needs) - made:
                raise ValueError(f"the check {check.name} needs {', '.join(sorted(missing))} before it")
            made.add(check.name)

    def run(
        self,
        settings: Settings,
        database: Database,
        demand: ConnectionDemand,
        *,
        thorough: bool,
        defaulted: frozenset[str] = frozenset(),
        complaint: str = "",
    ) -> Sequence[Finding]:
        """The findings of all checks. `complaint` is what is wrong with the settings, `defaulted` the fields that have defaults for it."""
        run = CheckRun(settings, database, demand, self._clock.now, thorough=thorough, complaint=complaint)
        for check in self._checks:
            run.add(check.name, _findings(check, run, defaulted))
        return run.findings


def _findings(check: Check, run: CheckRun, defaulted: frozenset[str]) -> Sequence[Finding]:
    """Make one check, or tell why it is not made. It failed when it raises, or finds what it does not declare."""
    because = SETTINGS.name if check.fields & defaulted else next((need for need in check.needs if not run.is_well(need)), None)
    if because is not None:
        return [Finding(check.name, NOT_CHECKED, {"because": because})]
    try:
        findings = check.find(run) or [Finding(check.name)]
        _refuse_undeclared(check, findings)
    except (SQLAlchemyError, OSError) as error:
        _LOG.warning("diagnostics.not_possible", check=check.name, error=type(error).__name__)
        return [Finding(check.name, CHECK_FAILED, {"error": said_by(error)})]
    except Exception as error:  # noqa: BLE001  # one check's bug must hide neither the others nor the page they stand on
        _LOG.exception("diagnostics.failed", check=check.name)
        return [Finding(check.name, CHECK_FAILED, {"error": type(error).__name__})]
    return findings


def _refuse_undeclared(check: Check, findings: Sequence[Finding]) -> None:
    """Only what a check declares is known to have words and a line in docs/doctor.md."""
    for finding in findings:
        if finding.check != check.name or finding.problem not in {None, *check.problems, *COMMON_PROBLEMS}:
            raise LookupError(f"the check {check.name} does not declare {finding}")
