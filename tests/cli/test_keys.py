"""xpressbot keys: add, rotate, retire, on a database with people in it, while somebody else has it open."""

from pathlib import Path

import pytest

from tests.support.boxes import keys_of_boxes
from tests.support.command_line import Shell
from tests.support.installation import Installation
from tests.support.people import Person, completed, pending, protected
from xpressbot.entrypoints.house import House
from xpressbot.foundation.key_ring import load_key_ring
from xpressbot.identity.application.second_factor import RecoveryCodeText, TotpCode
from xpressbot.identity.domain.recovery_code import parse_code


@pytest.fixture
def shell(tmp_path: Path, installation: Installation) -> Shell:
    settings = installation.house.settings
    return Shell(tmp_path, {"XPRESSBOT_KEY_FILE": str(settings.key_file), "XPRESSBOT_DATABASE_URL": settings.database_url})


def ring_of(house: House) -> list[str]:
    return list(load_key_ring(house.settings.key_file).keys)


def can_sign_in(house: House, person: Person, code: int) -> bool:
    """With the app and with a recovery code, through the worker that is running."""
    house.clock.advance(seconds=60)
    completed(house, pending(house, person.account.email), TotpCode(person.phone.code()))
    characters = parse_code(person.codes[code])
    assert characters is not None
    completed(house, pending(house, person.account.email), RecoveryCodeText(characters))
    return True


def test_a_key_is_added_rotated_to_and_the_old_one_retired(installation: Installation, shell: Shell) -> None:
    """Everything ends on the new key, the old one is gone, and a worker that still had the old ring goes on."""
    house = installation.house
    anna = protected(house)
    (old,) = ring_of(house)
    assert keys_of_boxes(house) == {old}

    assert shell.run("keys", "add").code == 0
    assert [old] == ring_of(house)[:1]
    new = ring_of(house)[1]
    assert shell.run("keys", "rotate").code == 0
    assert keys_of_boxes(house) == {new}
    assert can_sign_in(house, anna, 0)

    assert shell.run("keys", "retire").code == 0
    assert ring_of(house) == [new]
    assert house.settings.key_file.stat().st_mode & 0o777 == 0o600
    assert can_sign_in(house, anna, 1)
    berta = protected(house, "berta@example.com")
    assert keys_of_boxes(house) == {new}
    assert can_sign_in(house, berta, 0)


def test_retire_is_refused_while_a_secret_needs_the_old_key(installation: Installation, shell: Shell) -> None:
    """Also after the switch, while the re-sealing was interrupted; rotate then goes on where it stopped."""
    house = installation.house
    protected(house)
    shell.run("keys", "add")
    old, new = ring_of(house)
    assert house.identity.resealing.switch_to(new)
    refused = shell.run("keys", "retire")
    assert (refused.code, ring_of(house)) == (1, [old, new])
    assert "11 secrets still need an older key. Run first: xpressbot keys rotate" in refused.err
    assert shell.run("keys", "rotate").code == 0
    assert keys_of_boxes(house) == {new}
    assert shell.run("keys", "retire").code == 0


def test_after_the_switch_nobody_seals_with_the_old_key(installation: Installation, shell: Shell) -> None:
    """A worker with the old ring reads it once more when the database names a key it does not know."""
    house = installation.house
    protected(house)
    shell.run("keys", "add")
    new = ring_of(house)[1]
    assert house.identity.resealing.switch_to(new)
    protected(house, "berta@example.com")
    assert new in keys_of_boxes(house)
    assert house.identity.resealing.left() == 11


def test_a_start_without_a_key_in_use_is_refused(installation: Installation, shell: Shell) -> None:
    """A ring that was not given to this node stops its commands and its start, and says which key is missing."""
    house = installation.house
    protected(house)
    before = house.settings.key_file.read_bytes()
    shell.run("keys", "add")
    shell.run("keys", "rotate")
    new = ring_of(house)[1]
    house.settings.key_file.write_bytes(before)
    answer = shell.run("accounts", "list")
    assert answer.code == 2
    assert f"lacks the key {new}" in answer.err


def test_rotating_without_a_new_key_changes_nothing(installation: Installation, shell: Shell) -> None:
    """And so does doing it twice."""
    house = installation.house
    anna = protected(house)
    (only,) = ring_of(house)
    for _round in range(2):
        assert shell.run("keys", "rotate").code == 0
    assert keys_of_boxes(house) == {only}
    assert can_sign_in(house, anna, 0)
