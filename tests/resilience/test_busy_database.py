"""Another process or thread holds SQLite for long: who only reads hardly notices."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from tests.support.browser import Browser
from tests.support.installation import Installation
from xpressbot.foundation.database.sqlite import BUSY_TIMEOUT_SECONDS
from xpressbot.identity.tables import SESSION

SOON_SECONDS = BUSY_TIMEOUT_SECONDS - 5


@pytest.mark.parametrize("held_by", ["another process", "a thread"])
def test_a_page_does_not_wait_to_note_the_last_use(held_by: str, installation: Installation, app: Starlette) -> None:
    """It is noted with a later request."""
    installation.add_account()
    anna, statuses = Browser(app, installation.clock), []
    assert anna.sign_in().headers["location"] == "/"
    database = installation.services.database
    installation.clock.advance(minutes=2)
    if held_by == "a thread":
        with database.write():
            _soon(lambda: statuses.append(anna.get("/account").status_code))
    else:
        with closing(sqlite3.connect(str(database.engine.url.database), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            _soon(lambda: statuses.append(anna.get("/account").status_code))
    assert statuses == [200]
    assert _last_use(installation) < installation.clock.now()
    assert anna.get("/account").status_code == 200
    assert _last_use(installation) == installation.clock.now()


def _last_use(installation: Installation) -> int:
    with installation.services.database.read() as connection:
        last_use: int = connection.execute(select(SESSION.c.last_used_at)).scalar_one()
    return last_use


def _soon(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(SOON_SECONDS)
    assert not thread.is_alive()
