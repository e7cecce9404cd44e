"""The settings themselves."""

from collections.abc import Sequence
from typing import Final

from xpressbot.diagnostics.check import Check, CheckRun, Finding, Problem, Severity

SETTINGS_UNUSABLE: Final = Problem("settings_unusable", Severity.ERROR)


def _check_settings(run: CheckRun) -> Sequence[Finding]:
    """Whether the service would start with them."""
    return [Finding("settings", SETTINGS_UNUSABLE, {"complaint": run.complaint})] if run.complaint else []


SETTINGS: Final = Check("settings", _check_settings, problems=(SETTINGS_UNUSABLE,))
