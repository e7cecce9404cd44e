"""Root runs commands on an installation of the service's user, who must be able to go on with every file afterwards."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.child_processes import fork, wait
from tests.support.command_line import Shell
from tests.support.installation import PASSWORD
from tests.support.system_users import OTHER_GROUP, SERVICE, as_root, give, owner_and_mode, reachable_directory, service_user
from xpressbot.foundation.crypto.key_ring import load_key_ring

pytestmark = as_root
CREATE = ("accounts", "create", "--email", "anna@example.com", "--name", "Anna")


@pytest.fixture
def shell() -> Iterator[Shell]:
    """Root's, with the directory of a service that was not started yet."""
    with reachable_directory() as directory:
        (directory / "var").mkdir(mode=0o700)
        give(directory / "var")
        yield Shell(directory)


@pytest.fixture
def ring(shell: Shell) -> Path:
    """The ring of an installation that the service has made by itself, with one account."""
    service = Shell(shell.directory, become=service_user())
    made = service.run(*CREATE, stdin=PASSWORD)
    assert made.code == 0, made.err
    return shell.directory / "var" / "keys" / "keyring.json"


def owners_in(directory: Path) -> set[tuple[int, int]]:
    return {owner_and_mode(path)[:2] for path in directory.rglob("*")}


def assert_the_service_goes_on(shell: Shell) -> None:
    """As its own user, with what root has left."""
    service = Shell(shell.directory, become=service_user([OTHER_GROUP]))
    added = service.run("accounts", "create", "--email", "berta@example.com", "--name", "Berta", stdin=PASSWORD)
    assert added.code == 0, added.err
    assert service.run("keys", "add").code == 0


@pytest.mark.parametrize("make", [CREATE, ("db", "upgrade")], ids=lambda make: make[1])
def test_what_root_makes_first_belongs_to_the_owner_of_the_directory(shell: Shell, make: tuple[str, ...]) -> None:
    """Database, ring, and the directories of both."""
    made = shell.run(*make, stdin=PASSWORD)
    assert made.code == 0, made.err
    assert owners_in(shell.directory / "var") == {(SERVICE, SERVICE)}
    assert (shell.directory / "var" / "data" / "xpressbot.sqlite3").is_file()
    assert_the_service_goes_on(shell)


@pytest.mark.parametrize("command", [("add",), ("add", "rotate"), ("add", "rotate", "retire")], ids=" ".join)
def test_a_ring_that_root_changes_stays_the_services(shell: Shell, ring: Path, command: tuple[str, ...]) -> None:
    """Owner, group and mode, also where they are not those that a new file would get."""
    os.chown(ring, SERVICE, OTHER_GROUP)
    ring.chmod(0o700)
    before = load_key_ring(ring)
    for name in command:
        done = shell.run("keys", name)
        assert done.code == 0, done.err
    assert owner_and_mode(ring) == (SERVICE, OTHER_GROUP, "0700")
    assert load_key_ring(ring) != before
    assert_the_service_goes_on(shell)


@pytest.mark.parametrize(
    "command", [("accounts", "list"), ("accounts", "disable", "anna@example.com"), ("backup", "copy.sqlite3"), ("doctor",)], ids=" ".join
)
def test_a_command_of_roots_leaves_no_file_of_its_own_with_the_database(shell: Shell, ring: Path, command: tuple[str, ...]) -> None:
    """Nor a log or an index of SQLite's, while the service has the database open or not."""
    with closing(_held_open_by_the_service(shell)):
        shell.run(*command)
        assert {path.name for path in (shell.directory / "var" / "data").iterdir()} > {"xpressbot.sqlite3"}
        assert owners_in(shell.directory / "var") == {(SERVICE, SERVICE)}
    shell.run(*command)
    assert owners_in(shell.directory / "var") == {(SERVICE, SERVICE)}
    assert_the_service_goes_on(shell)


def test_a_backup_that_root_makes_is_roots_and_what_it_restores_is_the_services(shell: Shell, ring: Path) -> None:
    """The service opens no backup, and the user who owns the backups' directory should not read them for that."""
    backups = shell.directory / "backups"
    backups.mkdir()
    give(backups)
    assert shell.run("backup", str(backups / "one")).code == 0
    assert owner_and_mode(backups / "one") == (0, 0, "0600")
    data = shell.directory / "var" / "data"
    data.rename(shell.directory / "away")
    restored = shell.run("restore", str(backups / "one"))
    assert restored.code == 0, restored.err
    assert owners_in(shell.directory / "var") == {(SERVICE, SERVICE)}
    assert_the_service_goes_on(shell)


def test_a_ring_whose_owner_cannot_be_kept_is_not_replaced(shell: Shell, ring: Path) -> None:
    """A user who may write to its directory, and is neither its owner nor root, is refused in a sentence."""
    os.chown(ring, SERVICE, OTHER_GROUP)
    before = ring.read_bytes()
    answer = Shell(shell.directory, become=service_user()).run("keys", "add")
    assert answer.code == 2
    assert (
        f"The key ring var/keys/keyring.json cannot be changed: it cannot be given to user {SERVICE} and group {OTHER_GROUP}" in answer.err
    )
    assert (ring.read_bytes(), owner_and_mode(ring)) == (before, (SERVICE, OTHER_GROUP, "0600"))
    assert list(ring.parent.iterdir()) == [ring]


class _held_open_by_the_service:  # noqa: N801  # it is used as a function
    """A child of the service's user that has read and written the database, and keeps it open."""

    def __init__(self, shell: Shell) -> None:
        out, ready = os.pipe()
        self._end, self._stop = os.pipe()

        def child() -> int:
            import sqlite3

            os.close(self._stop)
            service_user()()
            with closing(sqlite3.connect(shell.directory / "var" / "data" / "xpressbot.sqlite3")) as connection:
                connection.execute("UPDATE account SET name = 'A'")
                connection.commit()
                os.write(ready, b"r")
                os.read(self._end, 1)
            return 0

        self._child = fork(child)
        os.read(out, 1)
        os.close(out)
        os.close(ready)

    def close(self) -> None:
        os.close(self._stop)
        assert wait(self._child) == 0
        os.close(self._end)
