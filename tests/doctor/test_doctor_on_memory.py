"""Large pages of memory, which Linux gives or refuses."""

from pathlib import Path

import pytest

from tests.doctor.conftest import sqlite_only
from tests.doctor.report import run_doctor
from tests.support.command_line import Shell
from tests.support.people import Person

pytestmark = sqlite_only


def test_a_kernel_that_gives_no_large_pages_is_noted(shell: Shell, anna: Person, kernel_setting: Path) -> None:
    """A note alone: everything works, and hashing takes about twice as long."""
    kernel_setting.write_text("always madvise [never]\n")
    report = run_doctor(shell)
    assert (report.code, report.problems) == (0, {"large_pages_never"})
    assert str(kernel_setting) in report.about("large_pages_never")["remedy"]


@pytest.mark.parametrize("content", [b"[always] madvise never\n", b"always [madvise] never\n", b"", b"\xff", None])
def test_other_values_and_systems_are_not_noted(shell: Shell, anna: Person, kernel_setting: Path, content: bytes | None) -> None:
    """Another system than Linux has no such file."""
    if content is None:
        kernel_setting.unlink()
    else:
        kernel_setting.write_bytes(content)
    report = run_doctor(shell)
    assert (report.code, report.problems) == (0, set())
