"""With SQLite, who is signed in is answered on the event loop, and by a thread whatever the loop cannot answer at once."""

import sqlite3
import threading
import time

from sqlalchemy import select, text
from starlette.applications import Starlette

from tests.http.raw_requests import SESSION_COOKIE
from tests.support.browser import Browser
from tests.support.busy import held
from tests.support.installation import Installation
from tests.support.optional import present
from tests.support.settable_loop import HOST, Served, with_server
from xpressbot.identity.tables import SESSION

SESSION_PATH = "/api/v1/session"


def test_an_answer_needs_no_thread(app: Starlette, installation: Installation, signed_in: Browser) -> None:
    """Neither for a person nor for an unknown token: all threads for pages are taken, and none comes free."""
    tokens = {signed_in.cookies[SESSION_COOKIE]: 200, "A" * 43: 401}

    async def story(served: Served) -> None:
        async with held(installation.services.pools.page):
            for token, status in tokens.items():
                cookie = f"Cookie: {SESSION_COOKIE}={token}\r\n".encode()
                assert await served.ask(b"GET " + SESSION_PATH.encode() + b" HTTP/1.1\r\n" + HOST + cookie + b"\r\n") == status

    with_server(app, story)


def test_the_last_use_is_written_by_a_thread(installation: Installation, signed_in: Browser) -> None:
    """The loop only reads; a use that is due to be written down is, once a minute."""
    for minutes in (0, 1, 0, 30):
        installation.clock.advance(minutes=minutes)
        assert signed_in.get(SESSION_PATH).status_code == 200
        with installation.services.database.read() as connection:
            assert connection.execute(select(SESSION.c.last_used_at)).scalar_one() == installation.clock.now()


def test_what_the_loop_cannot_read_a_thread_waits_for(installation: Installation, signed_in: Browser) -> None:
    """Another program has the file to itself: the loop does not wait for it, and the answer is right all the same."""
    services = installation.services
    file = present(services.database.engine.url.database)
    services.close()  # as long as it is open, no other can have it to itself
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")

    def let_go_once_a_thread_waits() -> None:
        while not services.pools.page.inside:
            time.sleep(0)
        other.close()

    threading.Thread(target=let_go_once_a_thread_waits, daemon=True).start()
    assert signed_in.get(SESSION_PATH).json()["account"]["email"] == "anna@example.com"


def test_a_session_that_was_ended_elsewhere_is_over_at_once(installation: Installation, signed_in: Browser) -> None:
    """Nothing is remembered from the answer before."""
    assert signed_in.get(SESSION_PATH).status_code == 200
    with installation.services.database.write() as connection:
        connection.execute(text("DELETE FROM session"))
        connection.commit()
    assert signed_in.get(SESSION_PATH).status_code == 401
