"""One lane for each contact: order and right states, however many write at once, and a bounded number of statements."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import insert

from tests.support.chats import Chats
from tests.support.child_processes import fork_together
from tests.support.engine_events import listening
from tests.support.installation import Installation
from tests.support.shop_script import COUNTING, SHOP
from xpressbot.bootstrap import build
from xpressbot.chat.conversations.answering import MOST_EVENTS
from xpressbot.chat.conversations.conversation import Author, ConversationState
from xpressbot.chat.conversations.receiving import Received
from xpressbot.chat.conversations.store import lock_lane
from xpressbot.chat.tables import CONVERSATION, MESSAGE
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.clock import SystemClock
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.entropy import SystemEntropy

MESSAGES = 20
ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""SQLite has one writer at a time: no transaction meets another one's lane."""


def send(services: Services, chats: Chats, number: int) -> None:
    """As the chat page does: store, then have it answered."""
    contact_id = stored(services, chats, f"message {number}")
    services.chat.answering.drain(contact_id, patience_seconds=60)


def stored(services: Services, chats: Chats, text: str) -> str:
    """Whose message it is."""
    (received,) = services.chat.receiving.receive(chats.channel_id, [chats.event(text, external_id=text)])
    assert isinstance(received, Received)
    return received.contact_id


def assert_in_order(chats: Chats, contact_id: str) -> None:
    """Each message once, each with an answer that names the message before it."""
    thread = chats.thread(contact_id)
    customer = [message.text for message in thread if message.author is Author.CUSTOMER]
    bot = [message.text for message in thread if message.author is Author.BOT]
    assert sorted(customer) == sorted(f"message {number}" for number in range(MESSAGES))
    assert [message.seq for message in thread] == list(range(1, 2 * MESSAGES + 1))
    assert bot == ["First.", *(f"After {text}." for text in customer[1:])]


def test_twenty_messages_at_once_from_a_new_person_are_one_conversation_in_order(installation: Installation) -> None:
    """From twenty threads: one contact, one conversation, and the script ran on the right state each time."""
    chats = Chats(installation.services, COUNTING)
    with ThreadPoolExecutor(MESSAGES) as threads:
        list(threads.map(lambda number: send(installation.services, chats, number), range(MESSAGES)))
    (conversation,) = chats.conversations()
    assert_in_order(chats, conversation.contact_id)


def test_messages_of_a_person_at_two_processes_are_one_conversation_in_order(installation: Installation) -> None:
    """Each process sends ten, and handles what it finds in the lane."""
    chats = Chats(installation.services, COUNTING)

    def child(process: int, meet: Callable[[], None]) -> int:
        services = build(installation.services.settings, system=System(SystemClock(), SystemEntropy()), durable=False)
        meet()
        for number in range(process, MESSAGES, 2):
            send(services, chats, number)
        return 0

    assert fork_together(2, child, beside=installation.services.database) == [0, 0]
    (conversation,) = chats.conversations()
    assert_in_order(chats, conversation.contact_id)


def test_messages_that_waited_together_are_handled_in_the_order_in_which_they_came(installation: Installation) -> None:
    """More than one transaction's worth, stored in one batch."""
    chats = Chats(installation.services, COUNTING)
    received = chats.store(*(chats.event(f"message {number}") for number in range(2 * MOST_EVENTS + 1)))
    chats.services.chat.answering.drain(received[0].contact_id)
    customer = [message.text for message in chats.thread(received[0].contact_id) if message.author is Author.CUSTOMER]
    assert customer == [f"message {number}" for number in range(2 * MOST_EVENTS + 1)]


@ON_POSTGRESQL
def test_what_is_stored_while_a_lane_is_handled_is_handled_by_its_holder(shop: Chats) -> None:
    """Storing waits for nothing, whoever stored it finds the lane taken and goes; nothing waits for the sweep."""
    (received,) = shop.store(shop.event("hours"))
    came: list[bool] = []

    def another(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("UPDATE chat_event") and not came:
            came.append(True)
            elsewhere.submit(shop.store, shop.event("bye")).result(timeout=60)
            assert not elsewhere.submit(shop.services.chat.answering.drain, received.contact_id).result(timeout=60)

    with ThreadPoolExecutor(1) as elsewhere, listening(shop.services.database, "after_cursor_execute", another):
        assert shop.services.chat.answering.drain(received.contact_id)
    assert [message.text for message in shop.thread(received.contact_id)][-1] == "Goodbye!"


@ON_POSTGRESQL
def test_a_lane_that_another_transaction_has_is_given_up_in_time_and_harms_no_other(shop: Chats) -> None:
    """Neither storing an event waits for it, nor the lane of anybody else."""
    (received,) = shop.store(shop.event("hours"))
    with shop.transactions.writing() as tx:
        assert lock_lane(tx, received.contact_id) is not None
        assert not shop.services.chat.answering.drain(received.contact_id)
        assert not shop.services.chat.answering.drain(received.contact_id, patience_seconds=0.05)
        assert len(shop.store(shop.event("hours"))) == 1
        assert shop.write("hours", contact="luis") == ["We are open from 9 to 5."]
    assert shop.services.chat.answering.drain(received.contact_id)
    assert len(shop.thread(received.contact_id)) == 4


@pytest.mark.parametrize("messages_before", [10, 10_000])
def test_a_lane_takes_at_most_nine_statements(installation: Installation, messages_before: int) -> None:
    """However long the conversation is; two more store the message. The script is read at the first message alone."""
    chats = Chats(installation.services, SHOP)
    chats.write("hours")
    (conversation,) = chats.conversations()
    add_messages_before(chats, conversation.contact_id, conversation.id, messages_before)
    fresh = build(installation.services.settings, system=chats.system, durable=False)
    sent_by_each: list[tuple[int, int]] = []
    try:
        for services in (fresh, fresh):
            with statements(services) as receiving:
                contact_id = stored(services, chats, f"order {len(sent_by_each)}")
            with statements(services) as answering:
                services.chat.answering.drain(contact_id)
            sent_by_each.append((len(receiving), len(answering)))
    finally:
        fresh.close()
    assert sent_by_each == [(2, 9), (2, 8)]


def test_twenty_messages_in_one_transaction_take_no_more_statements_than_one(shop: Chats) -> None:
    """Not one each, neither for messages nor for events or conversations that end and begin between them."""
    received = shop.store(*(shop.event(text) for text in ["hours", "bye"] * (MOST_EVENTS // 2)))
    with statements(shop.services) as sent:
        shop.services.chat.answering.drain(received[0].contact_id)
    assert len(sent) <= 9, sent
    assert len(shop.conversations()) == MOST_EVENTS // 2


def test_a_round_of_the_sweep_with_nothing_to_do_reads_three_indexes(shop: Chats) -> None:
    """And writes nothing, in every worker every two seconds."""
    shop.write("hours")
    with statements(shop.services) as sent:
        shop.services.chat.sweeping.next_round()
    assert [statement.partition(" ")[0] for statement in sent] == ["SELECT"] * 3


@contextmanager
def statements(services: Services) -> Iterator[list[str]]:
    """What is sent to the database, but for BEGIN and COMMIT."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    with listening(services.database, "before_cursor_execute", note):
        yield sent


def add_messages_before(chats: Chats, contact_id: str, conversation_id: str, messages: int) -> None:
    """A long conversation, and a thousand closed ones of other people."""
    row = {"contact_id": contact_id, "conversation_id": conversation_id, "author": Author.CUSTOMER, "text": "Hello", "at": 1}
    closed = {"contact_id": contact_id, "state": ConversationState.CLOSED, "opened_at": 1, "last_event_at": 1, "last_message_at": 1}
    with chats.transactions.writing() as tx:
        tx.execute(insert(MESSAGE), [row | {"seq": -number} for number in range(messages)])
        tx.execute(insert(CONVERSATION), [closed | {"id": chats.system.new_id()} for _number in range(1000)])
        tx.commit()
