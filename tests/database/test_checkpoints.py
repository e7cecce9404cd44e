"""SQLite's log goes into the database's file while people write, and nobody waits for that."""

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from xpressbot.foundation.database.checkpoints import MOST_LOG_PAGES, WRITES_BETWEEN_CHECKPOINTS, Checkpointer
from xpressbot.foundation.database.sqlite import OneWriter

PAGE_BYTES = 4096


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[OneWriter]:
    writer = OneWriter(make_url(f"sqlite:///{tmp_path / 'library.sqlite3'}"), durable=False)
    yield writer
    writer.dispose()


def write(writer: OneWriter, times: int) -> None:
    for _time in range(times):
        with writer.write(durable=True, optional=False) as connection:
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


def test_nobody_waits_for_a_checkpoint(writer: OneWriter) -> None:
    """However long one takes: people write on, and no second one is asked for meanwhile."""
    write(writer, WRITES_BETWEEN_CHECKPOINTS)
    release, checkpointer = threading.Event(), writer._checkpointer
    checkpointer._last = checkpointer._thread.submit(release.wait)
    write(writer, 3 * WRITES_BETWEEN_CHECKPOINTS)
    assert checkpointer._thread._work_queue.empty()
    release.set()
    checkpointer._last.result()
    write(writer, 1)
    assert books_without_the_log(writer) == 4 * WRITES_BETWEEN_CHECKPOINTS + 1


def test_the_log_ends_where_nobody_makes_checkpoints(writer: OneWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Transactions may be large, and checkpoints beside them may fail."""
    monkeypatch.setattr(writer._checkpointer, "note_write", lambda: None)
    write(writer, 1)
    log = Path(f"{writer.engine.url.database}-wal")
    for _time in range(4):
        with writer.write(durable=True, optional=False) as connection:
            connection.execute(text("INSERT INTO shelf VALUES (zeroblob(:size))"), {"size": MOST_LOG_PAGES // 2 * PAGE_BYTES})
            connection.commit()
    assert log.stat().st_size < 2 * MOST_LOG_PAGES * PAGE_BYTES


@pytest.mark.parametrize("content", [b"not a database" * 100, None], ids=["damaged", "gone"])
def test_a_checkpoint_that_fails_is_nobodys_fault(tmp_path: Path, content: bytes | None) -> None:
    """It leaves nothing behind, and the next one is tried."""
    file = tmp_path / "library.sqlite3"
    if content is not None:
        file.write_bytes(content)
    checkpointer = Checkpointer(str(file))
    for _time in range(2):
        for _write in range(WRITES_BETWEEN_CHECKPOINTS):
            checkpointer.note_write()
        assert checkpointer._last.exception() is None
        assert checkpointer._connection is None
    checkpointer.close()
    assert file.exists() is (content is not None)


def test_a_write_while_the_program_ends_is_a_write_like_others(tmp_path: Path) -> None:
    """No thread takes work any more."""
    checkpointer = Checkpointer(str(tmp_path / "library.sqlite3"))
    checkpointer._thread = ThreadPoolExecutor(1)
    checkpointer._thread.shutdown()
    for _write in range(WRITES_BETWEEN_CHECKPOINTS):
        checkpointer.note_write()
    assert checkpointer._last is None
