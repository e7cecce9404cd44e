"""Brings a database up to the newest revision of a package's schema. Which package that is, the caller says."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnClause, Connection, column, inspect, select, table, text

from xpressbot.foundation.database.encoding import MAKES_ONE, NEEDED, encoding_of
from xpressbot.foundation.database.engine import Database

_ENVIRONMENT: Final = "xpressbot.foundation.database:migration_environment"
_MIGRATION_LOCK: Final = 0x58_50_42_31


@dataclass(frozen=True, slots=True)
class Migrations:
    """The revisions of a package's schema."""

    package: str
    """Has them in its directory `versions`."""
    version_table: str
    """The table in which a database says at which revision it is. Each package has its own."""
    first: str
    """The first revision of a released version. What was made before it is refused, not migrated."""
    head: str
    """The newest revision. Kept by hand beside the files so that a start need not load Alembic; a test compares the two."""


class SchemaError(Exception):
    """The database's schema is not the one this program works with. The message says what to do."""


def current_revision(database: Database, migrations: Migrations) -> str | None:
    """The revision the database is at; None for an empty one."""
    with database.read() as connection:
        if not inspect(connection).has_table(migrations.version_table):
            return None
        number: ColumnClause[str] = column("version_num")
        return connection.execute(select(number).select_from(table(migrations.version_table, number))).scalar()


def upgrade(database: Database, migrations: Migrations) -> None:
    """Bring the schema to its newest revision in one transaction. Of several processes at once, one does it and the others wait.

    Raises SchemaError when a newer version of this program has migrated it already, or it cannot keep all of Unicode.
    """
    _refuse_other_encodings(database)
    if _known_revision(database, migrations) == migrations.head:
        return
    with database.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        _run_alembic(connection, migrations)
        connection.commit()


def prepare_schema(database: Database, migrations: Migrations) -> None:
    """Make sure that the schema is at its newest revision.

    The embedded SQLite database is migrated; a server's is its operator's to migrate.

    Raises SchemaError.
    """
    if database.engine.dialect.name == "sqlite":
        upgrade(database, migrations)
        return
    _refuse_other_encodings(database)
    refuse_other_schemas(database, migrations)


def refuse_other_schemas(database: Database, migrations: Migrations) -> None:
    """Make sure that the schema is at its newest revision, without changing anything.

    Raises SchemaError.
    """
    revision = _known_revision(database, migrations)
    if revision is None:
        raise SchemaError(
            f"The database{_name(database)} holds nothing of XpressBot's yet. If it is the right one, run: xpressbot db upgrade."
            " Otherwise set XPRESSBOT_DATABASE_URL to the right one."
        )
    if revision != migrations.head:
        raise SchemaError(f"The database is at schema {revision}, this program needs {migrations.head}. Run: xpressbot db upgrade")


def _known_revision(database: Database, migrations: Migrations) -> str | None:
    revision = current_revision(database, migrations)
    if revision is not None and revision > migrations.head:
        raise SchemaError(f"The database is at schema {revision}, this program knows {migrations.head}. Install the newer version.")
    if revision is not None and revision < migrations.first:
        raise SchemaError(
            f"The database is at schema {revision}, which is from before the first release and is not migrated."
            " Use the version that made it, or begin with an empty database."
        )
    return revision


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
