"""The settings themselves."""

from collections.abc import Sequence
from typing import Final

from xpressbot.diagnostics.check import Check, Examination, Finding, Problem, Severity

SETTINGS_UNUSABLE: Final = Problem("settings_unusable", Severity.ERROR)


def _check_settings(examination: Examination) -> Sequence[Finding]:
    """Whether the service would start with them."""
    return [Finding("settings", SETTINGS_UNUSABLE, {"complaint": examination.complaint})] if examination.complaint else []


SETTINGS: Final = Check("settings", _check_settings, problems=(SETTINGS_UNUSABLE,))
