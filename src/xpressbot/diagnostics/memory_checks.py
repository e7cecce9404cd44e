"""Memory: whether the system gives it in the large pages in which a password hash takes about half the time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from xpressbot.diagnostics.check import Check, CheckRun, Finding, Problem, Severity

LARGE_PAGES_NEVER: Final = Problem("large_pages_never", Severity.NOTE)

KERNEL_SETTING: Final = Path("/sys/kernel/mm/transparent_hugepage/enabled")
"""Linux's own. It brackets the value that is in force: always, madvise (on request, as glibc makes it), or never."""


def _check_large_pages(_run: CheckRun) -> Sequence[Finding]:
    """Whether the system gives large pages. What the server asks for is its environment's, and this may run in another one."""
    try:
        values = KERNEL_SETTING.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    return [Finding("large_pages", LARGE_PAGES_NEVER, {"file": str(KERNEL_SETTING)})] if "[never]" in values else []


LARGE_PAGES: Final = Check("large_pages", _check_large_pages, problems=(LARGE_PAGES_NEVER,))
