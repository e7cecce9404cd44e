"""A rotation of keys that is killed, wherever it stands, is ended by running it again."""

from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import event

from tests.processes.conftest import environment_of
from tests.support.child_processes import die, fork, wait
from tests.support.command_line import Shell
from tests.support.crashes import KILLED
from tests.support.installation import CLIENT, Installation
from tests.support.people import Person, caller_with, completed, pending, protected
from tests.support.settable_system import SettableClock
from tests.support.stored_secrets import keys_in_use
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.crypto import re_encryption
from xpressbot.foundation.crypto.key_ring import load_key_ring
from xpressbot.identity.factors.recovery_codes.use_cases import Showing
from xpressbot.identity.factors.totp.kind import TotpCode

SECRETS_IN_A_BATCH = 4
BATCHES = 3
"""Eleven secrets: a seed and ten codes."""


@pytest.fixture
def shell(tmp_path: Path, installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setattr(re_encryption, "BATCH", SECRETS_IN_A_BATCH)
    return Shell(tmp_path, environment_of(installation.services.settings))


def rotate_until(services: Services, last_commit: int) -> int:
    """Rotate to the newest key, and be killed just before the numbered commit."""
    commits = 0

    def count(_connection: object) -> None:
        nonlocal commits
        commits += 1
        if commits == last_commit:
            die()

    event.listen(services.database.engine, "commit", count)
    services.identity.re_encryption.switch_to(load_key_ring(services.settings.key_file).newest_id)
    while services.identity.re_encryption.left():
        services.identity.re_encryption.next_batch()
    return commits


def all_is_well(services: Services, person: Person) -> bool:
    """The person signs in with the app, and is shown the same ten unsaved codes as ever."""
    assert isinstance(services.clock, SettableClock)
    services.clock.advance(minutes=1)
    signed_in = completed(services, pending(services, client=CLIENT), TotpCode(person.phone.code()))
    ledger = services.identity.recovery_codes.ledger(caller_with(services, signed_in.session))
    return ledger is not None and (ledger.shown, ledger.showing) == (person.codes, Showing.FIRST)


def test_a_rotation_that_was_killed_is_ended_by_the_next(installation: Installation, shell: Shell) -> None:
    """Killed before its switch, and before and after each batch: people sign in meanwhile, and then every row has the new key."""
    services = installation.services
    person = protected(services, saves_codes=False)
    seen = []
    for last_commit in range(1, BATCHES + 2):
        (old,) = keys_in_use(services)
        assert shell.run("keys", "add").code == 0
        new = load_key_ring(services.settings.key_file).newest_id
        assert wait(fork(partial(rotate_until, services, last_commit), beside=services.database)) == KILLED
        seen.append(services.identity.re_encryption.left())
        assert keys_in_use(services) == ({old} if last_commit < 3 else {old, new})
        assert all_is_well(services, person)

        assert shell.run("keys", "rotate").code == 0
        assert keys_in_use(services) == {new}
        assert services.identity.re_encryption.left() == 0
        assert all_is_well(services, person)
    assert seen == [0, 11, 7, 3]
    assert shell.run("keys", "retire").code == 0
    assert list(load_key_ring(services.settings.key_file).keys) == [new]
    assert all_is_well(services, person)


def test_a_retirement_that_was_killed_is_ended_by_the_next(installation: Installation, shell: Shell) -> None:
    """Between the database's word and the ring's: the older keys lie about unused, and go with the next run."""
    services = installation.services
    person = protected(services, saves_codes=False)
    for command in ("add", "rotate"):
        assert shell.run("keys", command).code == 0
    (new,) = keys_in_use(services)
    assert services.identity.re_encryption.retire_others() == new
    assert len(load_key_ring(services.settings.key_file).keys) == 2
    assert all_is_well(services, person)
    assert shell.run("keys", "retire").code == 0
    assert list(load_key_ring(services.settings.key_file).keys) == [new]
    assert all_is_well(services, person)
