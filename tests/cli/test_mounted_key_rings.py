"""A key ring that is given to the service and not its own: a mounted secret, or root's file that the service's group may read."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.doctor.report import Report, run_doctor
from tests.support.child_processes import fork, wait
from tests.support.command_line import Shell
from tests.support.installation import PASSWORD
from tests.support.system_users import (
    OTHER_GROUP,
    SERVICE,
    as_root,
    give,
    owner_and_mode,
    reachable_directory,
    service_user,
    with_read_only,
)
from xpressbot.foundation.crypto.key_ring import KeyRingError, load_key_ring

pytestmark = as_root
CREATE = ("accounts", "create", "--email", "anna@example.com", "--name", "Anna")
MACHINE = {"disk_low", "disk_full", "large_pages_never"}


@pytest.fixture
def service() -> Iterator[Shell]:
    """The service's, who is in a further group; with data of its own, and an account in them."""
    with reachable_directory() as directory:
        (directory / "var").mkdir(mode=0o700)
        give(directory / "var")
        service = Shell(directory, become=service_user([OTHER_GROUP]))
        made = service.run(*CREATE, stdin=PASSWORD)
        assert made.code == 0, made.err
        yield service


@pytest.fixture
def secret(service: Shell) -> Path:
    """The ring as Kubernetes mounts one: root's, for a group, behind two links, in a directory that all may write to."""
    mount = service.directory / "secret"
    (mount / "..2026").mkdir(parents=True)
    (mount / "..data").symlink_to("..2026")
    (mount / "keyring.json").symlink_to("..data/keyring.json")
    (service.directory / "var" / "keys" / "keyring.json").rename(mount / "..2026" / "keyring.json")
    give(mount, 0, OTHER_GROUP)
    (mount / "keyring.json").chmod(0o440)
    mount.chmod(0o1777)
    return mount / "keyring.json"


def mounted(service: Shell, secret: Path) -> Shell:
    """The service's, for which the secret is mounted read-only."""
    with_secret = service.with_settings(XPRESSBOT_KEY_FILE=str(secret))
    return Shell(service.directory, with_secret.settings, become=with_read_only(secret.parent, service.become))


def test_a_mounted_secret_of_the_services_group_is_taken(service: Shell, secret: Path) -> None:
    """Mode 0440, root's, read-only: the doctor notes it, and nothing is wrong."""
    shell = mounted(service, secret)
    listed = shell.run("accounts", "list")
    assert (listed.code, listed.err) == (0, "")
    report = run_doctor(shell)
    assert report.problems - MACHINE == {"key_ring_read_only"}
    noted = report.about("key_ring_read_only")
    assert (noted["severity"], noted["facts"]) == ("note", {"path": str(secret), "mode": "0440", "group": str(OTHER_GROUP)})


@pytest.mark.parametrize("command", ["add", "retire"])
@pytest.mark.parametrize("writable", [False, True], ids=["mode 0440", "mode 0640"])
def test_keys_of_a_mounted_secret_are_changed_where_it_comes_from(service: Shell, secret: Path, command: str, writable: bool) -> None:
    """A sentence says so, to root as well, and neither file nor database is changed; a rotation needs no change of the file."""
    secret.chmod(0o640 if writable else 0o440)
    before = secret.read_bytes()
    shell = mounted(service, secret)
    for user in (shell, Shell(shell.directory, shell.settings, become=with_read_only(secret.parent))):
        refused = user.run("keys", command)
        assert refused.code == 2
        assert f"The key ring {secret} is read-only here. Change it where it comes from" in refused.err
        assert user.run("keys", "rotate").code == 0
    assert secret.read_bytes() == before


def test_a_ring_without_write_bits_is_not_changed_by_root_either(service: Shell) -> None:
    """Root could, and an operator who took the bits away has decided otherwise."""
    ring = service.directory / "var" / "keys" / "keyring.json"
    ring.chmod(0o400)
    before = ring.read_bytes()
    refused = Shell(service.directory).run("keys", "add")
    assert refused.code == 2
    assert "is read-only here" in refused.err
    assert (ring.read_bytes(), owner_and_mode(ring)) == (before, (SERVICE, SERVICE, "0400"))


@pytest.mark.parametrize(
    ("mode", "group", "read_only", "accepted"),
    [
        (0o400, 0, False, True),
        (0o600, 0, True, True),
        (0o440, OTHER_GROUP, False, True),
        (0o440, SERVICE, False, True),
        (0o640, OTHER_GROUP, True, True),
        (0o640, OTHER_GROUP, False, False),
        (0o440, 0, True, False),
        (0o450, OTHER_GROUP, True, False),
        (0o460, OTHER_GROUP, True, False),
        (0o444, OTHER_GROUP, True, False),
        (0o444, OTHER_GROUP, False, False),
        (0o404, OTHER_GROUP, True, False),
    ],
)
def test_which_modes_are_accepted(service: Shell, mode: int, group: int, read_only: bool, accepted: bool) -> None:
    """As operations.md has them: the owner alone, or a group of the service's where the file or its mount is read-only."""
    ring = service.directory / "var" / "keys" / "keyring.json"
    os.chown(ring, SERVICE, group)
    ring.chmod(mode)
    become = with_read_only(ring.parent, service.become) if read_only else service.become
    assert loads(ring, become) is accepted
    report = run_doctor(Shell(service.directory, become=become))
    refused = {"key_ring_open_to_others", "key_ring_mounted_open_to_others"}
    assert bool(report.problems & refused) is not accepted


def test_root_takes_a_ring_of_any_group(service: Shell, secret: Path) -> None:
    """It acts for the service's user, and does not know that user's groups; what the world may read it refuses as well."""
    assert loads(secret, lambda: None)
    secret.chmod(0o444)
    assert not loads(secret, lambda: None)


def test_a_mounted_secret_that_the_world_may_read_is_refused_with_what_can_be_done(service: Shell, secret: Path) -> None:
    """`chmod 600` cannot: the mode is set where it is mounted from."""
    secret.chmod(0o444)
    shell = mounted(service, secret)
    refused = shell.run("accounts", "list")
    assert refused.code == 2
    assert refused.err == (
        f"The key ring {secret} can be read by others (mode 0444). It is mounted read-only: give it mode 0400 where it comes from, or"
        " 0440 with a group of the service's user.\n"
    )
    report = run_doctor(shell)
    assert report.problems - MACHINE == {"key_ring_mounted_open_to_others"}
    assert "chmod" not in report.about("key_ring_mounted_open_to_others")["remedy"]


@pytest.mark.parametrize("owner", [0, OTHER_GROUP], ids=["root", "another_user"])
def test_whose_a_read_only_ring_may_be(service: Shell, owner: int) -> None:
    """Root's, who can do anything; anybody else could change it, and the doctor says so."""
    keys = service.directory / "var" / "keys"
    give(keys, owner, OTHER_GROUP)
    keys.chmod(0o750)
    (keys / "keyring.json").chmod(0o440)
    assert service.run("accounts", "list").code == 0
    assert_owners(run_doctor(service), owner)


def assert_owners(report: Report, owner: int) -> None:
    expected = {"key_ring_read_only"} if owner == 0 else {"key_ring_read_only", "owners_differ"}
    assert report.problems - MACHINE == expected


def loads(ring: Path, become: Callable[[], None]) -> bool:
    """Whether a process that has become something takes the ring."""

    def child() -> int:
        become()
        try:
            load_key_ring(ring)
        except KeyRingError as error:
            return 1 if "can be read by others" in str(error) or "Permission denied" in str(error) else 2
        return 0

    code = wait(fork(child))
    assert code in (0, 1)
    return code == 0
