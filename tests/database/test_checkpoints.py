"""SQLite's log goes into the database's file while people write, and nobody waits for that."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from xpressbot.foundation.database.checkpoints import MOST_LOG_PAGES, WRITES_BETWEEN_CHECKPOINTS, Checkpointer
from xpressbot.foundation.database.sqlite import OneWriter


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[OneWriter]:
    writer = OneWriter(make_url(f"sqlite:///{tmp_path / 'library.sqlite3'}"), durable=False)
    yield writer
    writer.dispose()


def write(writer: OneWriter, times: int) -> None:
    for _time in range(times):
        with writer.write(durable=True) as connection:
            connection.execute(text("CREATE TABLE IF NOT EXISTS shelf (book TEXT)"))
            connection.execute(text("INSERT INTO shelf VALUES ('written')"))
            connection.commit()


def books_without_the_log(writer: OneWriter) -> int:
    """How many a copy of the database's file has, once a checkpoint that is under way has finished."""
    writer._checkpointer.close()
    file = Path(str(writer.engine.url.database))
    copy = file.with_name("copy.sqlite3")
    shutil.copyfile(file, copy)
    with closing(sqlite3.connect(copy)) as connection:
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        return connection.execute("SELECT count(*) FROM shelf").fetchone()[0] if tables else 0


def test_after_so_many_writes_their_log_is_in_the_file(writer: OneWriter) -> None:
    """Again and again."""
    for many in (1, 2):
        write(writer, WRITES_BETWEEN_CHECKPOINTS - 1)
        assert books_without_the_log(writer) == (many - 1) * WRITES_BETWEEN_CHECKPOINTS
        write(writer, 1)
        assert books_without_the_log(writer) == many * WRITES_BETWEEN_CHECKPOINTS


def test_whoever_commits_makes_one_where_nobody_else_does(writer: OneWriter) -> None:
    """Transactions may be large, and a checkpoint beside them may fail: the log ends in any case."""
    with writer.write(durable=True) as connection:
        assert connection.execute(text("PRAGMA wal_autocheckpoint")).scalar_one() == MOST_LOG_PAGES


def test_a_checkpoint_that_fails_is_nobodys_fault(tmp_path: Path) -> None:
    """Neither is the next, nor one that is asked for when the program ends."""
    file = tmp_path / "damaged.sqlite3"
    file.write_bytes(b"not a database" * 100)
    checkpointer = Checkpointer(str(file))
    for _write in range(3 * WRITES_BETWEEN_CHECKPOINTS):
        checkpointer.note_write()
    checkpointer.close()
    assert checkpointer._connection is None
