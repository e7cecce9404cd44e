"""The schema's revisions, and how to bring a database up to the newest one."""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from xpressbot.foundation.database.encoding import MAKES_ONE, NEEDED, encoding_of
from xpressbot.foundation.database.engine import Database

FIRST: Final = "0100"
"""The first revision of a released version. What was made before it is refused, not migrated."""
HEAD: Final = "0100"
"""The newest revision. Kept by hand beside the files so that a start need not load Alembic; a test compares the two."""
_MIGRATION_LOCK: Final = 0x58_50_42_31


class SchemaError(Exception):
    """The database's schema is not the one this program works with. The message says what to do."""


def current_revision(database: Database) -> str | None:
    """The revision the database is at; None for an empty one."""
    with database.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return revision


def upgrade(database: Database) -> None:
    """Bring the schema to HEAD in one transaction. Of several processes at once, one does it and the others wait.

    Raises SchemaError when a newer version of this program has migrated it already, or it cannot keep all of Unicode.
    """
    _refuse_other_encodings(database)
    if _known_revision(database) == HEAD:
        return
    with database.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        _run_alembic(connection)
        connection.commit()


def prepare_schema(database: Database) -> None:
    """Make sure that the schema is at HEAD. The embedded SQLite database is migrated; a server's is its operator's to migrate.

    Raises SchemaError.
    """
    if database.engine.dialect.name == "sqlite":
        upgrade(database)
        return
    _refuse_other_encodings(database)
    revision = _known_revision(database)
    if revision is None:
        raise SchemaError(
            f"The database {_name(database)} holds nothing of XpressBot's yet. If it is the right one, run: xpressbot db upgrade."
            " Otherwise set XPRESSBOT_DATABASE_URL to the right one."
        )
    if revision != HEAD:
        raise SchemaError(f"The database is at schema {revision}, this program needs {HEAD}. Run: xpressbot db upgrade")


def _known_revision(database: Database) -> str | None:
    revision = current_revision(database)
    if revision is not None and revision > HEAD:
        raise SchemaError(f"The database is at schema {revision}, this program knows {HEAD}. Install the newer version.")
    if revision is not None and revision < FIRST:
        raise SchemaError(
            f"The database is at schema {revision}, which is from before the first release and is not migrated."
            " Use the version that made it, or begin with an empty database."
        )
    return revision


def _refuse_other_encodings(database: Database) -> None:
    encoding = encoding_of(database)
    if encoding != NEEDED:
        raise SchemaError(
            f"The database's encoding is {encoding}, which cannot keep everybody's name: XpressBot needs {NEEDED}. Make another one with:"
            f" {MAKES_ONE} (docs/operations.md says how to move what this one holds)"
        )


def _name(server: Database) -> str:
    with server.read() as connection:
        name: str = connection.execute(text("SELECT current_database()")).scalar_one()
        return name


def _run_alembic(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415  # half a second that an up-to-date start need not spend
    from alembic.config import Config  # noqa: PLC0415

    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent))
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, HEAD)
