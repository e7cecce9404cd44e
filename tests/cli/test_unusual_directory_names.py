"""Data and keys in directories whose names a URL, a shell or SQLite would read as something else."""

import os
from pathlib import Path

import pytest

from tests.doctor.report import run_doctor
from tests.support.command_line import Shell
from tests.support.installation import PASSWORD
from tests.support.server import serving

ODD = [
    "per%20cent",
    "what?mode=memory",
    "a#b",
    "user@host",
    "with space",
    "bücher-日本",
    "100%",
    "%",
    "a:b",
    "file:x",
    ":memory:",
    "x&y=z;'\"",
    "a\u00a0b",
]


@pytest.fixture(params=ODD)
def directory(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    directory: Path = tmp_path / request.param
    directory.mkdir(mode=0o700)
    return directory


def shell_in(place: Path, directory: Path) -> Shell:
    return Shell(place, {"XPRESSBOT_DATA_DIR": str(directory / "data"), "XPRESSBOT_KEY_FILE": str(directory / "keys" / "ring.json")})


def test_the_files_are_where_the_path_says(directory: Path, tmp_path: Path) -> None:
    """Made, backed up, restored and checked there, and nowhere else."""
    shell = shell_in(tmp_path, directory)
    made = shell.run("accounts", "create", "--email", "anna@example.com", "--name", "Anna", stdin=PASSWORD)
    assert made.code == 0, made.err
    backup = directory / "backup"
    assert shell.run("backup", str(backup)).code == 0
    data = directory / "data"
    data.rename(directory / "away")
    restored = shell.run("restore", str(backup))
    assert restored.code == 0, restored.err
    assert "Accounts that came back: 1." in restored.out
    report = run_doctor(shell)
    assert report.problems <= {"disk_low", "disk_full", "large_pages_never"}
    assert {finding["facts"]["path"] for finding in report.findings if finding["check"] == "database"} == {str(data / "xpressbot.sqlite3")}
    assert {path.name for path in directory.iterdir()} == {"data", "keys", "backup", "away"}
    assert {path.name for path in tmp_path.iterdir()} == {directory.name, "stdin", "stdout", "stderr"}


def test_a_relative_path_counts_from_the_working_directory(directory: Path, tmp_path: Path) -> None:
    """Whatever is in it."""
    shell = Shell(tmp_path, {"XPRESSBOT_DATA_DIR": f"{directory.name}/data", "XPRESSBOT_KEY_FILE": "keys/ring.json"})
    assert shell.run("accounts", "create", "--email", "anna@example.com", "--name", "Anna", stdin=PASSWORD).code == 0
    assert (directory / "data" / "xpressbot.sqlite3").is_file()


def test_a_server_in_such_a_directory_is_ready(tmp_path: Path) -> None:
    """Its check of itself looks at the same file, and its checkpoints go there."""
    directory = tmp_path / "per%20cent?a#b"
    with serving(shell_in(tmp_path, directory), workers=2) as server:
        assert server.process.poll() is None
        assert (directory / "data" / "xpressbot.sqlite3").is_file()
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [directory.name]


def test_a_database_url_stays_a_url(tmp_path: Path) -> None:
    """What is escaped in it is read as such."""
    shell = Shell(
        tmp_path,
        {
            "XPRESSBOT_DATABASE_URL": f"sqlite:///{tmp_path}/per%20cent/x.sqlite3",
            "XPRESSBOT_KEY_FILE": str(tmp_path / "keys" / "ring.json"),
        },
    )
    assert shell.run("accounts", "create", "--email", "anna@example.com", "--name", "Anna", stdin=PASSWORD).code == 0
    assert (tmp_path / "per cent" / "x.sqlite3").is_file()


def test_a_data_directory_that_is_no_text_is_refused_in_a_sentence(tmp_path: Path) -> None:
    """No URL can hold it."""
    shell = Shell(tmp_path, {"XPRESSBOT_DATA_DIR": os.fsdecode(b"/x/\xff")})
    answer = shell.run("accounts", "create", "--email", "anna@example.com", "--name", "Anna", stdin=PASSWORD)
    assert (answer.code, answer.err) == (2, "XPRESSBOT_DATA_DIR: must be a path in UTF-8.\n")


def test_a_database_behind_a_link_is_checked_with_its_log(tmp_path: Path) -> None:
    """SQLite keeps the log beside the file: the doctor must not take a database that is in use for one at rest."""
    real = shell_in(tmp_path, tmp_path / "real")
    with serving(real, workers=1) as server:
        made = real.run("accounts", "create", "--email", "anna@example.com", "--name", "Anna", stdin=PASSWORD)
        assert made.code == 0
        link = tmp_path / "link.sqlite3"
        link.symlink_to(tmp_path / "real" / "data" / "xpressbot.sqlite3")
        assert (tmp_path / "real" / "data" / "xpressbot.sqlite3-wal").stat().st_size > 0
        report = run_doctor(real.with_settings(XPRESSBOT_DATABASE_URL=f"sqlite:///{link}"))
        assert report.problems <= {"disk_low", "disk_full", "large_pages_never"}
        assert server.process.poll() is None
