"""Who can reach the files: by the directories above them, as the owner of a part, and what the remedies are typed as."""

import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.doctor.conftest import sqlite_only
from tests.doctor.report import run_doctor
from tests.support.command_line import Shell
from tests.support.installation import Installation
from tests.support.people import Person

OTHER_USER = 4711
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture
def place(installation: Installation, anna: Person, tmp_path: Path) -> Path:
    """Where the directories of keys and data of a stopped service lie, a directory further down."""
    installation.close()
    place = tmp_path / "upper" / "lower"
    place.mkdir(mode=0o700, parents=True)
    (tmp_path / "upper").chmod(0o700)
    for name in ("keys", "data"):
        (tmp_path / name).rename(place / name)
    return place


@pytest.fixture
def moved(shell: Shell, place: Path) -> Shell:
    """The shell, with settings for that place."""
    return set_to(shell, place)


def set_to(shell: Shell, place: Path) -> Shell:
    return shell.with_settings(
        XPRESSBOT_KEY_FILE=str(place / "keys" / "keyring.json"), XPRESSBOT_DATABASE_URL=f"sqlite:///{place}/data/xpressbot.sqlite3"
    )


@sqlite_only
@pytest.mark.parametrize("mode", [0o777, 0o720, 0o702])
@pytest.mark.parametrize("above", [0, 1], ids=["parent", "grandparent"])
def test_a_directory_above_in_which_others_can_write_is_told(moved: Shell, place: Path, mode: int, above: int) -> None:
    """They can put another directory of keys or data in the place of ours, whatever its own mode."""
    open_to_others = [place, place.parent][above]
    open_to_others.chmod(mode)
    report = run_doctor(moved)
    assert (report.code, report.problems) == (2, {"parent_directory_writable"})
    said = report.about("parent_directory_writable")
    assert said["facts"] == {"path": str(open_to_others), "mode": f"{mode:04o}"}
    assert said["remedy"] == f"Run: chmod go-w {open_to_others}"


@sqlite_only
def test_in_a_sticky_directory_above_others_move_nothing(moved: Shell, place: Path) -> None:
    """As /tmp is."""
    place.chmod(0o1777)
    assert run_doctor(moved).code == 0


@sqlite_only
def test_the_way_by_a_link_is_looked_at_as_well(shell: Shell, place: Path, tmp_path: Path) -> None:
    """An attacker who may replace the link needs not touch what it leads to."""
    links = tmp_path / "links"
    links.mkdir()
    (links / "here").symlink_to(place)
    links.chmod(0o777)
    report = run_doctor(set_to(shell, links / "here"))
    assert report.about("parent_directory_writable")["facts"]["path"] == str(links)


@as_root
@sqlite_only
@pytest.mark.parametrize("name", ["keys", "keys/keyring.json", "data", "data/xpressbot.sqlite3"])
def test_a_part_that_is_another_users_is_told_to_root(moved: Shell, place: Path, name: str) -> None:
    """Root runs the doctor for the service's user, whichever it is: all must be one user's."""
    os.chown(place / name, OTHER_USER, -1)
    report = run_doctor(moved)
    assert (report.code, report.problems) == (2, {"owners_differ"})
    owners = {entry["path"]: entry["owner"] for entry in report.about("owners_differ")["facts"]["owners"]}
    assert [path for path, owner in owners.items() if owner == str(OTHER_USER)] == [str(place / name)]
    assert len(owners) == 4
    assert report.about("owners_differ")["remedy"].endswith(f"chown USER {shlex.join(owners)}")


@as_root
@sqlite_only
def test_what_is_all_one_users_is_well_for_root(moved: Shell, place: Path) -> None:
    """It needs not be root's."""
    for path in (place / "keys", place / "data", *(place / "keys").iterdir(), *(place / "data").iterdir()):
        os.chown(path, OTHER_USER, -1)
    assert run_doctor(moved).code == 0


@as_root
def test_a_key_directory_of_another_user_is_told_with_either_database(shell: Shell, installation: Installation, anna: Person) -> None:
    """The ring can be replaced by the user who owns its directory."""
    os.chown(installation.services.settings.key_file.parent, OTHER_USER, -1)
    assert run_doctor(shell).problems == {"owners_differ"}


def test_what_is_all_another_users_is_told_to_any_user_but_root(shell: Shell, anna: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's user runs the doctor, and the files should be its own."""
    monkeypatch.setattr(os, "geteuid", lambda: OTHER_USER)
    report = run_doctor(shell)
    assert (report.code, report.problems) == (2, {"owners_differ"})


@sqlite_only
@pytest.mark.parametrize(
    ("name", "problem", "breaks"),
    [
        ("keys/keyring.json", "key_ring_open_to_others", lambda place: (place / "keys/keyring.json").chmod(0o644)),
        ("keys", "key_directory_writable", lambda place: (place / "keys").chmod(0o770)),
        ("data", "data_directory_writable", lambda place: (place / "data").chmod(0o770)),
        ("", "parent_directory_writable", lambda place: place.chmod(0o777)),
    ],
)
def test_paths_in_remedies_are_typed_as_a_shell_takes_them(
    shell: Shell, place: Path, name: str, problem: str, breaks: Callable[[Path], None]
) -> None:
    """Blanks and what a shell would obey stay a part of the path."""
    odd = place.with_name("my data; $(id)'s")
    shutil.move(place, odd)
    (odd / "data" / "xpressbot.sqlite3").chmod(0o600)
    breaks(odd)
    said = run_doctor(set_to(shell, odd)).about(problem)
    assert shlex.split(said["remedy"])[-1] == str(odd / name)
    assert str(odd / name) in said["what"]
