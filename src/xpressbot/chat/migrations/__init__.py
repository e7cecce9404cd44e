"""The revisions of the tables of chat."""

from typing import Final

from xpressbot.foundation.database.migration_runner import Migrations

MIGRATIONS: Final = Migrations("chat", __name__, version_table="alembic_version_chat", first="0100", head="0100")
