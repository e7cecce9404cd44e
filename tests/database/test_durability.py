"""What waits for the disk, and what may leave that to what follows."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import DatabaseError, OperationalError, PendingRollbackError

from tests.support.databases import sqlite_driver
from xpressbot.foundation.database.engine import UNAVAILABLE, Database, open_database
from xpressbot.foundation.database.errors import DatabaseFault, fault_of
from xpressbot.foundation.database.single_writer import FairLock, SingleWriter, milliseconds_left
from xpressbot.foundation.database.sqlite import BUSY_TIMEOUT_SECONDS

QUESTIONS = {"sqlite": "PRAGMA synchronous", "postgresql": "SHOW synchronous_commit"}
WAITING = {"sqlite": 2, "postgresql": "on"}
PATIENCE_SECONDS = 60
NOT_WAITING = {"sqlite": 1, "postgresql": "off"}


@pytest.fixture
def database(empty_database_url: str) -> Iterator[Database]:
    database = open_database(empty_database_url, pool_size=1)
    yield database
    database.dispose()


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path / 'embedded.sqlite3'}")
    yield database
    database.dispose()


@pytest.fixture
def shelved(embedded: Database) -> Database:
    """With a table."""
    with embedded.write() as connection:
        connection.execute(text("CREATE TABLE shelf (book BLOB)"))
        connection.commit()
    return embedded


def answer(connection: Connection) -> object:
    return connection.execute(text(QUESTIONS[connection.dialect.name])).scalar_one()


def test_only_what_says_so_leaves_the_disk_to_a_later_commit(database: Database) -> None:
    """The same connection waits again in the next transaction, however the one before has ended."""
    engine = database.engine.dialect.name
    for ending in ("committed", "left", "failed"):
        with suppress(ZeroDivisionError), database.write(durable=False) as connection:
            assert answer(connection) == NOT_WAITING[engine]
            if ending == "committed":
                connection.commit()
            elif ending == "failed":
                raise ZeroDivisionError
        with database.write() as connection:
            assert answer(connection) == WAITING[engine], ending


def test_a_connection_that_cannot_be_told_to_wait_again_is_given_up(embedded: Database) -> None:
    """Else the process that has it next would be told that something is safe which is not. The one after has another."""

    def refuse_to_wait(action: int, name: str | None, value: str | None, *_where: object) -> int:
        return sqlite3.SQLITE_DENY if (action, name, value) == (sqlite3.SQLITE_PRAGMA, "synchronous", "FULL") else sqlite3.SQLITE_OK

    with embedded.write(durable=False) as connection:
        sqlite_driver(connection).set_authorizer(refuse_to_wait)
    with pytest.raises(UNAVAILABLE), embedded.write():
        pytest.fail("it would not wait for the disk")
    with embedded.write() as connection:
        assert answer(connection) == WAITING["sqlite"]


def test_a_driver_that_refuses_to_leave_the_disk_is_a_database_that_cannot(embedded: Database) -> None:
    """Told as every other fault with the database: no fault of ours."""
    with embedded.write() as connection:
        sqlite_driver(connection).set_authorizer(
            lambda action, *_what: sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_PRAGMA else sqlite3.SQLITE_OK
        )
    with pytest.raises(UNAVAILABLE), embedded.write(durable=False):
        pass


def test_a_write_whose_connection_is_invalidated_gives_the_lock_back(embedded: Database) -> None:
    """In the midst of a transaction, as when its holder finds it broken."""
    with embedded.write() as broken:
        broken.execute(text("CREATE TABLE shelf (book TEXT)"))
        broken.invalidate()
    with embedded.write() as connection:
        connection.execute(text("CREATE TABLE shelf (book TEXT)"))
        connection.commit()


def test_one_connection_writes_until_something_goes_wrong(shelved: Database) -> None:
    """It keeps the pages that it has read. What has seen a fault is not used again."""
    writers = []

    def write(statement: str, *, durable: bool = True) -> None:
        with shelved.write(durable=durable) as connection:
            writers.append(connection.connection.driver_connection)
            connection.execute(text(statement))
            connection.commit()

    write("INSERT INTO shelf VALUES ('first')")
    write("INSERT INTO shelf VALUES ('kept')", durable=False)
    with pytest.raises(OperationalError):
        write("DELETE FROM no_such_shelf")
    write("INSERT INTO shelf VALUES ('too')")
    first, second, failed, last = writers
    assert first is second is failed
    assert last is not failed
    with shelved.read() as connection:
        assert connection.execute(text("SELECT book FROM shelf")).scalars().all() == ["first", "kept", "too"]


def test_what_sqlite_has_rolled_back_by_itself_is_over(shelved: Database) -> None:
    """As on a full disk: a process that goes on all the same would commit each statement by itself."""
    with shelved.write() as connection:
        sqlite_driver(connection).execute("PRAGMA max_page_count = 3")
        with pytest.raises(OperationalError, match="full"):
            connection.execute(text("INSERT INTO shelf VALUES (zeroblob(100000))"))
        with pytest.raises(PendingRollbackError):
            connection.execute(text("INSERT INTO shelf VALUES ('small')"))
    with shelved.write() as connection:
        assert connection.execute(text("SELECT count(*) FROM shelf")).scalar_one() == 0


def test_a_statement_that_fails_takes_nothing_of_its_transaction_with_it(shelved: Database) -> None:
    """SQLite goes on with what it has not ended by itself."""
    with shelved.write() as connection:
        connection.execute(text("INSERT INTO shelf VALUES ('before')"))
        with pytest.raises(OperationalError, match="no such table"):
            connection.execute(text("DELETE FROM no_such_shelf"))
        connection.execute(text("INSERT INTO shelf VALUES ('after')"))
        connection.commit()
    with shelved.read() as connection:
        assert connection.execute(text("SELECT book FROM shelf")).scalars().all() == ["before", "after"]


def test_a_connection_that_cannot_roll_back_is_given_up(shelved: Database) -> None:
    """What it holds of a transaction is no other process's."""

    def refuse_to_roll_back(action: int, what: str | None, *_where: object) -> int:
        return sqlite3.SQLITE_DENY if (action, what) == (sqlite3.SQLITE_TRANSACTION, "ROLLBACK") else sqlite3.SQLITE_OK

    def leave_a_transaction() -> None:
        with shelved.write() as connection:
            sqlite_driver(connection).set_authorizer(refuse_to_roll_back)
            connection.execute(text("INSERT INTO shelf VALUES ('left')"))

    with pytest.raises(DatabaseError, match="not authorized"):
        leave_a_transaction()
    with shelved.write() as connection:
        assert connection.execute(text("SELECT count(*) FROM shelf")).scalar_one() == 0


def test_a_connection_that_its_holder_has_closed_is_opened_again(embedded: Database) -> None:
    """The next write does not pay for that."""
    for _time in range(2):
        with embedded.write() as connection:
            connection.execute(text("SELECT 1"))
            connection.close()


@pytest.mark.parametrize(("waited_seconds", "left"), [(0, 15), (1, 15), (2, 13.5), (7.5, 7.5), (14.9, 1.5), (15, 1.5)])
def test_a_write_that_has_waited_for_the_lock_waits_for_other_processes_less(waited_seconds: float, left: float) -> None:
    """Together it is as long as one write may wait, and a little more."""
    assert milliseconds_left(BUSY_TIMEOUT_SECONDS, waited_seconds) == 1000 * left


def test_a_transaction_whose_commit_failed_is_over(shelved: Database) -> None:
    """Its holder goes on, and the next write finds nothing of it."""

    def refuse_to_commit(action: int, what: str | None, *_where: object) -> int:
        return sqlite3.SQLITE_DENY if (action, what) == (sqlite3.SQLITE_TRANSACTION, "COMMIT") else sqlite3.SQLITE_OK

    with shelved.write() as connection:
        sqlite_driver(connection).set_authorizer(refuse_to_commit)
        connection.execute(text("INSERT INTO shelf VALUES ('left')"))
        with pytest.raises(DatabaseError, match="not authorized"):
            connection.commit()
    with shelved.write() as connection:
        assert connection.execute(text("SELECT count(*) FROM shelf")).scalar_one() == 0


def test_only_what_is_optional_gives_up_soon(tmp_path: Path) -> None:
    """The next write waits for other processes as long as ever."""
    database = open_database(f"sqlite:///{tmp_path / 'patient.sqlite3'}")
    for optional in (False, True, False):
        with database.write(optional=optional) as connection:
            patience = connection.execute(text("PRAGMA busy_timeout")).scalar_one() / 1000
            assert (patience < BUSY_TIMEOUT_SECONDS) is optional
    assert patience == BUSY_TIMEOUT_SECONDS
    database.dispose()


class TestFairLock:
    """Threads of one process write one after the other."""

    def test_threads_get_it_in_the_order_in_which_they_asked(self) -> None:
        """Also where the thread that had it last asks again at once."""
        lock, served = FairLock(), []

        def serve(name: str) -> None:
            with held(lock):
                served.append(name)

        with held(lock):
            threads = []
            for name in "abc":
                threads.append(_started(partial(serve, name)))
                _until_waiting(lock, len(threads), threads[-1])
        serve("again")
        for thread in threads:
            _ended(thread)
        assert served == ["a", "b", "c", "again"]

    def test_a_write_that_waits_too_long_is_told_that_the_database_is_busy(self, embedded: Database) -> None:
        """And waits no longer: the lock goes to the next that asks."""
        with embedded.write(), pytest.raises(OperationalError, match="other threads write") as refusal, embedded.write(optional=True):
            pass
        assert fault_of(refusal.value) is DatabaseFault.BUSY
        with embedded.write():
            pass

    def test_a_lock_that_comes_when_the_time_is_up_is_taken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Else no thread would ever write again."""
        lock = FairLock()

        class TooLate(threading.Event):
            """The time is up, and just then the lock is passed on."""

            def wait(self, timeout: float | None = None) -> bool:
                lock.release()
                return False

        assert lock.acquire(PATIENCE_SECONDS)
        monkeypatch.setattr("xpressbot.foundation.database.single_writer.threading.Event", TooLate)
        assert lock.acquire(PATIENCE_SECONDS)
        monkeypatch.undo()
        lock.release()
        _ended(_started(partial(lock.acquire, PATIENCE_SECONDS)))
        assert lock.waiting == 0

    def test_a_write_has_it_and_gives_it_back_however_it_ends(self, tmp_path: Path) -> None:
        """A transaction that fails stops no other process."""
        writer = SingleWriter(make_url(f"sqlite:///{tmp_path / 'writes.sqlite3'}"), durable=False)

        def write() -> None:
            with writer.write(durable=True, optional=False) as connection:
                connection.execute(text("INSERT INTO shelf VALUES ('in order')"))
                connection.commit()

        with pytest.raises(OperationalError), writer.write(durable=True, optional=False) as connection:
            connection.execute(text("INSERT INTO shelf VALUES ('on none')"))
        with writer.write(durable=True, optional=False) as first:
            first.execute(text("CREATE TABLE shelf (book TEXT)"))
            second = _started(write)
            _until_waiting(writer.lock, 1, second)
            first.commit()
        _ended(second)
        with writer.write(durable=True, optional=False) as connection:
            assert connection.execute(text("SELECT book FROM shelf")).scalars().all() == ["in order"]
        writer.dispose()


def test_disposing_closes_what_reads_and_writes_have_opened(tmp_path: Path) -> None:
    """Also what was opened after an earlier one; otherwise a forked process would share its parent's file."""
    file = tmp_path / "disposed.sqlite3"
    database = open_database(f"sqlite:///{file}")
    for _time in range(2):
        for connect in (database.write, database.read):
            with connect() as connection:
                connection.execute(text("SELECT 1"))
        assert _is_open(file)
        database.dispose()
        assert not _is_open(file)


@contextmanager
def held(lock: FairLock) -> Iterator[None]:
    assert lock.acquire(PATIENCE_SECONDS)
    yield
    lock.release()


def _started(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def _until_waiting(lock: FairLock, number: int, thread: threading.Thread) -> None:
    while lock.waiting < number and thread.is_alive():
        time.sleep(0)


def _ended(thread: threading.Thread) -> None:
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()


def _is_open(file: Path) -> bool:
    return any(os.path.realpath(descriptor) == str(file) for descriptor in Path("/proc/self/fd").iterdir())
