"""What an operator copied by hand, or with another tool, and gives to `xpressbot restore`."""

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.command_line import Answer, Shell
from tests.support.databases import SqliteTemplate
from tests.support.installation import CLIENT, PASSWORD, Installation, install
from xpressbot.foundation.database.read_only import is_in_wal_mode
from xpressbot.identity.outcomes import SignedIn


@pytest.fixture
def installation(tmp_path: Path, sqlite_template: SqliteTemplate) -> Iterator[Installation]:
    """A running one, with three accounts that are in the log alone."""
    place = tmp_path / "here"
    place.mkdir()
    installation = install(place, sqlite_template.fresh(place))
    for name in ("anna", "berta", "cem"):
        installation.add_account(f"{name}@example.com", name)
    yield installation
    installation.close()


@pytest.fixture
def original(tmp_path: Path, installation: Installation) -> Path:
    return tmp_path / "here" / "xpressbot.sqlite3"


@pytest.fixture
def elsewhere(tmp_path: Path, installation: Installation) -> Shell:
    """Another place, with the same key ring and no database."""
    place = tmp_path / "there"
    place.mkdir()
    return Shell(place, {"XPRESSBOT_KEY_FILE": str(installation.services.settings.key_file), "XPRESSBOT_DATA_DIR": str(place / "data")})


@pytest.fixture
def copy(tmp_path: Path, original: Path) -> Path:
    """`cp xpressbot.sqlite3` while the service runs."""
    copy = tmp_path / "copy.sqlite3"
    shutil.copyfile(original, copy)
    assert is_in_wal_mode(copy)
    assert accounts_in(copy) == 0
    return copy


def accounts_in(file: Path) -> int:
    """In that file alone."""
    with closing(sqlite3.connect(f"{file.as_uri()}?immutable=1", uri=True)) as connection:
        accounts: int = connection.execute("SELECT count(*) FROM account").fetchone()[0]
    return accounts


def log_of(file: Path) -> Path:
    return file.with_name(f"{file.name}-wal")


def assert_refused(answer: Answer, elsewhere: Shell, why: str) -> None:
    assert (answer.code, answer.out) == (1, "")
    assert why in answer.err
    assert not (elsewhere.directory / "data").exists()


def test_a_copy_of_a_running_database_without_its_log_is_refused(copy: Path, elsewhere: Shell) -> None:
    """What was written last is not in it: it would be an empty installation that offers a link to a new owner."""
    before = copy.read_bytes()
    assert_refused(
        elsewhere.run("restore", str(copy)), elsewhere, f"{log_of(copy)}, which then holds what was written last, is not beside it"
    )
    assert copy.read_bytes() == before
    assert not log_of(copy).exists()


def test_a_copy_with_its_log_comes_back_whole(copy: Path, original: Path, elsewhere: Shell) -> None:
    """And stays as it is: it may be the only one."""
    shutil.copyfile(log_of(original), log_of(copy))
    before = (copy.read_bytes(), log_of(copy).read_bytes())
    answer = elsewhere.run("restore", str(copy))
    assert answer.code == 0, answer.err
    assert "Accounts that came back: 3." in answer.out
    restored = elsewhere.directory / "data" / "xpressbot.sqlite3"
    assert (accounts_in(restored), is_in_wal_mode(restored)) == (3, False)
    assert [path.name for path in restored.parent.iterdir()] == ["xpressbot.sqlite3"]
    assert (copy.read_bytes(), log_of(copy).read_bytes()) == before
    assert not copy.with_name("copy.sqlite3-shm").exists()


def test_a_link_to_a_copy_is_looked_at_where_it_leads(copy: Path, original: Path, elsewhere: Shell, tmp_path: Path) -> None:
    """SQLite keeps a log beside the file and not beside the link."""
    (tmp_path / "link").symlink_to(copy)
    assert_refused(elsewhere.run("restore", str(tmp_path / "link")), elsewhere, f"{log_of(copy)}, which then holds")
    shutil.copyfile(log_of(original), log_of(copy))
    assert "Accounts that came back: 3." in elsewhere.run("restore", str(tmp_path / "link")).out


@pytest.mark.parametrize("fault", ["cut off", "overwritten", "another time's", "no log"])
def test_a_log_of_which_nothing_counts_is_refused(copy: Path, original: Path, elsewhere: Shell, fault: str) -> None:
    """SQLite passes over it in silence, and would leave what is in the copy alone."""
    log = log_of(original).read_bytes()
    faulty = {
        "cut off": log[:1000],
        "overwritten": log[:32] + bytes(len(log) - 32),
        "another time's": log[:16] + bytes(8) + log[24:],
        "no log": b"x" * 5000,
    }
    log_of(copy).write_bytes(faulty[fault])
    assert_refused(elsewhere.run("restore", str(copy)), elsewhere, f"{copy} and {log_of(copy)} do not make a whole database")


def test_the_log_of_another_database_is_refused(copy: Path, elsewhere: Shell, tmp_path: Path) -> None:
    """SQLite would put its pages in the place of ours."""
    other = tmp_path / "other.sqlite3"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (x)")
        connection.executemany("INSERT INTO t VALUES (?)", [("y" * 3000,)] * 5)
        connection.commit()
        shutil.copyfile(log_of(other), log_of(copy))
    assert_refused(elsewhere.run("restore", str(copy)), elsewhere, f"{copy}")


def test_a_copy_without_a_log_that_is_said_to_be_whole_comes_back(
    original: Path, installation: Installation, elsewhere: Shell, copy: Path
) -> None:
    """Of a stopped service, or by a tool that puts everything into the file: the operator says so by an empty log, as told."""
    with closing(sqlite3.connect(original)) as connection, closing(sqlite3.connect(copy.with_name("whole"))) as target:
        connection.backup(target)
    whole = copy.with_name("whole")
    assert is_in_wal_mode(whole)
    refused = elsewhere.run("restore", str(whole))
    assert refused.code == 1
    (told,) = re.findall(r"Run: touch (\S+)\n", refused.err)
    assert told == str(log_of(whole))
    Path(told).touch()
    assert "Accounts that came back: 3." in elsewhere.run("restore", str(whole)).out


def test_what_vacuum_makes_needs_no_log(original: Path, elsewhere: Shell, tmp_path: Path) -> None:
    """It is one whole file, as our own backups are."""
    with closing(sqlite3.connect(original)) as connection:
        connection.execute("VACUUM INTO ?", [str(tmp_path / "vacuumed")])
    assert "Accounts that came back: 3." in elsewhere.run("restore", str(tmp_path / "vacuumed")).out


def test_a_copy_that_is_cut_off_is_refused_also_with_its_log(copy: Path, original: Path, elsewhere: Shell) -> None:
    """The log may hold the page that is missing, or not."""
    shutil.copyfile(log_of(original), log_of(copy))
    copy.write_bytes(copy.read_bytes()[:-1])
    assert_refused(elsewhere.run("restore", str(copy)), elsewhere, "do not make a whole database")


def test_an_empty_installation_is_said_to_be_one(tmp_path: Path, sqlite_template: SqliteTemplate, elsewhere: Shell) -> None:
    """No operator should learn it from the link that the next start prints."""
    place = tmp_path / "empty"
    place.mkdir()
    sqlite_template.fresh(place)
    empty = Shell(place, {"XPRESSBOT_DATABASE_URL": f"sqlite:///{place}/xpressbot.sqlite3"})
    assert empty.run("backup", str(tmp_path / "backup")).code == 0
    answer = elsewhere.run("restore", str(tmp_path / "backup"))
    assert answer.code == 0
    assert "No account came back: this is the copy of an empty installation" in answer.out
    assert "It needs no key yet." in answer.out


@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
def test_what_is_left_of_another_database_is_not_restored_beside(elsewhere: Shell, tmp_path: Path, original: Path, suffix: str) -> None:
    """SQLite would take its log or journal for the restored database's own."""
    data = elsewhere.directory / "data"
    data.mkdir()
    (data / f"xpressbot.sqlite3{suffix}").touch()
    with closing(sqlite3.connect(original)) as connection:
        connection.execute("VACUUM INTO ?", [str(tmp_path / "backup")])
    answer = elsewhere.run("restore", str(tmp_path / "backup"))
    assert answer.code == 1
    assert "There is a database at" in answer.err


def test_a_backup_never_follows_a_link(original: Path, installation: Installation, tmp_path: Path) -> None:
    """Whether it leads to a file or nowhere: something is there already."""
    shell = Shell(tmp_path, {"XPRESSBOT_DATABASE_URL": f"sqlite:///{original}"})
    (tmp_path / "precious").write_text("precious")
    for target in ("precious", "nowhere"):
        link = tmp_path / f"link-{target}"
        link.symlink_to(tmp_path / target)
        answer = shell.run("backup", str(link))
        assert (answer.code, answer.err) == (1, f"{link} exists already. Name another file.\n")
    assert (tmp_path / "precious").read_text() == "precious"
    assert not (tmp_path / "nowhere").exists()


def test_two_files_of_two_moments_are_refused_where_it_shows(
    installation: Installation, copy: Path, original: Path, elsewhere: Shell
) -> None:
    """Here an account is missing that a session belongs to."""
    assert isinstance(installation.services.identity.password_step.begin("cem@example.com", PASSWORD, "/", CLIENT), SignedIn)
    with closing(sqlite3.connect(original)) as connection:
        connection.execute("DELETE FROM account WHERE name = 'cem'")
        connection.commit()
        shutil.copyfile(log_of(original), log_of(copy))
    assert_refused(elsewhere.run("restore", str(copy)), elsewhere, "do not make a whole database")
