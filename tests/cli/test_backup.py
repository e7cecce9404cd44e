"""xpressbot backup and restore."""

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.command_line import Shell
from tests.support.databases import SqliteTemplate
from tests.support.installation import Installation, install, make_settings
from tests.support.people import completed, pending, protected, prove, recovery_code
from xpressbot.bootstrap import build
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.clock import SystemClock
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.crypto.key_ring import create_key_ring, new_key_ring
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.outcomes import Denied


@pytest.fixture
def installation(tmp_path: Path, sqlite_template: SqliteTemplate) -> Iterator[Installation]:
    place = tmp_path / "here"
    place.mkdir()
    installation = install(place, sqlite_template.fresh(place))
    installation.clock.set(SystemClock().now())  # commands have no other
    yield installation
    installation.close()


@pytest.fixture
def shell(tmp_path: Path, installation: Installation) -> Shell:
    settings = installation.services.settings
    return Shell(tmp_path, {"XPRESSBOT_KEY_FILE": str(settings.key_file), "XPRESSBOT_DATABASE_URL": settings.database_url})


@pytest.fixture
def elsewhere(tmp_path: Path, shell: Shell) -> Shell:
    """Another place, with the same key ring and no database."""
    return shell.with_settings(XPRESSBOT_DATABASE_URL=f"sqlite:///{tmp_path / 'there' / 'data' / 'xpressbot.sqlite3'}")


@pytest.fixture
def backup(tmp_path: Path, shell: Shell) -> Path:
    file = tmp_path / "backup.sqlite3"
    assert shell.run("backup", str(file)).code == 0
    return file


def opened(shell: Shell, beside: Installation) -> Services:
    settings = make_settings(shell.directory, shell.settings["XPRESSBOT_DATABASE_URL"], key_file=beside.services.settings.key_file)
    return build(settings, system=System(beside.clock, beside.entropy), durable=False)


def test_a_restored_installation_knows_its_people_and_what_they_used(
    installation: Installation, shell: Shell, elsewhere: Shell, tmp_path: Path
) -> None:
    """The same app and the same recovery codes sign in; a code that was used is still used."""
    anna = protected(installation.services)
    completed(installation.services, pending(installation.services), recovery_code(anna.codes[0]))
    used = anna.phone.code()
    completed(installation.services, pending(installation.services), TotpCode(used))
    file = tmp_path / "backup.sqlite3"
    assert shell.run("backup", str(file)).code == 0
    restored = elsewhere.run("restore", str(file))
    assert restored.code == 0
    assert "has the keys it needs" in restored.out

    services = opened(elsewhere, installation)
    for spent in (TotpCode(used), recovery_code(anna.codes[0])):
        outcome = prove(services.identity, pending(services), spent, anna.caller.client)
        assert isinstance(outcome, Denied)
        assert outcome.reason is ProofRefusal.CODE_ALREADY_USED
    completed(services, pending(services), recovery_code(anna.codes[1]))
    installation.clock.advance(seconds=90)
    completed(services, pending(services), TotpCode(anna.phone.code()))
    services.close()


def test_a_backup_is_for_its_owner_only_and_holds_no_key(installation: Installation, backup: Path) -> None:
    """One file, mode 0600, whole, without anything of the key ring."""
    assert backup.stat().st_mode & 0o777 == 0o600
    ring = installation.services.settings.key_file.read_text()
    content = backup.read_bytes()
    for key in [line.split('"')[3] for line in ring.splitlines() if line.count('"') == 4 and line.strip().split('"')[3].endswith("=")]:
        assert key.encode() not in content
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_a_backup_never_overwrites(shell: Shell, backup: Path) -> None:
    """Neither a file of that name nor a database that is there already."""
    before = backup.read_bytes()
    again = shell.run("backup", str(backup))
    assert (again.code, backup.read_bytes()) == (1, before)
    assert "exists already" in again.err
    onto = shell.run("restore", str(backup))
    assert onto.code == 1
    assert "There is a database at" in onto.err


def test_what_is_no_whole_backup_is_refused(backup: Path, elsewhere: Shell, tmp_path: Path) -> None:
    """Truncated, damaged, newer, another program's, or not there: said so, and nothing is restored."""
    content = backup.read_bytes()
    (tmp_path / "truncated").write_bytes(content[: len(content) // 2])
    (tmp_path / "damaged").write_bytes(content[:5000] + bytes(30_000) + content[35_000:])
    (tmp_path / "text").write_text("not a database")
    with closing(sqlite3.connect(tmp_path / "other")) as connection:
        connection.execute("CREATE TABLE t (x)")
    (tmp_path / "newer").write_bytes(content)
    with closing(sqlite3.connect(tmp_path / "newer")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    os.mkfifo(tmp_path / "pipe")
    names = ("truncated", "damaged", "text", "other", "newer", "nothing", "pipe")
    said = {name: elsewhere.run("restore", str(tmp_path / name)) for name in names}
    assert {answer.code for answer in said.values()} == {1}
    assert "Install the newer version first" in said["newer"].err
    assert "is no backup of XpressBot" in said["text"].err
    assert "cannot be read" in said["nothing"].err
    assert "is no file but a pipe" in said["pipe"].err
    assert not (tmp_path / "there" / "data" / "xpressbot.sqlite3").exists()


@pytest.mark.parametrize("cut", [0, 10, 16, 99, 4095, 4096, 5000, "half", "the last page", "the last byte"])
def test_a_backup_cut_off_anywhere_is_refused_in_a_sentence(backup: Path, elsewhere: Shell, tmp_path: Path, cut: int | str) -> None:
    """A copy that ended early, from nothing at all to one byte missing."""
    content = backup.read_bytes()
    lengths = {"half": len(content) // 2, "the last page": len(content) - 4096, "the last byte": len(content) - 1}
    length = cut if isinstance(cut, int) else lengths[cut]
    short = tmp_path / "short"
    short.write_bytes(content[:length])
    answer = elsewhere.run("restore", str(short))
    assert (answer.code, answer.out) == (1, "")
    assert re.fullmatch(rf"{short} is (no backup of XpressBot\.|damaged.*Use another backup\.)\n", answer.err)
    assert not (tmp_path / "there").exists()


@pytest.mark.parametrize(
    "change",
    [
        "key_state SET keys_in_use = 'xx'",
        "key_state SET keys_in_use = '5'",
        "key_state SET keys_in_use = '{}'",
        "key_state SET keys_in_use = '[5]'",
        "key_state SET keys_in_use = '[[]]'",
        "key_state SET keys_in_use = x'5bff'",
        "key_state SET keys_in_use = printf('%.100000c', '[')",
        "key_state SET keys_in_use = json_array(char(27) || ']0;canary-word')",
        "key_state SET lookup_key = x'1b'",
        "key_state SET lookup_key = char(27) || 'canary-word'",
        "alembic_version SET version_num = x'1b'",
    ],
)
def test_a_backup_whose_rows_hold_what_was_never_written_is_refused(backup: Path, elsewhere: Shell, tmp_path: Path, change: str) -> None:
    """SQLite keeps anything in any column: it is told in a sentence that repeats nothing of it."""
    with closing(sqlite3.connect(backup)) as connection:
        connection.execute(f"UPDATE {change}")
        connection.commit()
    answer = elsewhere.run("restore", str(backup))
    assert (answer.code, answer.out) == (1, "")
    unsaid = "at which schema it is" if change.startswith("alembic_version") else "which keys open it"
    assert answer.err == f"{backup} is damaged or no backup of XpressBot: it does not say {unsaid}. Use another backup.\n"
    assert not (tmp_path / "there").exists()


def test_a_backup_from_before_the_first_release_is_refused(backup: Path, elsewhere: Shell, tmp_path: Path) -> None:
    """No version migrates what is in it; nothing is made."""
    with closing(sqlite3.connect(backup)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0007'")
        connection.commit()
    answer = elsewhere.run("restore", str(backup))
    assert (answer.code, answer.out) == (1, "")
    assert "is at schema identity 0007, chat 0100, which is from before the first release and is not migrated." in answer.err
    assert not (tmp_path / "there").exists()


def test_what_a_foreign_backup_says_does_not_draw_on_the_terminal(backup: Path, elsewhere: Shell) -> None:
    """The name of a schema is repeated, with everything encoded that a terminal would obey."""
    with closing(sqlite3.connect(backup)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9' || char(27) || '[2J'")
        connection.commit()
    assert r"is at schema identity 9\x1b[2J, chat 0100, this program knows" in elsewhere.run("restore", str(backup)).err


def test_what_a_foreign_key_ring_says_does_not_draw_on_the_terminal(installation: Installation, backup: Path, elsewhere: Shell) -> None:
    """A format that is no number is damage, and not repeated."""
    ring = installation.services.settings.key_file
    ring.write_text(ring.read_text().replace('"format": 1', r'"format": "\u001b[2J"'))
    answer = elsewhere.run("restore", str(backup))
    assert answer.code == 0
    assert answer.out.endswith(f"The key ring {ring} is damaged. Put your saved copy of it back.\n")


def test_restoring_says_which_keys_are_needed(installation: Installation, backup: Path, elsewhere: Shell, tmp_path: Path) -> None:
    """Where the ring is missing or another one."""
    (name,) = [key for key in (installation.services.settings.key_file.read_text().split('"')) if len(key) == 16][:1]
    missing = elsewhere.with_settings(XPRESSBOT_KEY_FILE=str(tmp_path / "nowhere.json")).run("restore", str(backup))
    assert missing.code == 0
    assert f"It needs the keys {name}: put its key ring at" in missing.out


def test_a_postgresql_database_is_pg_dumps_business(shell: Shell, tmp_path: Path) -> None:
    """The command says so and does nothing."""
    answer = shell.with_settings(XPRESSBOT_DATABASE_URL="postgresql://nobody@localhost/x").run("backup", str(tmp_path / "b"))
    assert answer.code == 1
    assert "pg_dump" in answer.err


def test_a_backup_of_a_database_without_keys_says_that_it_needs_none(tmp_path: Path) -> None:
    """One that was migrated and never started; whether a ring is in its place or not. One that cannot be used is told."""
    never_started = Shell(tmp_path, {"XPRESSBOT_DATA_DIR": "here"})
    assert never_started.run("db", "upgrade").code == 0
    assert never_started.run("backup", "backup.sqlite3").code == 0
    ring = tmp_path / "var" / "keys" / "keyring.json"
    said = []
    for place in ("there", "elsewhere", "everywhere"):
        answer = never_started.with_settings(XPRESSBOT_DATA_DIR=place).run("restore", "backup.sqlite3")
        assert answer.code == 0
        said.append([line for line in answer.out.splitlines() if "key" in line])
        create_key_ring(ring, new_key_ring(b"a" * 32, b"b" * 32))
        ring.chmod(0o644 if place == "elsewhere" else 0o600)
    assert said == [
        ["It needs no key yet. The first start makes the key ring var/keys/keyring.json."],
        ["It needs no key yet. The first start takes the key ring var/keys/keyring.json."],
        ["It needs no key yet. The key ring var/keys/keyring.json can be read by others (mode 0644). Run: chmod 600 var/keys/keyring.json"],
    ]
