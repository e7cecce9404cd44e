"""Brings a database up to the newest revisions of all packages' tables. Which packages there are, the caller says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnClause, Connection, column, inspect, select, table, text

from xpressbot.foundation.database.encoding import MAKES_ONE, NEEDED, encoding_of
from xpressbot.foundation.database.engine import Database

_ENVIRONMENT: Final = "xpressbot.foundation.database:migration_environment"
_MIGRATION_LOCK: Final = 0x58_50_42_31


@dataclass(frozen=True, slots=True)
class Migrations:
    """The revisions of one package's tables."""

    name: str
    """What people call the package."""
    package: str
    """Has them in its directory `versions`."""
    version_table: str
    """The table in which a database says at which revision it is. Each package has its own."""
    first: str
    """The first revision of a released version. What was made before it is refused, not migrated."""
    head: str
    """The newest revision. Kept by hand beside the files so that a start need not load Alembic; a test compares the two."""


class SchemaState(StrEnum):
    """How a database's schema stands to the one that this program works with."""

    CURRENT = "current"
    MISSING = "missing"
    """There is nothing of ours."""
    OLDER = "older"
    UNRELEASED = "unreleased"
    """From before the first release of a package."""
    NEWER = "newer"


@dataclass(frozen=True, slots=True)
class Revisions:
    """At which revision the tables of each package are; None for a package that has no tables there."""

    by_package: Mapping[Migrations, str | None]

    def __str__(self) -> str:
        return ", ".join(f"{package.name} {revision}" for package, revision in self.by_package.items() if revision is not None)

    @property
    def state(self) -> SchemaState:
        """The worst of the packages decides."""
        known = [(package, revision) for package, revision in self.by_package.items() if revision is not None]
        if not known:
            return SchemaState.MISSING
        if any(revision > package.head for package, revision in known):
            return SchemaState.NEWER
        if any(revision < package.first for package, revision in known):
            return SchemaState.UNRELEASED
        return SchemaState.CURRENT if all(r == package.head for package, r in self.by_package.items()) else SchemaState.OLDER


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables of all packages."""

    packages: tuple[Migrations, ...]

    def at(self, find: Callable[[str], str | None]) -> Revisions:
        """The revisions of a database. find: what a version table holds; None where there is none."""
        return Revisions({package: find(package.version_table) for package in self.packages})

    @property
    def head(self) -> Revisions:
        """The newest revisions."""
        return Revisions({package: package.head for package in self.packages})


class SchemaError(Exception):
    """The database's schema is not the one this program works with. The message says what to do."""


def current_revisions(database: Database, schema: Schema) -> Revisions:
    """The revisions the database is at."""
    with database.read() as connection:

        def find(version_table: str) -> str | None:
            if not inspect(connection).has_table(version_table):
                return None
            number: ColumnClause[str] = column("version_num")
            return connection.execute(select(number).select_from(table(version_table, number))).scalar()

        return schema.at(find)


def upgrade(database: Database, schema: Schema) -> None:
    """Bring the schema to its newest revisions in one transaction. Of several processes at once, one does it and the others wait.

    Raises SchemaError when a newer version of this program has migrated it already, or it cannot keep all of Unicode.
    """
    _refuse_other_encodings(database)
    if _known_state(database, schema) is SchemaState.CURRENT:
        return
    with database.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        for package in schema.packages:
            _run_alembic(connection, package)
        connection.commit()


def prepare_schema(database: Database, schema: Schema) -> None:
    """Make sure that the schema is at its newest revisions.

    The embedded SQLite database is migrated; a server's is its operator's to migrate.

    Raises SchemaError.
    """
    if database.engine.dialect.name == "sqlite":
        upgrade(database, schema)
        return
    _refuse_other_encodings(database)
    refuse_other_schemas(database, schema)


def refuse_other_schemas(database: Database, schema: Schema) -> None:
    """Make sure that the schema is at its newest revisions, without changing anything.

    Raises SchemaError.
    """
    state = _known_state(database, schema)
    if state is SchemaState.MISSING:
        raise SchemaError(
            f"The database{_name(database)} holds nothing of XpressBot's yet. If it is the right one, run: xpressbot db upgrade."
            " Otherwise set XPRESSBOT_DATABASE_URL to the right one."
        )
    if state is SchemaState.OLDER:
        found = current_revisions(database, schema)
        raise SchemaError(f"The database is at schema {found}, this program needs {schema.head}. Run: xpressbot db upgrade")


def _known_state(database: Database, schema: Schema) -> SchemaState:
    revisions = current_revisions(database, schema)
    if revisions.state is SchemaState.NEWER:
        raise SchemaError(f"The database is at schema {revisions}, this program knows {schema.head}. Install the newer version.")
    if revisions.state is SchemaState.UNRELEASED:
        raise SchemaError(
            f"The database is at schema {revisions}, which is from before the first release and is not migrated."
            " Use the version that made it, or begin with an empty database."
        )
    return revisions.state


def _refuse_other_encodings(database: Database) -> None:
    encoding = encoding_of(database)
    if encoding != NEEDED:
        raise SchemaError(
            f"The database's encoding is {encoding}, which cannot keep every name: XpressBot needs {NEEDED}. Make another one with:"
            f" {MAKES_ONE} (docs/operations.md says how to move what this one holds)"
        )


def _name(database: Database) -> str:
    """What a sentence calls a server's database, with a space before it; nothing for a file, which its path names."""
    if database.engine.dialect.name == "sqlite":
        return ""
    with database.read() as connection:
        name: str = connection.execute(text("SELECT current_database()")).scalar_one()
        return f" {name}"


def _run_alembic(connection: Connection, migrations: Migrations) -> None:
    from alembic import command  # noqa: PLC0415  # half a second that an up-to-date start need not spend
    from alembic.config import Config  # noqa: PLC0415

    configuration = Config()
    configuration.set_main_option("script_location", _ENVIRONMENT)
    configuration.set_main_option("version_locations", f"{migrations.package}:versions")
    configuration.set_main_option("path_separator", "newline")
    configuration.attributes.update(connection=connection, version_table=migrations.version_table)
    command.upgrade(configuration, migrations.head)
