"""Migrations: the newest revision, the schema that the models describe, and who may run them when."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from tests.support.child_processes import fork_together
from tests.support.installation import make_settings
from xpressbot.bootstrap import SCHEMA, build
from xpressbot.diagnostics.observations import OBSERVATION
from xpressbot.foundation.database.engine import METADATA, Database, open_database
from xpressbot.foundation.database.migration_runner import (
    Migrations,
    Schema,
    SchemaError,
    SchemaState,
    current_revisions,
    prepare_schema,
    upgrade,
)

IDENTITY = SCHEMA.packages[0]


@pytest.fixture
def empty(tmp_path: Path, empty_database_url: str) -> Iterator[Database]:
    database = _open(tmp_path, empty_database_url)
    yield database
    database.dispose()


@pytest.fixture
def migrated(tmp_path: Path, database_url: str) -> Iterator[Database]:
    database = _open(tmp_path, database_url)
    yield database
    database.dispose()


@pytest.mark.parametrize("package", SCHEMA.packages, ids=lambda package: package.name)
def test_the_head_kept_by_hand_is_the_newest_revision(package: Migrations) -> None:
    """The start compares with the head and loads no Alembic; both must name the same revision, and there is only one."""
    configuration = Config()
    configuration.set_main_option("script_location", f"{package.package}:.")
    configuration.set_main_option("path_separator", "newline")
    assert ScriptDirectory.from_config(configuration).get_heads() == [package.head]


def test_an_upgrade_makes_the_schema_that_the_models_describe(empty: Database) -> None:
    """Alembic finds no difference in tables, columns, types, keys and indexes."""
    upgrade(empty, SCHEMA)

    assert current_revisions(empty, SCHEMA) == SCHEMA.head
    with empty.read() as connection:
        assert differences(connection, compare_type=True, compare_server_default=True) == []
        assert OBSERVATION.name in inspect(connection).get_table_names()
        assert [check["name"] for check in inspect(connection).get_check_constraints("installation")] == ["ck_installation_one_row"]


def test_a_missing_column_would_be_noticed(migrated: Database) -> None:
    """The comparison above can fail."""
    with migrated.write() as connection:
        connection.execute(text("ALTER TABLE link DROP COLUMN consumed_at"))
        found = differences(connection)
    assert [(difference[0], difference[3].name) for difference in found] == [("add_column", "consumed_at")]


def differences(connection: Connection, **opts: bool) -> list[Any]:
    """Between the database and the models. No model describes the version tables."""
    version_tables = {package.version_table for package in SCHEMA.packages}

    def is_compared(name: str | None, _kind: str, _parents: object) -> bool:
        return name not in version_tables

    found: list[Any] = compare_metadata(MigrationContext.configure(connection, opts=opts | {"include_name": is_compared}), METADATA)
    return found


def test_the_installation_has_one_row_and_takes_no_second(migrated: Database) -> None:
    """One installation, one owner: the schema itself says so."""
    with migrated.write() as connection, pytest.raises(DBAPIError):
        connection.execute(text("INSERT INTO installation (id) VALUES (2)"))


def test_an_upgrade_of_an_up_to_date_database_does_nothing(migrated: Database) -> None:
    """Not even the row of the revision is written again."""
    with migrated.read() as connection:
        before = inspect(connection).get_table_names()
    upgrade(migrated, SCHEMA)
    with migrated.read() as connection:
        assert inspect(connection).get_table_names() == before
        assert connection.execute(text("SELECT count(*) FROM installation")).scalar_one() == 1


def test_of_several_upgrades_at_once_one_migrates_and_all_succeed(empty: Database, tmp_path: Path, empty_database_url: str) -> None:
    """Three processes start on an empty database: afterwards it is migrated, once."""

    def child(_number: int, meet: Callable[[], None]) -> int:
        database = _open(tmp_path, empty_database_url)
        assert current_revisions(database, SCHEMA).state is SchemaState.MISSING
        meet()
        upgrade(database, SCHEMA)
        return 0

    codes = fork_together(3, child, beside=empty)

    assert codes == [0, 0, 0]
    assert current_revisions(empty, SCHEMA) == SCHEMA.head
    with empty.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM installation")).scalar_one() == 1


def test_another_package_has_revisions_and_a_version_table_of_its_own(
    migrated: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runner knows no package: both stand in one database, each at the revision of its own."""
    versions = tmp_path / "of_another_package" / "versions"
    versions.mkdir(parents=True)
    (versions.parent / "__init__.py").touch()
    (versions / "0001_nothing.py").write_text('revision = "0001"\ndown_revision = None\n\n\ndef upgrade() -> None:\n    pass\n')
    monkeypatch.syspath_prepend(tmp_path)
    package = Migrations("another", "of_another_package", "version_of_another", first="0001", head="0001")
    larger = Schema((*SCHEMA.packages, package))
    try:
        assert current_revisions(migrated, larger).state is SchemaState.OLDER
        upgrade(migrated, larger)
        assert str(current_revisions(migrated, larger)) == f"{SCHEMA.head}, another 0001"
        assert current_revisions(migrated, SCHEMA) == SCHEMA.head
    finally:
        with migrated.write() as connection:
            connection.execute(text("DROP TABLE version_of_another"))
            connection.commit()


def test_a_newer_schema_is_refused_and_left_alone(migrated: Database) -> None:
    """An older program must not write into what it does not know."""
    _set_revision(migrated, "9999")
    try:
        with pytest.raises(
            SchemaError,
            match=r"identity 9999, chat \d+, this program knows identity \d+, chat \d+\. Install the newer",
        ):
            upgrade(migrated, SCHEMA)
        with pytest.raises(SchemaError, match="9999"):
            prepare_schema(migrated, SCHEMA)
        assert current_revisions(migrated, SCHEMA).state is SchemaState.NEWER
    finally:
        _set_revision(migrated, IDENTITY.head)


def test_a_schema_from_before_the_first_release_is_refused_and_left_alone(migrated: Database) -> None:
    """It is not migrated: neither by a start nor by the command."""
    _set_revision(migrated, "0007")
    refusal = "identity 0007, chat 0100, which is from before the first release and is not migrated. Use the version that made it"
    try:
        with pytest.raises(SchemaError, match=refusal):
            upgrade(migrated, SCHEMA)
        with pytest.raises(SchemaError, match=refusal):
            prepare_schema(migrated, SCHEMA)
        assert current_revisions(migrated, SCHEMA).state is SchemaState.UNRELEASED
    finally:
        _set_revision(migrated, IDENTITY.head)


def test_an_upgrade_that_fails_leaves_nothing_behind(empty: Database) -> None:
    """The whole migration is one transaction: a table in its way stops it before the first of its own remains."""
    with empty.write() as connection:
        connection.execute(text("CREATE TABLE session (mine INTEGER)"))
        connection.commit()

    with pytest.raises(DBAPIError):
        upgrade(empty, SCHEMA)

    with empty.read() as connection:
        assert inspect(connection).get_table_names() == ["session"]


def test_a_start_migrates_the_embedded_database_and_no_server(tmp_path: Path, empty_database_url: str) -> None:
    """A PostgreSQL server is its operator's to migrate: the start stops and names the command."""
    settings = make_settings(tmp_path, empty_database_url)
    if empty_database_url.startswith("sqlite"):
        build(settings).close()
        return
    with pytest.raises(SchemaError, match=r"holds nothing of XpressBot's yet\. If it is the right one, run: xpressbot db upgrade\."):
        build(settings)
    assert not settings.key_file.exists()


def _open(directory: Path, url: str) -> Database:
    return open_database(make_settings(directory, url).url, durable=False)


def _set_revision(database: Database, revision: str) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
        connection.commit()
