"""Fresh databases on both engines, migrated once and copied or emptied for each test."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text

from xpressbot.bootstrap import SCHEMA
from xpressbot.foundation.database.engine import METADATA, open_database
from xpressbot.foundation.database.migration_runner import upgrade
from xpressbot.identity import tables

ROWS_OF_A_NEW_DATABASE = (
    "INSERT INTO installation (id) VALUES (1)",
    "INSERT INTO key_state (id, keys_in_use) VALUES (1, '[]')",
)

assert tables.ACCOUNT.metadata is METADATA


class SqliteTemplate:
    """A migrated file to copy from."""

    def __init__(self, directory: Path) -> None:
        self._template = directory / "template.sqlite3"
        database = open_database(f"sqlite:///{self._template}", durable=False)
        upgrade(database, SCHEMA)
        database.dispose()

    def fresh(self, directory: Path) -> str:
        """The URL of a new copy."""
        target = directory / "xpressbot.sqlite3"
        shutil.copyfile(self._template, target)
        return f"sqlite:///{target}"


class PostgresTemplate:
    """One migrated database that is emptied between tests."""

    def __init__(self, url: str) -> None:
        self._url = url
        database = open_database(url, pool_size=1)
        upgrade(database, SCHEMA)
        database.dispose()
        self._engine = create_engine(database.engine.url, isolation_level="AUTOCOMMIT")

    def fresh(self) -> str:
        """The URL, with nothing in the database but what a migration leaves there.

        TRUNCATE makes new files for every table and index, which takes several times as long. VACUUM gives the pages of deleted rows
        back: in what is left of them, new rows would stand in another order than they were written.
        """
        tables = [table.name for table in reversed(METADATA.sorted_tables)]
        with self._engine.connect() as connection:
            rows = connection.scalars(text(" UNION ALL ".join(f"(SELECT '{table}' FROM {table} LIMIT 1)" for table in tables)))
            filled = sorted(rows, key=tables.index)
            for statement in (
                f"DO $$ BEGIN {' '.join(f'DELETE FROM {table};' for table in filled)} END $$",
                f"VACUUM (INDEX_CLEANUP ON, TRUNCATE ON) {', '.join(filled)}",
                *ROWS_OF_A_NEW_DATABASE,
            ):
                connection.execute(text(statement))
        return self._url

    def close(self) -> None:
        """Let go of the connection."""
        self._engine.dispose()


def fresh_database(request: pytest.FixtureRequest, engine: str, directory: Path) -> str:
    """The URL of a fresh, migrated database on an engine; an embedded one lies in the directory."""
    if engine == "postgresql":
        server: PostgresTemplate = request.getfixturevalue("postgres_template")
        return server.fresh()
    template: SqliteTemplate = request.getfixturevalue("sqlite_template")
    return template.fresh(directory)


def sqlite_driver(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver
