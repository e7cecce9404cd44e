"""Upkeep: what has to happen in time although nobody asks for it, and whatever went wrong the time before."""

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from tests.http.sending import rows
from tests.support.browser import Browser
from tests.support.databases import SqliteTemplate
from tests.support.installation import Installation, install
from xpressbot.entrypoints.http import app as application
from xpressbot.entrypoints.http.app import create_app

_TIMEOUT_SECONDS = 20
FAULTS = {
    "the database is away": OperationalError("DELETE", {}, sqlite3.OperationalError("disk I/O error")),
    "something unexpected": RuntimeError("nobody thought of this"),
}


@pytest.fixture
def abandoned(tmp_path: Path, sqlite_template: SqliteTemplate) -> Iterator[Installation]:
    """Codes may be shown once, and Anna's were shown so long ago that their copies have to go."""
    installation = install(tmp_path, sqlite_template.fresh(tmp_path), recovery_codes_viewable=False)
    installation.add_account()
    browser = Browser(create_app(installation.house), installation.clock)
    browser.sign_in()
    browser.enable_2fa()
    installation.clock.advance(minutes=31)
    yield installation
    installation.close()


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_upkeep_goes_on_after_a_round_that_failed(fault: Exception, abandoned: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first two rounds fail in the database; the third drops the copies. The installation is examined all the same."""
    monkeypatch.setattr(application, "UPKEEP_INTERVAL_SECONDS", 0)
    assert None not in boxes(abandoned)
    assert asyncio.run(rounds_until_done(abandoned, [fault, fault])) == []
    assert boxes(abandoned) == {None}
    assert abandoned.house.check_up.last() is not None


def boxes(installation: Installation) -> set[bytes | None]:
    return {row["box"] for row in rows(installation, "recovery_code")}


async def rounds_until_done(installation: Installation, faults: list[Exception]) -> list[Exception]:
    """Run the application until a round has come to its commit; what it was spared of the faults."""
    loop, done, engine = asyncio.get_running_loop(), asyncio.Event(), installation.house.database.engine

    def fail(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if faults and statement.startswith("UPDATE recovery_code"):
            raise faults.pop()

    def finish(*_commit: object) -> None:
        loop.call_soon_threadsafe(done.set)

    event.listen(engine, "before_cursor_execute", fail)
    event.listen(engine, "commit", finish)
    try:
        app = create_app(installation.house)
        async with app.router.lifespan_context(app):
            await asyncio.wait_for(done.wait(), _TIMEOUT_SECONDS)
    finally:
        event.remove(engine, "before_cursor_execute", fail)
        event.remove(engine, "commit", finish)
    return faults
