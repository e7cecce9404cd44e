"""Databases that are broken, away, of another version, open to others, on a full disk, or short of connections."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from tests.doctor.conftest import postgresql_only, sqlite_only
from tests.doctor.report import Report, report_of, run_doctor
from tests.support.command_line import Shell
from tests.support.installation import Installation
from tests.support.optional import present
from tests.support.people import Person
from tests.support.postgres import new_database
from xpressbot import bootstrap
from xpressbot.bootstrap import SCHEMA
from xpressbot.diagnostics import file_checks as files
from xpressbot.foundation.clock import SystemClock
from xpressbot.foundation.database.migration_runner import Schema
from xpressbot.foundation.times import HOUR

NEED_THE_DATABASE = {
    "encoding", "schema", "encrypted_secrets", "clock", "forwarded_headers", "host_header", "enrolments",
    "recovery_codes", "second_factors", "mail", "conversations", "scripts", "connections",
}  # fmt: skip
NEED_OUR_SCHEMA = NEED_THE_DATABASE - {"encoding", "schema", "clock", "connections"}


@pytest.fixture
def file(installation: Installation, anna: Person, tmp_path: Path) -> Path:
    """The database of a stopped service, with a person in it."""
    installation.close()
    return tmp_path / "data" / "xpressbot.sqlite3"


def skipped(report: Report) -> set[str]:
    return {finding["check"] for finding in report.findings if finding["severity"] == "skipped"}


@sqlite_only
@pytest.mark.parametrize("lost", [4096 * 12, 4096, 100, 1], ids="{} bytes".format)
def test_a_file_that_was_cut_off_is_damaged(shell: Shell, file: Path, lost: int) -> None:
    """Wherever the cut is; what needs no database is looked at."""
    os.truncate(file, file.stat().st_size - lost)
    report = run_doctor(shell)
    assert (report.code, report.problems) == (2, {"database_damaged"})
    assert skipped(report) == NEED_THE_DATABASE


@sqlite_only
def test_a_file_that_is_no_database_is_damaged(shell: Shell, file: Path) -> None:
    """What SQLite says of it is told."""
    file.write_bytes(b"this is no database, whatever its name says" * 100)
    report = run_doctor(shell)
    assert (report.code, report.problems) == (2, {"database_damaged"})
    assert report.about("database_damaged")["facts"]["error"] == "file is not a database"


@sqlite_only
def test_damage_in_a_page_that_no_other_check_reads_is_found(shell: Shell, file: Path) -> None:
    """The file is read from end to end."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        page = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'known_browser'").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    with file.open("r+b") as opened:
        opened.seek((page - 1) * size)
        opened.write(b"\xff" * size)
    assert run_doctor(shell).problems == {"database_damaged"}


def remove_with_its_directory(file: Path) -> None:
    file.unlink()
    shutil.rmtree(file.parent)


@sqlite_only
@pytest.mark.parametrize("make", [Path.unlink, remove_with_its_directory], ids=["file", "directory"])
def test_a_missing_database_is_an_error_and_stays_missing(shell: Shell, file: Path, make: Callable[[Path], None]) -> None:
    """An operator who runs it in the wrong directory must not read that all is well."""
    make(file)
    report = run_doctor(shell)
    assert (report.code, report.problems) == (2, {"database_missing"})
    assert not file.exists()


@sqlite_only
def test_a_directory_in_the_databases_place_is_told(shell: Shell, file: Path) -> None:
    """Root is stopped by it too, as by no mode."""
    file.unlink()
    file.mkdir()
    report = run_doctor(shell)
    assert (report.code, report.problems) == (2, {"database_unreachable"})
    assert skipped(report) == NEED_THE_DATABASE


@sqlite_only
@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_a_database_that_another_program_keeps_locked_is_told(shell: Shell, file: Path, mode: str) -> None:
    """In whichever mode the file is."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        for statement in (
            f"PRAGMA journal_mode={mode}",
            "PRAGMA locking_mode=EXCLUSIVE",
            "BEGIN EXCLUSIVE",
            "UPDATE installation SET id = 1",
        ):
            other.execute(statement)
        report = report_of(shell.run_fresh("doctor", "--json"))
    assert (report.code, report.problems) == (2, {"database_locked"})


@sqlite_only
def test_what_a_killed_service_left_in_its_log_is_seen(shell: Shell, installation: Installation, anna: Person, tmp_path: Path) -> None:
    """The database of a process that had no time for a checkpoint."""
    copy = tmp_path / "copy"
    shutil.copytree(tmp_path / "data", copy)
    assert (copy / "xpressbot.sqlite3-wal").stat().st_size > 0
    report = run_doctor(shell.with_settings(XPRESSBOT_DATABASE_URL=f"sqlite:///{copy}/xpressbot.sqlite3"))
    assert report.code == 0
    assert [finding["facts"]["tried"] for finding in report.findings if finding["check"] == "encrypted_secrets"] == [11]


@postgresql_only
def test_a_server_that_does_not_answer_is_told_without_its_password(shell: Shell) -> None:
    """A port where no process listens."""
    report = run_doctor(shell.with_settings(XPRESSBOT_DATABASE_URL="postgresql://bot:canary-word@127.0.0.1:1/none"))
    assert (report.code, report.problems) == (2, {"database_unreachable"})
    assert "127.0.0.1" in report.about("database_unreachable")["what"]
    assert "canary-word" not in str(report)
    assert skipped(report) == NEED_THE_DATABASE


@pytest.mark.parametrize(
    ("revision", "embedded", "server"),
    [
        ("0001", "schema_unreleased", "schema_unreleased"),
        ("0050", "schema_migrated_by_start", "schema_older"),
        ("9999", "schema_newer", "schema_newer"),
    ],
)
def test_a_schema_of_another_version_is_told(
    shell: Shell, installation: Installation, monkeypatch: pytest.MonkeyPatch, revision: str, embedded: str, server: str
) -> None:
    """Both are named; a start migrates an embedded database by itself. The doctor migrates none."""
    identity, *others = SCHEMA.packages
    monkeypatch.setattr(bootstrap, "SCHEMA", Schema((replace(identity, first="0050"), *others)))  # as if a release had been made at it
    sqlite = installation.services.database.engine.dialect.name == "sqlite"
    try:
        set_revision(installation, revision)
        report = run_doctor(shell)
        assert report.problems == {embedded if sqlite else server}
        assert report.code == (1 if sqlite and embedded == "schema_migrated_by_start" else 2)
        assert skipped(report) == NEED_OUR_SCHEMA
        assert revision_of(installation) == revision
    finally:
        set_revision(installation, SCHEMA.packages[0].head)


@sqlite_only
def test_an_empty_file_holds_no_schema(shell: Shell, file: Path) -> None:
    """As SQLite makes one by itself."""
    file.write_bytes(b"")
    report = run_doctor(shell)
    assert (report.code, report.problems) == (2, {"schema_missing"})
    assert file.stat().st_size == 0


@postgresql_only
def test_an_empty_database_of_a_server_is_told(shell: Shell, postgres_server: str) -> None:
    """`db upgrade` was forgotten; afterwards the ring of another installation is none of its."""
    fresh = shell.with_settings(XPRESSBOT_DATABASE_URL=new_database(postgres_server, "doctor_empty"))
    report = run_doctor(fresh)
    assert (report.code, report.problems) == (2, {"schema_missing"})
    assert fresh.run("db", "upgrade").code == 0
    assert run_doctor(fresh).code == 0


@sqlite_only
def test_data_that_others_can_read_is_told_by_file(shell: Shell, file: Path) -> None:
    """Where both the directory and the file let them in; either alone keeps them out."""
    file.chmod(0o644)
    assert run_doctor(shell).code == 0
    file.parent.chmod(0o755)
    report = run_doctor(shell)
    assert (report.code, report.problems) == (2, {"data_open_to_others"})
    assert report.about("data_open_to_others")["facts"]["path"] == str(file)
    file.chmod(0o600)
    assert run_doctor(shell).code == 0


@sqlite_only
@pytest.mark.parametrize("mode", [0o777, 0o720, 0o702])
def test_a_directory_in_which_others_can_put_a_database_is_told(shell: Shell, file: Path, mode: int) -> None:
    """An attacker who may replace the file needs not write to it."""
    file.chmod(0o600)
    file.parent.chmod(mode)
    report = run_doctor(shell)
    assert (report.code, report.problems) == (2, {"data_directory_writable"})
    assert report.about("data_directory_writable")["facts"] == {"path": str(file.parent), "mode": f"{mode:04o}"}
    assert report.about("data_directory_writable")["remedy"] == f"Run: chmod 700 {file.parent}"


@sqlite_only
@pytest.mark.parametrize(("limit", "problem", "code"), [("LOW_SPACE", "disk_low", 1), ("NO_SPACE", "disk_full", 2)])
def test_a_disk_that_fills_up_is_told(
    shell: Shell, installation: Installation, monkeypatch: pytest.MonkeyPatch, limit: str, problem: str, code: int
) -> None:
    """The threshold is set above what is free, since a test cannot fill a disk."""
    above = shutil.disk_usage(shell.directory).free * 2
    monkeypatch.setattr(files, "LOW_SPACE", above)
    monkeypatch.setattr(files, limit, above)
    report = run_doctor(shell)
    assert (report.code, report.problems) == (code, {problem})
    assert 0 < report.about(problem)["facts"]["free"] < above
    assert "MiB" in report.about(problem)["what"]


def test_a_full_disk_of_the_keys_is_told_with_either_database(
    shell: Shell, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`keys add` needs room there."""
    monkeypatch.setattr(files, "LOW_SPACE_FOR_KEYS", shutil.disk_usage(shell.directory).free * 2)
    report = run_doctor(shell)
    assert (report.code, report.problems) == (1, {"disk_low"})
    assert report.about("disk_low")["facts"]["directory"] == str(installation.services.settings.key_file.parent)


def test_a_clock_that_was_set_back_is_told(shell: Shell, installation: Installation, anna: Person) -> None:
    """The newest record lies an hour ahead of this machine's time."""
    ahead = SystemClock().now() + HOUR
    with installation.services.database.write() as connection:
        connection.execute(text("UPDATE session SET last_used_at = :at"), {"at": ahead})
        connection.commit()
    report = run_doctor(shell)
    assert (report.code, report.problems) == (2, {"clock_set_back"})
    facts = report.about("clock_set_back")["facts"]
    assert facts["newest"] == ahead
    assert 3500 < facts["seconds"] <= 3600


@pytest.fixture
def skewed(shell: Shell, postgres_server: str, request: pytest.FixtureRequest) -> Shell:
    """A server's database whose clock is off by so many seconds."""
    name = f"doctor_skewed_{abs(request.param)}_{'ahead' if request.param > 0 else 'behind'}"
    url = new_database(postgres_server, name)
    theirs = shell.with_settings(XPRESSBOT_DATABASE_URL=url)
    assert theirs.run("db", "upgrade").code == 0
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA skewed")
        connection.execute(
            "CREATE FUNCTION skewed.clock_timestamp() RETURNS timestamptz LANGUAGE sql"
            f" AS $$ SELECT pg_catalog.clock_timestamp() + interval '{request.param} s' $$"
        )
        connection.execute(f"ALTER DATABASE {name} SET search_path = skewed, pg_catalog, public")
    return theirs


@postgresql_only
@pytest.mark.parametrize(
    ("skewed", "problem", "direction"),
    [(8, "clock_differs", "behind"), (-8, "clock_differs", "ahead"), (3600, "clock_far_off", "behind")],
    indirect=["skewed"],
)
def test_a_clock_that_differs_from_the_databases_is_told(skewed: Shell, problem: str, direction: str) -> None:
    """By how much and in which direction: a warning, and an error from where right codes are refused."""
    report = run_doctor(skewed)
    assert report.problems == {problem}
    assert report.code == (1 if problem == "clock_differs" else 2)
    assert report.about(problem)["facts"]["direction"] == direction
    assert report.about(problem)["facts"]["seconds"] in {7, 8, 3599, 3600}


@postgresql_only
@pytest.mark.parametrize("skewed", [1], indirect=True)
def test_a_clock_that_differs_by_a_second_is_well(skewed: Shell) -> None:
    """Networks take their time."""
    assert run_doctor(skewed).code == 0


@postgresql_only
def test_more_workers_than_the_database_has_connections_for_are_an_error(shell: Shell, anna: Person) -> None:
    """Said by the option or by the environment that uvicorn knows."""
    for report in (run_doctor(shell, "--workers", "64"), run_doctor(shell.with_settings(WEB_CONCURRENCY="64"))):
        assert (report.code, report.problems) == (2, {"connections_too_few"})
        facts = report.about("connections_too_few")["facts"]
        assert facts["needed"] == 64 * facts["threads"] > facts["limit"]


@sqlite_only
@pytest.mark.parametrize("value", ["many", "0", "65", "2.5"])
def test_an_unusable_number_of_workers_is_a_finding(shell: Shell, anna: Person, value: str) -> None:
    """The service would not start with it; everything that does not rest on it is looked at."""
    report = run_doctor(shell.with_settings(WEB_CONCURRENCY=value))
    assert (report.code, report.problems) == (2, {"settings_unusable"})
    assert report.about("settings_unusable")["what"] == "WEB_CONCURRENCY: must be a whole number from 1 to 64."
    assert skipped(report) == {"connections"}
    assert shell.with_settings(WEB_CONCURRENCY=value).run("serve").code == 2
    assert run_doctor(shell.with_settings(WEB_CONCURRENCY=value), "--workers", "2").code == 0


@postgresql_only
def test_a_limit_of_the_database_of_ones_own_counts(shell: Shell, postgres_server: str) -> None:
    """However many connections the server has."""
    url = new_database(postgres_server, "doctor_limited")
    limited = shell.with_settings(XPRESSBOT_DATABASE_URL=url)
    assert limited.run("db", "upgrade").code == 0
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER DATABASE doctor_limited CONNECTION LIMIT 5")
    report = run_doctor(limited)
    assert (report.code, report.problems) == (2, {"connections_too_few"})
    assert report.about("connections_too_few")["facts"]["limit"] == 5


@postgresql_only
def test_a_server_that_is_nearly_full_is_a_warning(shell: Shell, installation: Installation, anna: Person) -> None:
    """The session that holds the connections."""
    url = installation.services.settings.database_url
    with ExitStack() as held:
        first = held.enter_context(psycopg.connect(url))
        (allowed,) = present(first.execute("SHOW max_connections").fetchone())
        (reserved,) = present(first.execute("SHOW superuser_reserved_connections").fetchone())
        limit = int(allowed) - int(reserved)
        for _connection in range(int(limit * 0.9)):
            held.enter_context(psycopg.connect(url))
        report = run_doctor(shell)
    assert (report.code, report.problems) == (1, {"connections_nearly_used"})
    assert report.about("connections_nearly_used")["facts"]["used"] >= limit * 0.9


def revision_of(installation: Installation) -> str:
    with installation.services.database.read() as connection:
        revision: str = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    return revision


def set_revision(installation: Installation, revision: str) -> None:
    with installation.services.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
        connection.commit()
