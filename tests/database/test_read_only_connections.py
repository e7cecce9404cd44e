"""A database that is opened for reading takes no write, whatever its user may do otherwise."""

from typing import Any

import pytest
from sqlalchemy import delete, text
from sqlalchemy.exc import DBAPIError

from xpressbot.diagnostics.observations import OBSERVATION
from xpressbot.foundation.database.engine import Database, open_database
from xpressbot.foundation.database.read_only import open_for_reading
from xpressbot.foundation.database.transaction import Reading, Transactions

ADD = text("INSERT INTO observation (kind, at, detail) VALUES (:kind, 1, '{}')")


def assert_takes_no_write(database: Database) -> None:
    for connect in (database.read, database.write):
        with connect() as connection, pytest.raises(DBAPIError, match=r"read-?only"):
            connection.execute(ADD, {"kind": "refused"})


def test_a_write_fails_in_a_database_that_was_opened_for_reading(database_url: str) -> None:
    """In the connection for reads and in the one for writes, at rest and while a service runs, whose writes succeed."""
    assert_takes_no_write(open_for_reading(database_url))
    service = open_database(database_url)
    with service.write() as connection:
        connection.execute(ADD, {"kind": "taken"})
        connection.commit()
    assert_takes_no_write(open_for_reading(database_url))
    service.dispose()


def test_a_connection_for_reading_takes_no_write(database_url: str) -> None:
    """Of a service whose transactions write: what has only a reading connection cannot change anything, by mistake or otherwise."""
    service = open_database(database_url)
    with service.write() as connection:
        connection.execute(ADD, {"kind": "taken"})
        connection.commit()
    with service.read() as connection, pytest.raises(DBAPIError, match=r"read-?only"):
        connection.execute(ADD, {"kind": "refused"})
    with service.write() as connection:
        connection.execute(ADD, {"kind": "taken as well"})
        connection.commit()
    service.dispose()


def test_what_is_handed_on_for_reading_inside_a_writing_transaction_takes_no_write(database_url: str) -> None:
    """The connection could write, and a statement typed Any gets past the type checker."""
    service = open_database(database_url)
    removal: Any = delete(OBSERVATION).returning(OBSERVATION.c.kind)
    with Transactions(service).writing() as tx, pytest.raises(TypeError, match="not a query"):
        Reading.select(tx, removal)
    service.dispose()


def test_nothing_is_written_after_the_commit_of_a_transaction(database_url: str) -> None:
    """SQLite would commit it by itself, and PostgreSQL would lose it."""
    service = open_database(database_url)
    with Transactions(service).writing() as tx:
        tx.execute(ADD, {"kind": "before"})
        tx.commit()
        with pytest.raises(RuntimeError, match="over"):
            tx.execute(ADD, {"kind": "after"})
    service.dispose()
