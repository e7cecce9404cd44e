"""A backup holds what people wrote. After a restore the bots answer, and what waited in the copy is answered once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.chats import Chats
from tests.support.command_line import Shell
from tests.support.databases import SqliteTemplate
from tests.support.installation import Installation, install, make_settings
from tests.support.shop_script import SHOP
from xpressbot.bootstrap import build
from xpressbot.chat.actor import Actor
from xpressbot.chat.channels.web.visiting import Send
from xpressbot.chat.conversations.answering_at_once import Answered
from xpressbot.chat.conversations.conversation import Author, Conversation, ConversationState
from xpressbot.chat.conversations.receiving import EventRefusal, Received
from xpressbot.chat.conversations.store import Message
from xpressbot.chat.conversations.taking_over import Shown
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.clock import SystemClock
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.tokens import Token

HOURS = "We are open from 9 to 5."
TOKEN = Token(b"v" * 32)
LUCIA = Actor("l" * 32, "Lucía Vega")


@pytest.fixture
def installation(tmp_path: Path, sqlite_template: SqliteTemplate) -> Iterator[Installation]:
    place = tmp_path / "here"
    place.mkdir()
    installation = install(place, sqlite_template.fresh(place))
    installation.clock.set(SystemClock().now())  # commands have no other
    yield installation
    installation.close()


@pytest.fixture
def shop(installation: Installation) -> Chats:
    return Chats(installation.services, SHOP)


@pytest.fixture
def restored(tmp_path: Path, installation: Installation, shop: Chats) -> Iterator[Services]:
    """What `xpressbot restore` makes of a backup: one person was answered, one is in a person's hands, one waits for the bot."""
    assert write(installation.services, shop, 0, "hours") == ["hours", HOURS]
    assert write(installation.services, shop, 1, "order")[-1] == "How many?"
    shop.write("person", "berta")
    assert installation.services.chat.taking_over.take_over(LUCIA, of_berta(shop).id, Shown(None, 2)) == of_berta(shop)
    installation.services.chat.contacts.block(LUCIA, shop.contact_id("mallory"))
    shop.store(shop.event("hours", "carl"), shop.event("bye", "carl"))
    settings = installation.services.settings
    here = Shell(tmp_path, {"XPRESSBOT_KEY_FILE": str(settings.key_file), "XPRESSBOT_DATABASE_URL": settings.database_url})
    assert here.run("backup", str(tmp_path / "backup.sqlite3")).code == 0
    there = here.with_settings(XPRESSBOT_DATABASE_URL=f"sqlite:///{tmp_path / 'there' / 'data' / 'xpressbot.sqlite3'}")
    answer = there.run("restore", str(tmp_path / "backup.sqlite3"))
    assert answer.code == 0, answer.err
    made = make_settings(tmp_path, there.settings["XPRESSBOT_DATABASE_URL"], key_file=settings.key_file)
    services = build(made, system=System(installation.clock, installation.entropy), durable=False)
    yield services
    services.close()


def of_berta(shop: Chats) -> Conversation:
    """The one conversation that a person was asked for, as it stands in the original."""
    (conversation,) = [one for one in shop.conversations() if one.state in {ConversationState.WAITING, ConversationState.PERSON}]
    return conversation


def write(services: Services, shop: Chats, number: int, text: str) -> list[str]:
    """Write on the chat page; the whole thread."""
    (channel,) = [one.channel for one in services.chat.channels.channels()]
    send = Send(f"00000000-0000-4000-8000-{number:012}", text)
    outcome = services.chat.visiting.write(channel.public_id, TOKEN, send, "192.0.2.1")
    assert isinstance(outcome, Answered)
    return texts(thread(services, outcome.contact_id))


def thread(services: Services, contact_id: str) -> list[Message]:
    return list(services.chat.visiting.news(contact_id, 0))


def texts(messages: list[Message]) -> list[str]:
    return [message.text for message in messages]


def test_the_bot_goes_on_where_the_backup_stopped(restored: Services, shop: Chats) -> None:
    """With the person's browser, at the question that it had asked; the same form sent again is not another message."""
    before = ["hours", HOURS, "order", "How many?"]
    assert write(restored, shop, 1, "order") == before
    assert write(restored, shop, 2, "3") == [*before, "3", "3 pieces, thank you."]


def test_what_waited_in_the_copy_is_answered_once(restored: Services, shop: Chats, installation: Installation) -> None:
    """Also where the original has answered it since: that is another database. A second round of the sweep has nothing left."""
    contact_id = shop.contact_id("carl")
    assert thread(restored, contact_id) == []
    installation.clock.advance(seconds=3)
    for _round in range(2):
        restored.chat.sweeping.next_round()
        assert texts(thread(restored, contact_id)) == ["hours", HOURS, "bye", "Goodbye!"]
    assert restored.chat.sweeping.backlog().lanes == 0


def test_who_has_a_conversation_still_has_it_and_who_was_blocked_still_is(restored: Services, shop: Chats) -> None:
    """Members sign in again; a conversation stays in the hands of whoever had it, and its bot stays silent."""
    shown = restored.chat.inbox.thread(of_berta(shop).id)
    assert shown is not None
    assert (shown.conversation.state, shown.conversation.owner) == (ConversationState.PERSON, LUCIA)
    (received,) = restored.chat.receiving.receive(shop.channel_id, [shop.event("hours", "berta")])
    assert isinstance(received, Received)
    assert restored.chat.answering.drain(received.contact_id)
    newest = thread(restored, received.contact_id)[-1]
    assert (newest.author, newest.text) == (Author.CUSTOMER, "hours")
    assert restored.chat.receiving.receive(shop.channel_id, [shop.event("hours", "mallory")]) == [EventRefusal.BLOCKED]
