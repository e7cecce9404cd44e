"""What a message does, it does in one transaction, in the contact's lane, by the rules of its conversation."""

from dataclasses import replace

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from tests.support.chats import Chats
from tests.support.engine_events import listening
from tests.support.installation import Installation
from tests.support.shop_script import SHOP
from xpressbot.chat.actor import Actor
from xpressbot.chat.conversations.conversation import Author, Conversation, ConversationState
from xpressbot.chat.conversations.events import EventKind, EventState
from xpressbot.chat.conversations.store import lock_lane, open_conversation, save_conversation
from xpressbot.chat.tables import CHAT_EVENT, CONTACT, MESSAGE
from xpressbot.foundation.times import MINUTE

LUCIA = Actor("1" * 32, "Lucía")
WAITING, BOT, PERSON, CLOSED = ConversationState.WAITING, ConversationState.BOT, ConversationState.PERSON, ConversationState.CLOSED


def the_conversation(chats: Chats) -> Conversation:
    (conversation,) = chats.conversations()
    return conversation


def take_over(chats: Chats) -> None:
    """As the inbox does."""
    with chats.transactions.writing() as tx:
        lock_lane(tx, the_conversation(chats).contact_id)
        conversation = open_conversation(tx, the_conversation(chats).contact_id)
        assert conversation is not None
        save_conversation(tx, conversation.taken_over(LUCIA))
        tx.commit()


def add_broken_event(chats: Chats, contact_id: str, body: bytes = b"\xff", kind: str = EventKind.MESSAGE) -> None:
    """What no use case stores."""
    event_id = chats.system.new_id()
    row = {
        "id": event_id,
        "channel_id": chats.channel_id,
        "external_id": event_id,
        "contact_id": contact_id,
        "kind": kind,
        "body": body,
        "received_at": chats.system.now(),
        "state": EventState.PENDING,
    }
    with chats.transactions.writing() as tx:
        tx.execute(insert(CHAT_EVENT), row)
        tx.commit()


def events(chats: Chats) -> list[tuple[str, bytes | None, str | None]]:
    """State, body and reference of each event, in the order in which they came in."""
    with chats.transactions.reading() as tx:
        rows = tx.select(select(CHAT_EVENT).order_by(CHAT_EVENT.c.received_at, CHAT_EVENT.c.id)).all()
    return [(row.state, row.body, row.reference) for row in rows]


def test_a_first_message_opens_a_conversation_and_is_answered(shop: Chats) -> None:
    """The message and the answer stand in the thread in this order, nobody waits any more, and the event's body is gone."""
    assert shop.write("What are your hours?") == ["We are open from 9 to 5."]
    conversation = the_conversation(shop)
    assert (conversation.state, conversation.version, conversation.waiting_since) == (BOT, 1, None)
    thread = shop.thread(conversation.contact_id)
    assert [(message.seq, message.author) for message in thread] == [(1, Author.CUSTOMER), (2, Author.BOT)]
    assert events(shop) == [(EventState.HANDLED, None, None)]


@pytest.mark.parametrize("reason", ["no bot", "not published", "archived"])
def test_without_a_bot_in_use_a_conversation_waits_for_a_person(installation: Installation, reason: str) -> None:
    """From its first message on; what is written meanwhile waits since the first of it."""
    chats = Chats(installation.services, None if reason == "no bot" else SHOP)
    if reason == "archived":
        chats.archive(chats.bot_id or "")
    elif reason == "not published":
        chats.unpublish(chats.bot_id or "")
    assert chats.write("hours") == []
    began = installation.clock.now()
    installation.clock.advance(minutes=1)
    assert chats.write("hours") == []
    conversation = the_conversation(chats)
    assert (conversation.state, conversation.waiting_since, conversation.last_message_at) == (WAITING, began, began + MINUTE)


def test_a_running_conversation_keeps_its_version(shop: Chats) -> None:
    """A question of the old version is answered by the old version, also when the new one is rolled back."""
    assert shop.write("order") == ["How many?"]
    for topics in (SHOP.topics[:1], SHOP.topics):
        shop.publish(shop.bot_id or "", replace(SHOP, topics=topics))
        assert shop.write("many") == ["How many?"]
    assert shop.write("3") == ["3 pieces, thank you."]
    assert the_conversation(shop).version == 1


def test_a_conversation_below_the_bots_bound_starts_over_with_what_it_remembers(shop: Chats) -> None:
    """Publishing can ask for it: the next message is the new version's, and no row was touched before."""
    shop.write("order")
    shop.write("3")
    shop.write("order")
    shop.publish(shop.bot_id or "", SHOP, starts_over=True)
    assert the_conversation(shop).version == 1
    assert shop.write("7") == []
    assert the_conversation(shop).version == 2
    assert shop.write("person") == ["I call somebody."]
    assert the_conversation(shop).note == "wants 3"


def test_a_script_is_over_a_day_after_its_last_event(shop: Chats, installation: Installation) -> None:
    """A question of the day before is no longer asked; the conversation is the same, on the version of now."""
    shop.write("order")
    shop.publish(shop.bot_id or "", SHOP)
    installation.clock.advance(hours=24)
    assert shop.write("many") == ["How many?"]
    installation.clock.advance(hours=24, seconds=1)
    assert shop.write("3") == []
    assert the_conversation(shop).version == 2


def test_an_archived_bot_leaves_its_open_conversations_to_a_person(shop: Chats) -> None:
    """At their next message."""
    shop.write("order")
    shop.archive(shop.bot_id or "")
    assert the_conversation(shop).state is BOT
    assert shop.write("3") == []
    assert the_conversation(shop).state is WAITING


def test_a_channel_that_has_another_bot_starts_over(shop: Chats) -> None:
    """A version's number means nothing to another bot."""
    shop.write("order")
    other = shop.add_bot(replace(SHOP, name="Other"))
    shop.give_bot(other)
    assert shop.write("3") == []
    assert shop.write("hours") == ["We are open from 9 to 5."]
    assert the_conversation(shop).bot_id == other


@pytest.mark.parametrize("state", [WAITING, PERSON])
def test_what_comes_while_a_person_is_asked_for_is_stored_and_never_run(shop: Chats, state: ConversationState) -> None:
    """The bot is silent, and the customer waits since the first message without an answer."""
    assert shop.write("person") == ["I call somebody."]
    if state is PERSON:
        take_over(shop)
    assert [shop.write(text) for text in ("hours", "order", "bye")] == [[], [], []]
    conversation = the_conversation(shop)
    assert (conversation.state, conversation.waiting_since) == (state, shop.system.now())
    assert [message.text for message in shop.thread(conversation.contact_id)][2:] == ["hours", "order", "bye"]


def test_handing_over_has_a_note_and_a_time(shop: Chats) -> None:
    """What is remembered stands in the note; five minutes later nobody was there."""
    shop.write("order")
    shop.write("3")
    assert shop.write("person") == ["I call somebody."]
    conversation = the_conversation(shop)
    assert (conversation.state, conversation.note, conversation.due_at) == (WAITING, "wants 3", shop.system.now() + 5 * MINUTE)
    assert conversation.waiting_since == shop.system.now()


def test_the_end_closes_and_the_next_message_opens_another_conversation(shop: Chats) -> None:
    """Also where both are handled in one transaction; the numbers go on."""
    received = shop.store(shop.event("bye"), shop.event("hours"), shop.event("bye"), shop.event("hours"))
    assert shop.services.chat.answering.drain(received[0].contact_id)
    conversations = shop.conversations()
    assert [conversation.state for conversation in conversations] == [CLOSED, CLOSED, BOT]
    thread = shop.thread(received[0].contact_id)
    assert [message.seq for message in thread] == list(range(1, 9))
    said = [[message.text for message in thread if message.conversation_id == each.id][1::2] for each in conversations]
    assert said == [["Goodbye!"], ["We are open from 9 to 5.", "Goodbye!"], ["We are open from 9 to 5."]]


def test_a_text_that_nothing_matched_says_which_bot_missed_it(shop: Chats) -> None:
    """Its author may want to read it; a text that matched says nothing."""
    shop.write("hours")
    shop.write("What about Sundays?")
    with shop.transactions.reading() as tx:
        rows = tx.select(select(MESSAGE).where(MESSAGE.c.missed_by.is_not(None))).all()
    assert [(row.text, row.missed_by) for row in rows] == [("What about Sundays?", shop.bot_id)]


def test_options_are_kept_with_the_message_and_one_is_tapped(shop: Chats) -> None:
    """By its id, whatever the label is called by then."""
    assert shop.write("colour") == ["Which?"]
    thread = shop.thread(the_conversation(shop).contact_id)
    assert [(option.id, option.label) for option in thread[-1].options] == [("red", "Red")]
    assert shop.write("R", option="red") == ["Red it is."]


def test_a_script_that_goes_in_circles_is_stopped_and_its_author_is_told(shop: Chats) -> None:
    """The conversation waits for a person, and knows the step; the log has it, too."""
    with capture_logs() as lines:
        shop.write("loop")
    conversation = the_conversation(shop)
    assert (conversation.state, conversation.stopped_step) == (WAITING, "l1")
    (line,) = lines
    assert (line["event"], line["bot"], line["version"], line["step"]) == ("chat.script_stopped", shop.bot_id, 1, "l1")


def test_a_poisoned_event_stops_nobody(shop: Chats, installation: Installation) -> None:
    """It is marked failed with the log's reference and the conversation waits for a person; its body is gone, and others go on."""
    shop.write("order")
    contact_id = the_conversation(shop).contact_id
    add_broken_event(shop, contact_id)
    installation.clock.advance(seconds=1)
    (hours,) = shop.store(shop.event("hours"))
    with capture_logs() as lines:
        assert shop.services.chat.answering.drain(contact_id)
    failed, handled = events(shop)[1:]
    assert [(line["event"], line["reference"]) for line in lines] == [("chat.event_failed", failed[2])]
    assert (failed[:2], handled) == ((EventState.FAILED, None), (EventState.HANDLED, None, None))
    assert the_conversation(shop).state is WAITING
    assert [message.text for message in shop.thread(hours.contact_id)] == ["order", "How many?", "hours"]
    assert shop.write("hours", contact="luis") == ["We are open from 9 to 5."]


def test_a_database_error_in_the_midst_rolls_back_all_and_is_done_again(shop: Chats) -> None:
    """No event is given up for it: neither the one that it came at, nor the one before."""
    contact_id = shop.store(shop.event("nothing matches"), shop.event("hours"))[0].contact_id
    fault = [OperationalError("SELECT", {}, Exception("the server has gone"))]

    def fail(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("SELECT bot_version") and fault:
            raise fault.pop()

    with listening(shop.services.database, "before_cursor_execute", fail), pytest.raises(OperationalError):
        shop.services.chat.answering.drain(contact_id)
    assert [state for state, _body, _reference in events(shop)] == [EventState.PENDING] * 2
    assert shop.services.chat.answering.drain(contact_id)
    assert [message.text for message in shop.thread(contact_id)] == ["nothing matches", "hours", "We are open from 9 to 5."]


@pytest.mark.parametrize("kind", [EventKind.MESSAGE, EventKind.TIMER, "newer"])
def test_an_event_that_cannot_be_read_is_given_up_once(shop: Chats, kind: str) -> None:
    """Of a person who has written nothing yet, too: somebody should look."""
    contact_id = shop.contact_id()
    shop.forget_events()
    add_broken_event(shop, contact_id, kind=kind)
    assert shop.services.chat.answering.drain(contact_id)
    assert [state for state, _body, _reference in events(shop)] == [EventState.FAILED]
    assert the_conversation(shop).state is WAITING


@pytest.mark.parametrize("document", ["{}", "not json", "gone"])
def test_a_version_that_is_no_script_makes_its_messages_wait_for_a_person(shop: Chats, document: str) -> None:
    """The message stands in the thread all the same, and another bot's conversations go on."""
    shop.publish(shop.bot_id or "", document)
    if document == "gone":
        shop.forget_versions()
    with capture_logs() as lines:
        assert shop.write("hours") == []
    assert [line["event"] for line in lines] == ["chat.event_failed"]
    conversation = the_conversation(shop)
    assert conversation.state is WAITING
    assert [message.text for message in shop.thread(conversation.contact_id)] == ["hours"]


def test_a_failed_event_of_a_conversation_that_a_person_has_leaves_it_to_them(shop: Chats) -> None:
    """They are there already."""
    shop.write("hours")
    take_over(shop)
    add_broken_event(shop, the_conversation(shop).contact_id)
    assert shop.services.chat.answering.drain(the_conversation(shop).contact_id)
    assert (the_conversation(shop).state, the_conversation(shop).owner) == (PERSON, LUCIA)


def test_a_version_that_would_say_what_no_database_keeps_poisons_no_lane(shop: Chats) -> None:
    """A value that an older row remembers, say: the event fails, and is not done again without end."""
    shop.write("hours")
    with shop.services.database.write() as connection:
        connection.execute(update(CONTACT).values(fields='{"count": "a\\u0000b"}'))
        connection.commit()
    assert shop.write("hours") == []
    assert [state for state, _body, _reference in events(shop)] == [EventState.HANDLED, EventState.FAILED]
    assert the_conversation(shop).state is WAITING


def test_what_a_blocked_contact_had_pending_is_dropped(shop: Chats) -> None:
    """Blocked in the moment between storing and answering."""
    (received,) = shop.store(shop.event("hours"))
    with shop.services.database.write() as connection:
        connection.execute(update(CONTACT).values(blocked_at=1))
        connection.commit()
    assert shop.services.chat.answering.drain(received.contact_id)
    assert (shop.conversations(), events(shop)) == ([], [(EventState.HANDLED, None, None)])
