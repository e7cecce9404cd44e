"""The key ring and what it opens: each fault of it is told for what it is."""

import json
import shutil
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from tests.doctor.conftest import sqlite_only
from tests.doctor.report import run_doctor
from tests.support.command_line import Shell
from tests.support.installation import Installation
from tests.support.people import Person
from tests.support.stored_secrets import stored_secrets
from xpressbot.foundation.crypto.key_ring import change_key_ring, key_id, load_key_ring, new_key_ring, with_key
from xpressbot.identity.administration import installation_queries as queries
from xpressbot.identity.tables import RECOVERY_CODE, TOTP_AUTHENTICATOR


@pytest.fixture
def ring_file(installation: Installation, anna: Person) -> Path:
    """The ring of an installation in which eleven secrets are encrypted."""
    return installation.services.settings.key_file


def rewrite(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def test_a_missing_ring_is_an_error_once_the_database_needs_it(shell: Shell, ring_file: Path) -> None:
    """Secrets are not looked at without it, everything else is; no new ring is made."""
    saved = ring_file.rename(ring_file.with_suffix(".saved"))
    report = run_doctor(shell)
    assert (report.code, report.problems) == (2, {"key_ring_missing"})
    assert [finding["check"] for finding in report.findings if finding["severity"] == "skipped"] == ["encrypted_secrets"]
    assert list(ring_file.parent.iterdir()) == [saved]


def test_a_directory_in_the_rings_place_cannot_be_read(shell: Shell, ring_file: Path) -> None:
    """What the system says is told. It works for root too, whom no mode stops."""
    ring_file.unlink()
    ring_file.mkdir(mode=0o700)
    report = run_doctor(shell)
    assert (report.code, report.problems) == (2, {"key_ring_unreadable"})
    assert report.about("key_ring_unreadable")["facts"]["error"] == "Is a directory"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"format": 1, "active": "x", "keys": {}, "lookup": "AAAA"}',
        b'{"format": "\\u001b[2J", "active": "x", "keys": {}, "lookup": "AAAA"}',
        b'{"format": 1, "active": [], "keys": {}, "lookup": "%s"}' % b64encode(bytes(32)),
        b"[" * 100_000,
    ],
    ids=["empty", "cut off", "a list", "no text", "no keys", "a foreign format", "a list for a name", "deep"],
)
def test_a_ring_that_is_none_is_damaged(shell: Shell, ring_file: Path, content: bytes) -> None:
    """Empty, cut off, something else, without its keys."""
    ring_file.write_bytes(content)
    report = run_doctor(shell)
    assert (report.code, report.problems) == (2, {"key_ring_damaged"})
    answer = shell.run("accounts", "list")
    assert (answer.code, answer.err) == (2, f"The key ring {ring_file} is damaged. Put your saved copy of it back.\n")


def test_a_key_under_a_wrong_name_is_damage(shell: Shell, ring_file: Path) -> None:
    """One altered character of a key."""
    rewrite(ring_file, lambda ring: ring["keys"].update(dict.fromkeys(ring["keys"], ring["lookup"])))
    assert run_doctor(shell).problems == {"key_ring_damaged"}


def test_a_ring_of_another_format_is_told_apart_from_damage(shell: Shell, ring_file: Path) -> None:
    """It may be a newer version's."""
    rewrite(ring_file, lambda ring: ring.update(format=2))
    assert run_doctor(shell).problems == {"key_ring_format_unknown"}


def test_a_key_that_the_database_uses_and_the_ring_lacks_is_named(shell: Shell, ring_file: Path) -> None:
    """Besides, every secret that it encrypted is told not to open."""
    ring = load_key_ring(ring_file)
    other = b"o" * 32
    change_key_ring(ring_file, lambda ring: type(ring)(key_id(other), {key_id(other): other}, ring.lookup_key))
    report = run_doctor(shell)
    assert (report.code, report.problems) == (2, {"key_missing", "secrets_do_not_open"})
    assert report.about("key_missing")["facts"]["keys"] == [ring.active_id]
    assert report.about("secrets_do_not_open")["facts"]["closed"] == 11


def test_another_lookup_key_is_told(shell: Shell, ring_file: Path) -> None:
    """No recovery code would be recognised, although every secret opens."""
    change_key_ring(ring_file, lambda ring: type(ring)(ring.active_id, ring.keys, b"l" * 32))
    assert run_doctor(shell).problems == {"lookup_key_differs"}


def test_another_installations_ring_is_told_in_all_it_means(shell: Shell, ring_file: Path) -> None:
    """Key, lookup key and secrets."""
    change_key_ring(ring_file, lambda _ring: new_key_ring(b"a" * 32, b"b" * 32))
    assert run_doctor(shell).problems == {"key_missing", "lookup_key_differs", "secrets_do_not_open"}


def test_a_key_that_stands_twice_is_damage(shell: Shell, ring_file: Path) -> None:
    """Of two with one name a reader would see only the last."""
    (name,) = load_key_ring(ring_file).keys
    ring_file.write_text(ring_file.read_text().replace('"keys": {', f'"keys": {{"{name}": "not this one",', 1))
    report = run_doctor(shell)
    assert (report.code, report.problems) == (2, {"key_ring_damaged"})


def test_a_root_key_that_is_the_lookup_key_too_is_a_warning(shell: Shell, ring_file: Path) -> None:
    """One key for two purposes."""
    ring = load_key_ring(ring_file)
    change_key_ring(ring_file, lambda ring: with_key(ring, ring.lookup_key))
    report = run_doctor(shell)
    assert (report.problems, report.about("key_doubled")["facts"]["keys"]) == ({"key_doubled"}, [ring.lookup_id])


def test_a_key_that_was_added_and_is_not_used_yet_is_well(shell: Shell, ring_file: Path) -> None:
    """The state between `keys add` and `keys rotate`, and after it."""
    for command in ("add", "rotate", "retire"):
        assert shell.run("keys", command).code == 0
        assert run_doctor(shell).code == 0


def test_every_secret_is_tried_a_batch_at_a_time(
    shell: Shell, installation: Installation, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An authenticator's and the oldest and newest recovery codes are altered; each is named, and nothing secret is."""
    monkeypatch.setattr(queries, "BATCH", 3)
    secrets = stored_secrets(installation.services)
    codes = sorted(secret.row_id for secret in secrets if secret.column.table == "recovery_code")
    (app,) = (secret.row_id for secret in secrets if secret.column.table == "totp_authenticator")
    with installation.services.database.write() as connection:
        connection.execute(update(TOTP_AUTHENTICATOR).values(secret=secrets[-1].ciphertext))
        connection.execute(update(RECOVERY_CODE).where(RECOVERY_CODE.c.id.in_([codes[0], codes[-1]])).values(shown_copy=b"\x01 no box"))
        connection.commit()
    report = run_doctor(shell)
    assert (report.code, report.problems) == (2, {"secrets_do_not_open"})
    rows = [f"totp_authenticator {app}", f"recovery_code {codes[-1]}", f"recovery_code {codes[0]}"]
    assert report.about("secrets_do_not_open")["facts"] == {"stored": 11, "tried": 11, "closed": 3, "rows": rows}
    assert report.about("secrets_do_not_open")["remedy"].endswith("xpressbot 2fa reset E --reason R.")
    assert not any(code in str(report) for code in anna.codes)


def test_of_many_closed_secrets_the_first_are_named(shell: Shell, ring_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a wrong ring nothing opens; the count says it, and the list has an end."""
    monkeypatch.setattr(queries, "MOST_NAMED", 4)
    change_key_ring(ring_file, lambda _ring: new_key_ring(b"a" * 32, b"b" * 32))
    facts = run_doctor(shell).about("secrets_do_not_open")["facts"]
    assert (facts["closed"], len(facts["rows"])) == (11, 4)


def test_a_ring_that_others_can_read_is_told_and_still_tried(shell: Shell, ring_file: Path) -> None:
    """The start refuses it; what it opens is worth knowing all the same."""
    ring_file.chmod(0o644)
    report = run_doctor(shell)
    assert (report.code, report.problems) == (2, {"key_ring_open_to_others"})
    assert report.about("key_ring_open_to_others")["remedy"] == f"Run: chmod 600 {ring_file}"
    assert report.severity_of("encrypted_secrets") == "ok"


def test_a_directory_in_which_others_can_put_a_ring_is_told(shell: Shell, ring_file: Path) -> None:
    """An attacker who may replace the file needs not read it."""
    ring_file.parent.chmod(0o770)
    assert run_doctor(shell).problems == {"key_directory_writable"}


@sqlite_only
@pytest.mark.parametrize("below", ["", "keys"])
def test_a_ring_that_lies_with_the_data_is_a_warning(shell: Shell, ring_file: Path, below: str) -> None:
    """In the same directory or further down in it: one copy would hold both."""
    place = shell.directory / "data" / below
    place.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(ring_file, place / "keyring.json")
    report = run_doctor(shell.with_settings(XPRESSBOT_KEY_FILE=f"data/../data/{below}/keyring.json"))
    assert (report.code, report.problems) == (1, {"keys_beside_data"})
