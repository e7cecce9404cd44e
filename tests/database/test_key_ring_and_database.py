"""A database and its key ring recognise each other, and a start stops when they do not."""

import json
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.support.child_processes import fork_together
from tests.support.installation import make_settings
from tests.support.settable_system import SeededEntropy
from xpressbot.foundation.crypto.key_ring import KeyRing, KeyRingError, create_key_ring, key_id, load_key_ring, new_key_ring
from xpressbot.foundation.crypto.key_state import attach_key_ring
from xpressbot.foundation.database.engine import Database, open_database
from xpressbot.foundation.entropy import SystemEntropy


@pytest.fixture
def database(tmp_path: Path, database_url: str) -> Iterator[Database]:
    database = open_database(make_settings(tmp_path, database_url).url, durable=False)
    yield database
    database.dispose()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "keyring.json"


def attach(database: Database, path: Path, seed: int = 1) -> KeyRing:
    return attach_key_ring(database, path, SeededEntropy(seed))


def test_a_ring_is_made_once_for_its_owner_only_and_found_again(database: Database, path: Path) -> None:
    """Mode 0600 in a directory of mode 0700; the second start gets the same keys."""
    first = attach(database, path)
    assert attach(database, path, seed=2) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]
    assert _row(database) == (first.active_id, [first.active_id], first.lookup_id)


def test_processes_that_start_at_once_share_one_ring(database: Database, path: Path, tmp_path: Path, database_url: str) -> None:
    """Four first starts at the same moment: one makes the ring, all four use it."""

    def child(number: int, meet: Callable[[], None]) -> int:
        own = open_database(make_settings(tmp_path, database_url).url, durable=False)
        own.ping()
        meet()
        ring = attach_key_ring(own, path, SystemEntropy())
        (tmp_path / f"seen-{number}").write_text(f"{ring.active_id} {ring.lookup_id}")
        return 0

    codes = fork_together(4, child, beside=database)

    assert codes == [0] * 4
    ring = load_key_ring(path)
    assert {(tmp_path / f"seen-{number}").read_text() for number in range(4)} == {f"{ring.active_id} {ring.lookup_id}"}
    assert _row(database) == (ring.active_id, [ring.active_id], ring.lookup_id)


def test_a_missing_ring_stops_the_start_and_is_not_made_anew(database: Database, path: Path) -> None:
    """The message names the file, the setting and what to do."""
    attach(database, path)
    path.unlink()

    with pytest.raises(KeyRingError, match=r"is missing.*Put your saved copy back.*XPRESSBOT_KEY_FILE"):
        attach(database, path)
    assert not path.exists()


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o602, 0o610, 0o777])
def test_a_ring_that_others_may_open_stops_the_start(database: Database, path: Path, mode: int) -> None:
    """Reading, writing or executing, by group or others; the message says how to mend it."""
    attach(database, path)
    path.chmod(mode)

    with pytest.raises(KeyRingError, match=f"can be read by others .*chmod 600 {path}"):
        attach(database, path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b'{"format": 1}',
        b'{"format": 2, "active": "a", "keys": {}, "lookup": ""}',
        b'{"format": 1, "active": "a", "keys": [], "lookup": ""}',
        b'{"format": 1, "active": "a", "keys": {"a": "AAAA"}, "lookup": "AAAA"}',
        b'{"format": 1, "active": "a", "keys": {"a": 7}, "lookup": 7}',
    ],
)
def test_a_damaged_ring_stops_the_start(database: Database, path: Path, content: bytes) -> None:
    """Whatever the file holds instead, the answer is a sentence and never a traceback."""
    attach(database, path)
    path.write_bytes(content)

    with pytest.raises(KeyRingError, match=r"is damaged\. Put your saved copy of it back|has format 2, which this version does not know"):
        attach(database, path)


def test_a_key_under_a_wrong_name_stops_the_start(database: Database, path: Path) -> None:
    """A key's name is derived from it, so a key altered or exchanged in the file is noticed."""
    attach(database, path)
    document = json.loads(path.read_text())
    document["keys"] = dict.fromkeys(document["keys"], document["lookup"])
    path.write_text(json.dumps(document))

    with pytest.raises(KeyRingError, match="a key does not match its name"):
        attach(database, path)


@pytest.mark.parametrize("name", ["format", "active", "keys", "lookup", "a key"])
def test_a_doubled_entry_stops_the_start(database: Database, path: Path, name: str) -> None:
    """Two rings merged by hand: which of two entries counts is not left to the reader of the file."""
    ring = attach(database, path)
    if name == "a key":
        name = ring.active_id
    content = path.read_text()
    (line,) = re.findall(rf'^ *("{name}":.*)', content, re.MULTILINE)
    doubled = content.replace(line, f'"{name}": "AAAA",\n {line}')
    assert json.loads(doubled) == json.loads(content), "the reader of the file would take the right one"
    path.write_text(doubled)

    with pytest.raises(KeyRingError, match=r"is damaged\. Put your saved copy of it back"):
        attach(database, path)


def test_an_active_key_that_the_ring_lacks_stops_the_start(database: Database, path: Path) -> None:
    """The ring must be able to encrypt with what it calls active."""
    attach(database, path)
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | {"active": "0" * 16}))

    with pytest.raises(KeyRingError, match="is damaged"):
        attach(database, path)


def test_the_ring_of_another_installation_stops_the_start(database: Database, path: Path) -> None:
    """Its keys would open nothing; the message names the key that is lacking."""
    ring = attach(database, path)
    path.unlink()
    assert create_key_ring(path, new_key_ring(b"x" * 32, ring.lookup_key))

    with pytest.raises(KeyRingError, match=f"lacks the key {ring.active_id} that this database uses"):
        attach(database, path)


def test_a_ring_with_another_lookup_key_stops_the_start(database: Database, path: Path) -> None:
    """Recovery codes would verify no more, silently."""
    ring = attach(database, path)
    path.unlink()
    assert create_key_ring(path, KeyRing(ring.active_id, ring.keys, b"y" * 32))

    with pytest.raises(KeyRingError, match="has another lookup key"):
        attach(database, path)


def test_a_start_that_ended_between_file_and_row_is_gone_on_with(database: Database, path: Path) -> None:
    """The ring that lies there already is taken, not overwritten."""
    ring = new_key_ring(b"a" * 32, b"b" * 32)
    assert create_key_ring(path, ring)
    assert not create_key_ring(path, new_key_ring(b"c" * 32, b"d" * 32))

    assert attach(database, path) == ring
    assert _row(database)[0] == key_id(b"a" * 32)


def test_a_directory_in_the_rings_place_stops_the_start(database: Database, path: Path) -> None:
    """What cannot be read is named, without a traceback."""
    attach(database, path)
    path.unlink()
    path.mkdir()

    with pytest.raises(KeyRingError, match="cannot be read"):
        attach(database, path)


def test_a_ring_that_cannot_be_made_stops_the_start(database: Database, tmp_path: Path) -> None:
    """A file where its directory should be: the message names the place, and the database knows no key yet."""
    (tmp_path / "keys").write_text("not a directory")

    with pytest.raises(KeyRingError, match="cannot be written"):
        attach(database, tmp_path / "keys" / "keyring.json")
    assert _row(database) == (None, [], None)


def test_keys_show_in_no_representation(database: Database, path: Path) -> None:
    """A ring in a traceback or log line tells names, not keys."""
    ring = attach(database, path)
    shown = repr(ring)
    assert ring.active_id in shown
    assert not any(repr(key)[2:-1] in shown for key in [*ring.keys.values(), ring.lookup_key])


def _row(database: Database) -> tuple[str | None, list[str], str | None]:
    with database.read() as connection:
        row = connection.execute(text("SELECT active_key, keys_in_use, lookup_key FROM key_state")).one()
    return row.active_key, json.loads(row.keys_in_use), row.lookup_key
