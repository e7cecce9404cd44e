"""xpressbot keys: add, rotate, retire, on a database with people in it, while another process has it open."""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.support.child_processes import fork, fork_together, wait
from tests.support.command_line import Shell
from tests.support.installation import PASSWORD, Installation
from tests.support.optional import present
from tests.support.people import Person, completed, pending, protected
from tests.support.settable_system import SettableClock
from tests.support.stored_secrets import keys_in_use
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.crypto.key_ring import (
    KEY_BYTES,
    KeyRingError,
    change_key_ring,
    create_key_ring,
    held_key_ring,
    load_key_ring,
    new_key_ring,
    with_key,
    with_only,
)
from xpressbot.identity.factors.recovery_codes.kind import RecoveryCodeText
from xpressbot.identity.factors.recovery_codes.rules import parse_code
from xpressbot.identity.factors.totp.kind import TotpCode

KEYS_EACH = 5


@pytest.fixture
def shell(tmp_path: Path, installation: Installation) -> Shell:
    settings = installation.services.settings
    return Shell(tmp_path, {"XPRESSBOT_KEY_FILE": str(settings.key_file), "XPRESSBOT_DATABASE_URL": settings.database_url})


def ring_of(services: Services) -> list[str]:
    return list(load_key_ring(services.settings.key_file).keys)


def can_sign_in(services: Services, person: Person, code: int) -> bool:
    """With the app and with a recovery code, through the worker that is running."""
    assert isinstance(services.clock, SettableClock)
    services.clock.advance(seconds=60)
    completed(services, pending(services, person.account.email), TotpCode(person.phone.code()))
    characters = parse_code(person.codes[code])
    assert characters is not None
    completed(services, pending(services, person.account.email), RecoveryCodeText(characters))
    return True


def test_a_key_is_added_rotated_to_and_the_old_one_retired(installation: Installation, shell: Shell) -> None:
    """Everything ends on the new key, the old one is gone, and a worker that still had the old ring goes on."""
    services = installation.services
    anna = protected(services)
    (old,) = ring_of(services)
    assert keys_in_use(services) == {old}

    assert shell.run("keys", "add").code == 0
    assert [old] == ring_of(services)[:1]
    new = ring_of(services)[1]
    assert shell.run("keys", "rotate").code == 0
    assert keys_in_use(services) == {new}
    assert can_sign_in(services, anna, 0)

    assert shell.run("keys", "retire").code == 0
    assert ring_of(services) == [new]
    assert services.settings.key_file.stat().st_mode & 0o777 == 0o600
    assert can_sign_in(services, anna, 1)
    berta = protected(services, "berta@example.com")
    assert keys_in_use(services) == {new}
    assert can_sign_in(services, berta, 0)


def test_retire_is_refused_while_a_secret_needs_the_old_key(installation: Installation, shell: Shell) -> None:
    """Also after the switch, while the re-encryption was interrupted; rotate then goes on where it stopped."""
    services = installation.services
    protected(services)
    shell.run("keys", "add")
    old, new = ring_of(services)
    assert services.identity.re_encryption.switch_to(new)
    refused = shell.run("keys", "retire")
    assert (refused.code, ring_of(services)) == (1, [old, new])
    assert "11 secrets still need an older key. Run first: xpressbot keys rotate" in refused.err
    assert shell.run("keys", "rotate").code == 0
    assert keys_in_use(services) == {new}
    assert shell.run("keys", "retire").code == 0


def test_after_the_switch_no_process_encrypts_with_the_old_key(installation: Installation, shell: Shell) -> None:
    """A worker with the old ring reads it once more when the database names a key it does not know."""
    services = installation.services
    protected(services)
    shell.run("keys", "add")
    new = ring_of(services)[1]
    assert services.identity.re_encryption.switch_to(new)
    protected(services, "berta@example.com")
    assert new in keys_in_use(services)
    assert services.identity.re_encryption.left() == 11


def test_a_start_without_a_key_in_use_is_refused(installation: Installation, shell: Shell) -> None:
    """A ring that was not given to this node stops its commands and its start, and says which key is missing."""
    services = installation.services
    protected(services)
    before = services.settings.key_file.read_bytes()
    shell.run("keys", "add")
    shell.run("keys", "rotate")
    new = ring_of(services)[1]
    services.settings.key_file.write_bytes(before)
    answer = shell.run("accounts", "list")
    assert answer.code == 2
    assert f"lacks the key {new}" in answer.err


def test_rotating_without_a_new_key_changes_nothing(installation: Installation, shell: Shell) -> None:
    """And so does doing it twice."""
    services = installation.services
    anna = protected(services)
    (only,) = ring_of(services)
    for _round in range(2):
        assert shell.run("keys", "rotate").code == 0
    assert keys_in_use(services) == {only}
    assert can_sign_in(services, anna, 0)


def test_keys_that_are_added_at_once_are_all_in_the_ring(installation: Installation, shell: Shell) -> None:
    """Each change begins with what the one before it has left."""
    services = installation.services
    path = services.settings.key_file

    def child(number: int, meet: Callable[[], None]) -> int:
        meet()
        for key in range(KEYS_EACH):
            change_key_ring(path, partial(with_key, key=bytes([number, key]) * (KEY_BYTES // 2)))
        return 0

    assert fork_together(4, child, beside=services.database) == [0] * 4
    assert len(ring_of(services)) == 1 + 4 * KEYS_EACH
    assert list(path.parent.iterdir()) == [path]
    assert shell.run("keys", "add").code == 0
    assert len(ring_of(services)) == 2 + 4 * KEYS_EACH


def test_a_rotation_never_meets_a_retirement_half_done(installation: Installation) -> None:
    """A process that encrypts with a key of the ring holds it, and a retirement that drops keys waits until the database names it."""
    services = installation.services
    path = services.settings.key_file
    new = change_key_ring(path, lambda ring: with_key(ring, b"n" * KEY_BYTES)).newest_id
    go, held = os.pipe()
    read, told = os.pipe()

    def retire() -> int:
        os.read(go, 1)
        os.write(told, b"r")
        change_key_ring(path, lambda ring: with_only(ring, present(services.identity.re_encryption.retire_others())))
        return 0

    retiring = fork(retire, beside=services.database)
    with held_key_ring(path) as ring:
        os.write(held, b"h")
        os.read(read, 1)
        with path.open("r+b") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert services.identity.re_encryption.switch_to(ring.newest_id)
    assert wait(retiring) == 0
    assert ring_of(services) == [new]


def test_a_ring_that_cannot_be_held_is_told_in_a_sentence(tmp_path: Path) -> None:
    """A directory in its place, say."""
    with pytest.raises(KeyRingError, match="cannot be read: Is a directory"), held_key_ring(tmp_path):
        pass


@pytest.mark.parametrize("links", [1, 2])
def test_of_a_ring_behind_a_link_the_target_is_replaced(installation: Installation, shell: Shell, tmp_path: Path, links: int) -> None:
    """On another file system, too: what is written meanwhile lies beside the target."""
    services = installation.services
    path = services.settings.key_file
    with tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
        target = Path(elsewhere) / "ring.json"
        shutil.move(path, target)
        assert target.stat().st_dev != path.parent.stat().st_dev
        (tmp_path / "between").symlink_to(target)
        path.symlink_to(target if links == 1 else tmp_path / "between")
        before = path.readlink()
        assert shell.run("keys", "add").code == 0
        assert path.readlink() == before
        assert target.is_file()
        assert not target.is_symlink()
        assert list(Path(elsewhere).iterdir()) == [target]
        assert len(load_key_ring(target).keys) == 2


def test_a_first_start_makes_the_ring_where_a_link_leads(shell: Shell, tmp_path: Path) -> None:
    """The link stays, and is not taken for a ring that is there already."""
    link, target = tmp_path / "link.json", tmp_path / "mounted" / "ring.json"
    link.symlink_to(target)
    fresh = Shell(tmp_path, {"XPRESSBOT_KEY_FILE": str(link), "XPRESSBOT_DATA_DIR": str(tmp_path / "fresh")})
    made = fresh.run("accounts", "create", "--email", "anna@example.com", "--name", "Anna", stdin=PASSWORD)
    assert made.code == 0, made.err
    assert link.is_symlink()
    assert len(load_key_ring(target).keys) == 1


def test_a_link_that_leads_to_itself_is_told_in_a_sentence(tmp_path: Path) -> None:
    """No file can be where it leads."""
    link = tmp_path / "link.json"
    link.symlink_to(link)
    fresh = Shell(tmp_path, {"XPRESSBOT_KEY_FILE": str(link), "XPRESSBOT_DATA_DIR": str(tmp_path / "fresh")})
    answer = fresh.run("accounts", "create", "--email", "anna@example.com", "--name", "Anna", stdin=PASSWORD)
    assert (answer.code, answer.err) == (2, f"The key ring {link} cannot be read: Too many levels of symbolic links.\n")


def test_a_place_without_hard_links_takes_a_new_ring_and_keeps_an_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As FAT and many network shares are."""

    def link(*_arguments: object, **_options: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    path, first = tmp_path / "ring.json", new_key_ring(b"a" * KEY_BYTES, b"b" * KEY_BYTES)
    assert create_key_ring(path, first)
    assert not create_key_ring(path, new_key_ring(b"c" * KEY_BYTES, b"d" * KEY_BYTES))
    assert load_key_ring(path) == first
