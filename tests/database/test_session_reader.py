"""Sessions are read on a connection of the driver's own, which cannot write, and is opened anew after an error."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Dialect, bindparam, column, delete, select, table
from sqlalchemy.exc import OperationalError

from xpressbot.foundation.database.errors import DatabaseFault, fault_of
from xpressbot.foundation.database.session_reader import SessionReader

SHELF = table("shelf", column("token_hash"), column("book"), column("state"))
STATEMENT = select(SHELF.c.book, SHELF.c.state.label("how")).where(SHELF.c.token_hash == bindparam("token_hash"), SHELF.c.state == "whole")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "shelf ?#.sqlite3"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE shelf (token_hash BLOB, book TEXT, state TEXT)")
        connection.executemany("INSERT INTO shelf VALUES (?, ?, ?)", [(b"1", "first", "whole"), (b"2", "second", "torn")])
        connection.commit()
    return file


@pytest.fixture
def reader(file: Path) -> Iterator[SessionReader]:
    reader = SessionReader(file, STATEMENT)
    yield reader
    reader.close()


def test_a_row_has_the_names_of_the_statement(reader: SessionReader) -> None:
    """And there is none for what the statement leaves out."""
    row = reader.find(b"1")
    assert (row.book, row.how) == ("first", "whole")
    assert reader.find(b"2") is reader.find(b"3") is None


def test_a_change_is_seen_by_the_next_look_up(reader: SessionReader, file: Path) -> None:
    """Nothing is remembered."""
    assert reader.find(b"1") is not None
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("DELETE FROM shelf")
    assert reader.find(b"1") is None


def test_after_an_error_the_connection_is_opened_anew(reader: SessionReader, file: Path) -> None:
    """The error is told as any other of the database."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("ALTER TABLE shelf RENAME TO cupboard")
        with pytest.raises(OperationalError) as error:
            reader.find(b"1")
        assert fault_of(error.value) is DatabaseFault.AWAY
        connection.execute("ALTER TABLE cupboard RENAME TO shelf")
    assert reader.find(b"1") is not None


def test_it_waits_for_no_lock(reader: SessionReader, file: Path) -> None:
    """The event loop would."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        with pytest.raises(OperationalError) as error:
            reader.find(b"1")
    assert fault_of(error.value) is DatabaseFault.BUSY


def test_it_cannot_write(file: Path) -> None:
    """Whatever statement it is given."""

    class Deleting:
        selected_columns = ()

        def compile(self, dialect: Dialect) -> Any:
            return delete(SHELF).where(SHELF.c.token_hash == bindparam("token_hash")).compile(dialect=dialect)

    with pytest.raises(OperationalError, match="readonly"):
        SessionReader(file, Deleting()).find(b"1")  # type: ignore[arg-type]


def test_the_file_is_kept_open_until_it_is_closed(reader: SessionReader, file: Path) -> None:
    """And may be opened again afterwards."""
    for _time in range(2):
        assert reader.find(b"1") is not None
        assert _is_open(file)
        reader.close()
        assert not _is_open(file)


def _is_open(file: Path) -> bool:
    return any(os.path.realpath(descriptor) == str(file) for descriptor in Path("/proc/self/fd").iterdir())
