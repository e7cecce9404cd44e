"""The schema's revisions. The first makes the tables of the foundation too, which are written in the same transactions."""

from typing import Final

from xpressbot.foundation.database.migration_runner import Migrations

MIGRATIONS: Final = Migrations("identity", __name__, version_table="alembic_version", first="0100", head="0100")
