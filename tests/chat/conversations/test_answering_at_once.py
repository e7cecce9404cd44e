"""A message of a channel whose sender waits: stored and answered in one transaction where the lane is free."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from tests.chat.conversations.test_answering import events
from tests.chat.conversations.test_lanes import ON_POSTGRESQL
from tests.support.chats import Chats
from tests.support.engine_events import listening
from xpressbot.chat.conversations.answering_at_once import Answered
from xpressbot.chat.conversations.events import EventState, NewEvent
from xpressbot.chat.conversations.receiving import EventRefusal
from xpressbot.chat.conversations.store import lock_lane
from xpressbot.chat.tables import CONTACT

HOURS = ["hours", "We are open from 9 to 5."]


def receive(shop: Chats, event: NewEvent, patience_seconds: float = 0.0) -> Answered:
    outcome = shop.services.chat.answering_at_once.receive(shop.channel_id, event, patience_seconds=patience_seconds)
    assert isinstance(outcome, Answered)
    return outcome


def block(shop: Chats) -> None:
    with shop.services.database.write() as connection:
        connection.execute(update(CONTACT).values(blocked_at=1))
        connection.commit()


def texts(shop: Chats, contact_id: str) -> list[str]:
    return [message.text for message in shop.thread(contact_id)]


def test_a_message_waits_for_the_disk_once(shop: Chats) -> None:
    """Message and answer are one commit, of a person who has never written as of one who has."""
    for known in (0, 1):
        commits: list[None] = []
        with listening(shop.services.database, "commit", lambda _connection, seen=commits: seen.append(None)):
            answered = receive(shop, shop.event("hours"))
        assert (len(commits), answered.is_handled) == (1, True)
        assert texts(shop, answered.contact_id) == HOURS * (known + 1)


def test_the_same_message_again_is_answered_once(shop: Chats) -> None:
    """Sent again after an answer that did not arrive."""
    event = shop.event("hours")
    first = receive(shop, event)
    assert receive(shop, event) == first
    assert texts(shop, first.contact_id) == HOURS


def test_what_was_pending_is_handled_before_it(shop: Chats) -> None:
    """A message that an interrupted process left behind keeps its place."""
    shop.store(shop.event("bye"))
    answered = receive(shop, shop.event("hours"))
    assert texts(shop, answered.contact_id) == ["bye", "Goodbye!", *HOURS]


def test_an_error_of_the_database_keeps_nothing_of_it(shop: Chats) -> None:
    """Its sender is told that it did not arrive, and sends it again."""
    event = shop.event("hours")

    def fail(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("INSERT INTO message"):
            raise OperationalError("INSERT", {}, Exception("the server has gone"))

    with listening(shop.services.database, "before_cursor_execute", fail), pytest.raises(OperationalError):
        receive(shop, event)
    assert (events(shop), shop.conversations()) == ([], [])
    assert texts(shop, receive(shop, event).contact_id) == HOURS


def test_a_blocked_contact_leaves_no_row(shop: Chats) -> None:
    """At the door."""
    contact_id = receive(shop, shop.event("hours")).contact_id
    block(shop)
    before = len(events(shop))
    refused = shop.services.chat.answering_at_once.receive(shop.channel_id, shop.event("hours"), patience_seconds=0)
    assert (refused, len(events(shop)), texts(shop, contact_id)) == (EventRefusal.BLOCKED, before, HOURS)


@ON_POSTGRESQL
def test_a_message_whose_lane_is_taken_is_stored_and_handled_after_it(shop: Chats) -> None:
    """Nothing is lost, and nothing is said out of turn: whoever has the lane may be about to answer."""
    contact_id = receive(shop, shop.event("bye")).contact_id
    with ThreadPoolExecutor(1) as elsewhere:
        with shop.transactions.writing() as tx:
            assert lock_lane(tx, contact_id) is not None
            assert receive(shop, shop.event("hours")) == Answered(contact_id, is_handled=False)
            assert [state for state, _body, _reference in events(shop)] == [EventState.HANDLED, EventState.PENDING]
            waiting = elsewhere.submit(receive, shop, shop.event("hours"), 10.0)
        assert waiting.result(timeout=60).is_handled
    assert texts(shop, contact_id) == ["bye", "Goodbye!", *HOURS, *HOURS]
