"""With SQLite, who is signed in is answered on the event loop, and by the pool whatever the loop cannot answer at once."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import OperationalError

from tests.http.sending import SESSION_COOKIE
from tests.support.browser import Browser
from tests.support.installation import Installation
from xpressbot.foundation.threads.worker_pools import PAGE_THREADS
from xpressbot.identity.tables import SESSION

SESSION_PATH = "/api/v1/session"


@pytest.fixture
def busy_pool(installation: Installation) -> Iterator[None]:
    """Every thread for pages is taken, and none comes free."""
    release = threading.Event()
    for _thread in range(PAGE_THREADS):
        installation.services.pools.page.begin(release.wait)
    yield
    release.set()


@pytest.mark.usefixtures("busy_pool")
def test_an_answer_needs_no_thread(signed_in: Browser, new_browser: Callable[..., Browser]) -> None:
    """Neither for somebody nor for nobody."""
    assert signed_in.get(SESSION_PATH).json()["account"]["email"] == "anna@example.com"
    stranger = new_browser()
    stranger.cookies.set(SESSION_COOKIE, "A" * 43)
    assert stranger.get(SESSION_PATH).status_code == 401


def test_the_last_use_is_written_by_the_pool(installation: Installation, signed_in: Browser) -> None:
    """The loop only reads; a use that is due to be written down is, once a minute."""
    for minutes in (0, 1, 0, 30):
        installation.clock.advance(minutes=minutes)
        assert signed_in.get(SESSION_PATH).status_code == 200
        with installation.services.database.read() as connection:
            assert connection.execute(select(SESSION.c.last_used_at)).scalar_one() == installation.clock.now()


def test_what_the_loop_cannot_read_the_pool_is_asked_for(installation: Installation, signed_in: Browser) -> None:
    """A locked database, for one: the loop does not wait for it, and the answer is right all the same."""
    refused = []

    def refuse(*_statement: object) -> None:
        refused.append(1)
        raise OperationalError("SELECT", None, sqlite3.OperationalError("database is locked"))

    engine = installation.services.database.at_once.engine
    event.listen(engine, "before_cursor_execute", refuse)
    try:
        assert signed_in.get(SESSION_PATH).json()["account"]["email"] == "anna@example.com"
    finally:
        event.remove(engine, "before_cursor_execute", refuse)
    assert refused == [1]


def test_the_loop_keeps_its_connection_until_something_goes_wrong(installation: Installation) -> None:
    """Fetching one takes longer than asking; one that has failed may be broken."""
    at_once = installation.services.database.at_once

    def connection_used() -> object:
        with at_once.read() as connection:
            connection.execute(text("SELECT 1"))
            return connection.connection.driver_connection

    first = connection_used()
    assert connection_used() is first
    with suppress(OperationalError), at_once.read() as connection:
        connection.execute(text("SELECT nothing FROM nowhere"))
    second = connection_used()
    assert second is not first
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        first.execute("SELECT 1")
    installation.services.database.dispose()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        second.execute("SELECT 1")


def test_the_loop_cannot_write(installation: Installation) -> None:
    """Its connection takes no change, whoever asks for one."""
    with installation.services.database.at_once.read() as connection, pytest.raises(OperationalError, match="readonly"):
        connection.execute(text("DELETE FROM session"))


def test_a_session_that_was_ended_elsewhere_is_over_at_once(installation: Installation, signed_in: Browser) -> None:
    """Nothing is remembered from the answer before."""
    assert signed_in.get(SESSION_PATH).status_code == 200
    with installation.services.database.write() as connection:
        connection.execute(text("DELETE FROM session"))
        connection.commit()
    assert signed_in.get(SESSION_PATH).status_code == 401
