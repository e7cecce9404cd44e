"""A database that is opened for reading takes no write, whatever its user may do otherwise."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from xpressbot.foundation.database.engine import open_database
from xpressbot.foundation.database.reading import open_for_reading


def test_a_write_fails_in_a_database_that_was_opened_for_reading(database_url: str) -> None:
    """In the connection for reads and in the one for writes, on either engine; the same write works otherwise."""
    change = text("INSERT INTO observation (kind, at, detail) VALUES ('a', 1, '{}')")
    reading = open_for_reading(database_url)
    for connect in (reading.read, reading.write):
        with connect() as connection, pytest.raises(DBAPIError, match=r"read-?only"):
            connection.execute(change)
    database = open_database(database_url)
    with database.write() as connection:
        connection.execute(change)
    database.engine.dispose()
