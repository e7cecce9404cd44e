"""Large pages for large blocks of memory. glibc asks the system for them if it is told so when a process begins."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

VARIABLE: Final = "GLIBC_TUNABLES"
LARGE_PAGES: Final = "glibc.malloc.hugetlb=1"
_FIRST_RELEASE: Final = (2, 35)
_ON_REQUEST: Final = "[madvise]"
SETTING: Final = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def begin_anew_with_large_pages(setting: Path = SETTING) -> None:
    """Begin this process's program anew, with its arguments, where it gets large pages then and has none now.

    Whoever has set the variable has decided otherwise. setting: where the system says who gets large pages.
    """
    if VARIABLE in os.environ or not (_knows_large_pages() and _are_given_on_request(setting)):
        return
    os.environ[VARIABLE] = LARGE_PAGES
    with suppress(OSError):
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  # our own program, with our own arguments


def _knows_large_pages() -> bool:
    try:
        name, release = str(os.confstr("CS_GNU_LIBC_VERSION")).split()
    except (ValueError, AttributeError):  # another C library, or another system
        return False
    return name == "glibc" and tuple(map(int, release.split("."))) >= _FIRST_RELEASE


def _are_given_on_request(setting: Path) -> bool:
    try:
        return _ON_REQUEST in setting.read_text("ascii")
    except OSError:
        return False
