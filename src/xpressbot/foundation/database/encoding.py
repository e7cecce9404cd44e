"""In which encoding a database keeps text: people's names need all of Unicode."""

from typing import Final

from sqlalchemy import text

from xpressbot.foundation.database.engine import Database

NEEDED: Final = "UTF8"
"""PostgreSQL's name for it. Over the wire it is asked for by each connection, whatever PGCLIENTENCODING says."""
MAKES_ONE: Final = "createdb --encoding=UTF8 --template=template0 --locale=C NAME"
"""The locale goes with every encoding; the server's own may not. Text is compared by code points, as on SQLite."""


def encoding_of(database: Database) -> str:
    """PostgreSQL's name of it. SQLite's are three forms of Unicode, and each is as good."""
    if database.engine.dialect.name != "postgresql":
        return NEEDED
    with database.read() as connection:
        encoding: str = connection.execute(text("SELECT current_setting('server_encoding')")).scalar_one()
        return encoding
