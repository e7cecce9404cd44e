"""Databases that keep text in less than Unicode are refused before anything is written; which text goes over the wire, we say."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from tests.doctor.report import run_doctor
from tests.support.command_line import Answer, Shell
from tests.support.installation import PASSWORD
from tests.support.postgres import new_database
from xpressbot.bootstrap import SCHEMA
from xpressbot.foundation.database.engine import open_database

NAME = "Łukasz 電話"
ADD = ("accounts", "create", "--email", "lukasz@example.com", "--name", NAME)
LISTED = ("accounts", "list")


@pytest.fixture
def shell(tmp_path: Path, _enough_room: None) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def _enough_room(monkeypatch: pytest.MonkeyPatch) -> None:
    from xpressbot.diagnostics import file_checks as files

    for limit in ("LOW_SPACE", "NO_SPACE", "LOW_SPACE_FOR_KEYS"):
        monkeypatch.setattr(files, limit, 0)


@pytest.fixture
def fresh(postgres_server: str, request: pytest.FixtureRequest) -> Callable[..., str]:
    """Makes a database of the server in an encoding."""
    return lambda encoding: new_database(
        postgres_server,
        f"{encoding.lower()}_{os.getpid()}_{abs(hash(request.node.name))}",
        f"ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
    )


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII", "WIN1252", "EUC_JP"])
def test_a_server_database_in_another_encoding_is_refused(encoding: str, fresh: Callable[..., str], shell: Shell) -> None:
    """Its upgrade, its start and every command name the command that makes a right one, and write nothing."""
    url = fresh(encoding)
    shell = shell.with_settings(XPRESSBOT_DATABASE_URL=url)
    said = (
        f"The database's encoding is {encoding}, which cannot keep every name: XpressBot needs UTF8. Make another one with: createdb"
        " --encoding=UTF8 --template=template0 --locale=C NAME (docs/operations.md says how to move what this one holds)\n"
    )
    for command in (("db", "upgrade"), ("serve",), LISTED, ADD):
        assert shell.run(*command, stdin=PASSWORD) == Answer(2, "", said)
    database = open_database(url.replace("postgresql://", "postgresql+psycopg://"))
    with database.write() as connection:
        assert inspect(connection).get_table_names() == []
        connection.execute(text("CREATE TABLE alembic_version (version_num varchar(32))"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": SCHEMA.packages[0].head})
        connection.commit()
    database.dispose()
    for command in (("db", "upgrade"), ("serve",)):
        assert shell.run(*command) == Answer(2, "", said)


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_the_doctor_calls_another_encoding_an_error(encoding: str, fresh: Callable[..., str], shell: Shell) -> None:
    """Beside whatever else it finds; all else is looked at."""
    report = run_doctor(shell.with_settings(XPRESSBOT_DATABASE_URL=fresh(encoding)))
    assert report.code == 2
    assert report.about("encoding_not_unicode")["facts"] == {"found": encoding}
    assert "createdb --encoding=UTF8 --template=template0 --locale=C NAME" in report.about("encoding_not_unicode")["remedy"]
    assert report.severity_of("database") == "ok"
    assert "schema_missing" in report.problems


@pytest.mark.parametrize("asked", [{"PGCLIENTENCODING": "LATIN1"}, {"PGCLIENTENCODING": "SQL_ASCII"}, "?client_encoding=latin1"], ids=str)
def test_whatever_the_environment_asks_for_names_come_back_as_they_were(
    asked: dict[str, str] | str, postgres_server: str, shell: Shell, request: pytest.FixtureRequest
) -> None:
    """The connection speaks UTF8, by libpq's variables or the URL's options or not; the doctor's too."""
    url = new_database(postgres_server, f"utf8_{os.getpid()}_{abs(hash(request.node.name))}")
    if isinstance(asked, str):
        url, asked = f"{url}{asked.replace('?', '&' if '?' in url else '?')}", {}
    shell = shell.with_settings(XPRESSBOT_DATABASE_URL=url, **asked)
    assert shell.run("db", "upgrade").code == 0
    assert shell.run(*ADD, stdin=PASSWORD).code == 0
    assert NAME in shell.run(*LISTED).out
    assert NAME in shell.with_settings(PGCLIENTENCODING="UTF8").run(*LISTED).out
    assert run_doctor(shell).problems == set()


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le", "UTF-16be"])
def test_an_embedded_database_keeps_every_name_in_each_of_its_encodings(encoding: str, shell: Shell) -> None:
    """SQLite has three, and each holds all of Unicode."""
    (shell.directory / "var" / "data").mkdir(parents=True, mode=0o700)
    file = shell.directory / "var" / "data" / "xpressbot.sqlite3"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA encoding='{encoding}'")
        connection.execute("CREATE TABLE t (x)")
        connection.execute("DROP TABLE t")
    file.chmod(0o600)
    assert shell.run(*ADD, stdin=PASSWORD).code == 0
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA encoding").fetchone() == (encoding,)
    assert NAME in shell.run(*LISTED).out
    assert run_doctor(shell).problems == set()
    assert shell.run("backup", "copy.sqlite3").code == 0
    elsewhere = shell.with_settings(XPRESSBOT_DATA_DIR="there")
    assert elsewhere.run("restore", "copy.sqlite3").code == 0
    assert NAME in elsewhere.run(*LISTED).out
