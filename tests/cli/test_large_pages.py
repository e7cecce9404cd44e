"""A server asks the system for large pages, by beginning anew once; nobody is in its way who wants none."""

import os
import sys
from pathlib import Path

import pytest

from tests.support.command_line import Shell
from tests.support.server import serving
from xpressbot.foundation.large_pages import LARGE_PAGES, SETTING, VARIABLE, begin_anew_with_large_pages

ON_REQUEST = "always [madvise] never\n"


class BegunAnewError(Exception):
    """A process that begins anew does not go on where it was."""


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The program and arguments of each new beginning, and a process without the variable."""
    beginnings: list[list[str]] = []

    def begin(_program: str, arguments: list[str]) -> None:
        beginnings.append(arguments)
        raise BegunAnewError

    monkeypatch.setattr(os, "execv", begin)
    monkeypatch.setattr(os, "confstr", lambda _name: "glibc 2.36")
    monkeypatch.setattr(sys, "orig_argv", ["python", "-X", "utf8", "-m", "xpressbot", "serve"])
    monkeypatch.setattr(os, "environ", dict(os.environ))
    os.environ.pop(VARIABLE, None)
    return beginnings


def setting(directory: Path, content: str) -> Path:
    file = directory / "enabled"
    file.write_text(content)
    return file


def test_a_server_begins_anew_with_its_own_arguments(begun: list[list[str]], tmp_path: Path) -> None:
    """Also those of the interpreter; the second time it finds what it wanted and goes on."""
    given = setting(tmp_path, ON_REQUEST)
    with pytest.raises(BegunAnewError):
        begin_anew_with_large_pages(given)
    assert begun == [[sys.executable, "-X", "utf8", "-m", "xpressbot", "serve"]]
    assert os.environ[VARIABLE] == LARGE_PAGES
    begin_anew_with_large_pages(given)
    assert len(begun) == 1


def test_what_the_operator_has_set_stays(begun: list[list[str]], tmp_path: Path) -> None:
    """Also where it is empty."""
    os.environ[VARIABLE] = ""
    begin_anew_with_large_pages(setting(tmp_path, ON_REQUEST))
    assert (begun, os.environ[VARIABLE]) == ([], "")


@pytest.mark.parametrize("content", ["[always] madvise never\n", "always madvise [never]\n", None])
def test_where_it_would_change_nothing_nothing_is_done(content: str | None, begun: list[list[str]], tmp_path: Path) -> None:
    """Everybody has large pages, or nobody, or the system knows none."""
    begin_anew_with_large_pages(tmp_path / "none" if content is None else setting(tmp_path, content))
    assert begun == []
    assert VARIABLE not in os.environ


@pytest.mark.parametrize("library", ["glibc 2.34", "musl 1.2.5", None])
def test_another_library_is_left_alone(
    library: str | None, begun: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not know the request."""
    monkeypatch.setattr(os, "confstr", lambda _name: library)
    begin_anew_with_large_pages(setting(tmp_path, ON_REQUEST))
    assert begun == []


def test_a_server_that_may_not_begin_anew_goes_on(begun: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a sandbox that lets nothing be executed."""

    def refuse(_program: str, _arguments: list[str]) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "execv", refuse)
    begin_anew_with_large_pages(setting(tmp_path, ON_REQUEST))
    assert begun == []


@pytest.mark.parametrize("workers", [1, 2])
def test_servers_run_with_them_where_the_system_gives_them_on_request(workers: int, shell: Shell) -> None:
    """As the process that was started, and in each of its workers."""
    wanted = SETTING.exists() and "[madvise]" in SETTING.read_text()
    with serving(shell, workers=workers) as server:
        processes = [server.process.pid, *server.children()]
        given = [f"{VARIABLE}={LARGE_PAGES}".encode() in Path(f"/proc/{one}/environ").read_bytes().split(b"\0") for one in processes]
        assert set(given) == {wanted}
