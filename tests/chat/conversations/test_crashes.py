"""Ending the process at any statement leaves a conversation as before or as after, never between; doing it again ends the same."""

import pytest

from tests.chat.conversations.test_answering import the_conversation
from tests.support.chats import Chats
from tests.support.crashes import Content, crash_everywhere
from tests.support.installation import Installation
from xpressbot.chat.conversations.answering_at_once import Answered
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.times import MINUTE

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TABLES = ("contact", "conversation", "chat_event", "message")


def rows(stage: Content) -> tuple[int, ...]:
    return tuple(len(stage[table]) for table in TABLES)


def test_storing_a_message(installation: Installation, shop: Chats) -> None:
    """Contact and event, or neither."""
    event = shop.event("hours")

    def operation(services: Services) -> None:
        services.chat.receiving.receive(shop.channel_id, [event])

    before, after = crash_everywhere(installation, operation)
    assert [rows(before), rows(after)] == [(0, 0, 0, 0), (1, 0, 1, 0)]


def test_answering_a_message(installation: Installation, shop: Chats) -> None:
    """Conversation, both messages, number and handled event, or none of them; done again, it is the same to the last value."""
    (received,) = shop.store(shop.event("hours"))

    def operation(services: Services) -> None:
        services.chat.answering.drain(received.contact_id)

    def again() -> None:
        operation(installation.services)
        assert [message.text for message in shop.thread(received.contact_id)] == ["hours", "We are open from 9 to 5."]

    before, after = crash_everywhere(installation, operation, afterwards=again)
    assert [rows(before), rows(after)] == [(1, 0, 1, 0), (1, 1, 1, 2)]


def test_storing_and_answering_at_once(installation: Installation, shop: Chats) -> None:
    """All of it or nothing: a message that is kept has its answer, and one that is not was never acknowledged."""
    event = shop.event("hours")

    def operation(services: Services) -> None:
        assert isinstance(services.chat.answering_at_once.receive(shop.channel_id, event, patience_seconds=0), Answered)

    def again() -> None:
        operation(installation.services)
        assert [message.text for message in shop.thread(the_conversation(shop).contact_id)] == ["hours", "We are open from 9 to 5."]

    stages = crash_everywhere(installation, operation, afterwards=again)
    assert list(dict.fromkeys(map(rows, stages))) == [(0, 0, 0, 0), (1, 1, 1, 2)]


@ON_SQLITE
def test_a_timer(installation: Installation, shop: Chats) -> None:
    """The time and its event are one commit, the event and what is said another; in the end it is said once."""
    shop.write("person")
    installation.clock.advance(seconds=5 * MINUTE / 1_000_000)

    def operation(services: Services) -> None:
        services.chat.sweeping.next_round()

    def again() -> None:
        operation(installation.services)
        installation.clock.advance(seconds=2)
        operation(installation.services)
        installation.clock.advance(seconds=-2)
        said = [message.text for message in shop.thread(the_conversation(shop).contact_id)]
        assert said == ["person", "I call somebody.", "Nobody is here right now."]

    stages = crash_everywhere(installation, operation, afterwards=again)
    assert list(dict.fromkeys(map(rows, stages))) == [(1, 1, 1, 2), (1, 1, 2, 2), (1, 1, 2, 3)]
