"""The sweep as a task of the application: it comes by itself, and goes on after whatever went wrong."""

import asyncio
import sqlite3
from functools import partial
from typing import NoReturn

import pytest
import structlog
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from tests.support.chats import Chats
from tests.support.engine_events import listening
from tests.support.installation import Installation
from tests.support.shop_script import SHOP
from xpressbot.entrypoints import chat_sweep
from xpressbot.entrypoints.http.app import create_app
from xpressbot.foundation.threads.worker_pools import MOST_MESSAGES_WAITING

_TIMEOUT_SECONDS = 60
FAULTS = {
    "the database is away": (OperationalError("SELECT", {}, sqlite3.OperationalError("disk I/O error")), "chat.sweep_postponed"),
    "something unexpected": (RuntimeError("not thought of"), "chat.sweep_failed"),
}


@pytest.fixture
def left_behind(installation: Installation, loud_log: None) -> Chats:
    """A message that a worker has stored, and was killed then."""
    chats = Chats(installation.services, SHOP)
    chats.store(chats.event("hours"))
    installation.clock.advance(seconds=2)
    return chats


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("fault", "line"), FAULTS.values(), ids=FAULTS)
def test_the_sweep_goes_on_after_a_round_that_failed(
    fault: Exception, line: str, left_behind: Chats, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first two rounds fail; the third answers the message."""
    monkeypatch.setattr(chat_sweep, "SWEEP_SECONDS", 0)
    faults = [fault, fault]
    with capture_logs() as lines:
        asyncio.run(until_answered(installation, faults))
    assert faults == []
    assert [entry["event"] for entry in lines if entry["event"].startswith("chat.")] == [line, line]
    (conversation,) = left_behind.conversations()
    assert [message.text for message in left_behind.thread(conversation.contact_id)] == ["hours", "We are open from 9 to 5."]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_round_for_which_there_is_no_place_is_left_out(
    left_behind: Chats, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many messages wait for the thread that the sweep is refused; it comes again when they are done."""
    monkeypatch.setattr(chat_sweep, "SWEEP_SECONDS", 0.01)
    pool = installation.services.pools.chat

    async def crowded() -> None:
        release, postponed = asyncio.Event(), asyncio.Event()
        structlog.configure(processors=[partial(_noting, postponed)])
        loop = asyncio.get_running_loop()

        def hold() -> None:
            asyncio.run_coroutine_threadsafe(release.wait(), loop).result(_TIMEOUT_SECONDS)

        crowd = [asyncio.create_task(pool.run(hold)) for _place in range(pool.threads + MOST_MESSAGES_WAITING)]
        await asyncio.sleep(0)
        sweeping = asyncio.create_task(until_answered(installation, []))
        await asyncio.wait_for(postponed.wait(), _TIMEOUT_SECONDS)
        release.set()
        await asyncio.gather(*crowd, sweeping)

    asyncio.run(crowded())
    assert left_behind.services.chat.sweeping.backlog().lanes == 0


def _noting(postponed: asyncio.Event, _logger: object, _method: str, entry: structlog.typing.EventDict) -> NoReturn:
    if entry["event"] == "chat.sweep_postponed":
        postponed.set()
    raise structlog.DropEvent


async def until_answered(installation: Installation, faults: list[Exception]) -> None:
    """Run the application until an event is handled; the first looks for some fail."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    is_handled = False

    def look(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        nonlocal is_handled
        if statement.startswith("SELECT DISTINCT chat_event.contact_id") and faults:
            raise faults.pop()
        is_handled = is_handled or statement.startswith("UPDATE chat_event")

    def finish(*_commit: object) -> None:
        if is_handled:
            loop.call_soon_threadsafe(done.set)

    database = installation.services.database
    with listening(database, "before_cursor_execute", look), listening(database, "commit", finish):
        app = create_app(installation.services)
        async with app.router.lifespan_context(app):
            await asyncio.wait_for(done.wait(), _TIMEOUT_SECONDS)
