"""What waits for the disk, and what may leave that to what follows."""

import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from xpressbot.foundation.database.engine import UNAVAILABLE, Database, open_database
from xpressbot.foundation.database.sqlite import Turn
from xpressbot.foundation.database.trouble import Trouble, trouble_of

QUESTIONS = {"sqlite": "PRAGMA synchronous", "postgresql": "SHOW synchronous_commit"}
WAITING = {"sqlite": 2, "postgresql": "on"}
NOT_WAITING = {"sqlite": 1, "postgresql": "off"}


@pytest.fixture
def database(empty_database_url: str) -> Database:
    database = open_database(empty_database_url, pool_size=1)
    yield database
    database.dispose()


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


def test_a_connection_that_cannot_be_told_to_wait_again_is_given_up(tmp_path: Path) -> None:
    """Else whoever has it next would be told that something is safe which is not."""
    database = open_database(f"sqlite:///{tmp_path / 'stuck.sqlite3'}")

    def refuse_to_wait(action: int, name: str | None, value: str | None, *_where: object) -> int:
        return sqlite3.SQLITE_DENY if (action, name, value) == (sqlite3.SQLITE_PRAGMA, "synchronous", "FULL") else sqlite3.SQLITE_OK

    with database.write(durable=False) as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_authorizer(refuse_to_wait)
    with database.write() as connection:
        assert answer(connection) == WAITING["sqlite"]
    database.dispose()


def test_a_driver_that_refuses_to_leave_the_disk_is_a_database_that_cannot(tmp_path: Path) -> None:
    """Told as every other trouble with the database: no fault of ours."""
    database = open_database(f"sqlite:///{tmp_path / 'refused.sqlite3'}")
    with database.write() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_authorizer(lambda action, *_what: sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_PRAGMA else sqlite3.SQLITE_OK)
    with pytest.raises(UNAVAILABLE), database.write(durable=False):
        pass
    database.dispose()


def test_a_connection_that_is_given_up_gives_its_turn_back(tmp_path: Path) -> None:
    """In the midst of a transaction, as when its holder finds it broken."""
    database = open_database(f"sqlite:///{tmp_path / 'given_up.sqlite3'}")
    with database.write() as broken:
        broken.execute(text("CREATE TABLE shelf (book TEXT)"))
        broken.invalidate()
    with database.write() as connection:
        connection.execute(text("CREATE TABLE shelf (book TEXT)"))
        connection.commit()
    database.dispose()


class TestTurn:
    """Threads of one process write in turn."""

    def test_first_come_first_served(self) -> None:
        """Also where whoever had it last wants it again at once."""
        turn, served = Turn(), []

        def take(name: str) -> None:
            with turn:
                served.append(name)

        with turn:
            threads = [Thread(target=take, args=(name,)) for name in "abc"]
            for number, thread in enumerate(threads, start=1):
                thread.start()
                while turn.waiting < number:
                    time.sleep(0)
        take("again")
        for thread in threads:
            thread.join()
        assert served == ["a", "b", "c", "again"]

    def test_whoever_waits_too_long_is_told_that_the_database_is_busy(self) -> None:
        """And stands in the line no longer: the turn goes to whoever comes next."""
        turn = Turn(patience_seconds=0.01)
        with turn:
            with pytest.raises(OperationalError, match="no turn to write") as refusal, turn:
                pass
            assert trouble_of(refusal.value) is Trouble.BUSY
            assert turn.waiting == 0
        with turn:
            pass

    def test_a_write_has_it_and_gives_it_back_however_it_ends(self, tmp_path: Path) -> None:
        """A transaction that fails stops nobody else."""
        database = open_database(f"sqlite:///{tmp_path / 'turns.sqlite3'}")
        with pytest.raises(OperationalError), database.write() as connection:
            connection.execute(text("INSERT INTO shelf VALUES ('on none')"))
        with database.write() as first:
            first.execute(text("CREATE TABLE shelf (book TEXT)"))
            second = Thread(target=_write, args=(database,))
            second.start()
            while _turn_of(database).waiting == 0 and second.is_alive():
                time.sleep(0)
            first.commit()
        second.join()
        with database.read() as connection:
            assert connection.execute(text("SELECT book FROM shelf")).scalars().all() == ["in turn"]
        database.dispose()


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


def _write(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("INSERT INTO shelf VALUES ('in turn')"))
        connection.commit()


def _turn_of(database: Database) -> Turn:
    assert isinstance(database._turn, Turn)
    return database._turn


def _is_open(file: Path) -> bool:
    return any(os.path.realpath(descriptor) == str(file) for descriptor in Path("/proc/self/fd").iterdir())
