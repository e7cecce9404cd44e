"""The sweep: what was left behind is handled, timers run once, and silent conversations close."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from tests.chat.conversations.test_answering import LUCIA, take_over, the_conversation
from tests.support.chats import Chats
from tests.support.installation import Installation
from tests.support.shop_script import LATE, SHOP
from xpressbot.chat.conversations.conversation import Author, ConversationState, NewMessage
from xpressbot.chat.conversations.events import EventKind
from xpressbot.chat.conversations.store import add_messages, lock_lane, open_conversation, save_contact, save_conversation
from xpressbot.chat.conversations.sweeping import MOST_IN_A_ROUND, Backlog
from xpressbot.chat.scripts.script import Answer, Ask, End, HandOver, On, Say, Script, Starts, Topic
from xpressbot.chat.tables import CHAT_EVENT, CONTACT
from xpressbot.foundation.times import DAY, SECOND

NOBODY = "Nobody is here right now."
SECONDS_UNTIL_DUE = 5 * 60


def sweep(chats: Chats) -> bool:
    return chats.services.chat.sweeping.next_round()


def texts(chats: Chats) -> list[str]:
    return [message.text for message in chats.thread(the_conversation(chats).contact_id)]


def reply(chats: Chats) -> None:
    """A person answers, as the inbox does it."""
    with chats.transactions.writing() as tx:
        lane = lock_lane(tx, the_conversation(chats).contact_id)
        conversation = open_conversation(tx, the_conversation(chats).contact_id)
        assert lane is not None
        assert conversation is not None
        last_seq = add_messages(tx, lane, conversation.id, [NewMessage(Author.PERSON, "Here I am.", chats.system.now(), by=LUCIA)])
        save_conversation(tx, conversation.answered_by(LUCIA, chats.system.now()))
        save_contact(tx, lane, last_seq, chats.system.now())
        tx.commit()


def timers(chats: Chats) -> int:
    with chats.transactions.reading() as tx:
        return len(tx.select(select(CHAT_EVENT.c.id).where(CHAT_EVENT.c.kind == EventKind.TIMER)).all())


def with_late_topic(script_steps: Topic) -> Script:
    return replace(SHOP, topics=(*SHOP.topics[:-1], script_steps))


def test_what_a_worker_left_behind_is_answered(shop: Chats, installation: Installation) -> None:
    """Two seconds after it came in: before that, whoever stored it is at it."""
    shop.store(shop.event("hours"))
    sweep(shop)
    assert shop.conversations() == []
    assert shop.services.chat.sweeping.backlog() == Backlog(1, 0)
    installation.clock.advance(seconds=2)
    assert shop.services.chat.sweeping.backlog() == Backlog(1, 2 * SECOND)
    sweep(shop)
    assert texts(shop) == ["hours", "We are open from 9 to 5."]
    assert shop.services.chat.sweeping.backlog() == Backlog(0, 0)


def test_what_a_clock_that_was_ahead_has_stored_does_not_wait_for_that_time(shop: Chats, installation: Installation) -> None:
    """The clock was set back by a day since."""
    shop.store(shop.event("hours"))
    installation.clock.advance(hours=-24)
    sweep(shop)
    assert texts(shop) == ["hours", "We are open from 9 to 5."]


def test_a_lane_that_fails_keeps_no_other_from_its_turn(shop: Chats, installation: Installation) -> None:
    """More of them than a round has room for fail each time; the one behind them is answered in the next round."""
    for number in range(MOST_IN_A_ROUND):
        shop.store(shop.event("hours", contact=f"broken-{number}"))
    with shop.services.database.write() as connection:
        connection.execute(update(CONTACT).values(fields="no fields"))
        connection.commit()
    installation.clock.advance(seconds=1)
    shop.store(shop.event("hours"))
    installation.clock.advance(seconds=2)
    with capture_logs() as lines:
        assert sweep(shop)
        assert not sweep(shop)
    assert texts(shop) == ["hours", "We are open from 9 to 5."]
    assert [line["event"] for line in lines] == ["chat.lane_failed"] * MOST_IN_A_ROUND


def test_nobody_there_is_said_once_and_a_person_stays_asked_for(shop: Chats, installation: Installation) -> None:
    """After the script's five minutes, not before, and not again; the note and since when they wait stay."""
    shop.write("order")
    shop.write("3")
    shop.write("person")
    waiting = the_conversation(shop)
    installation.clock.advance(seconds=SECONDS_UNTIL_DUE - 1)
    sweep(shop)
    assert texts(shop)[-1] == "I call somebody."
    for _round in range(3):
        installation.clock.advance(seconds=1)
        sweep(shop)
    assert texts(shop)[-2:] == ["I call somebody.", NOBODY]
    after = the_conversation(shop)
    assert (after.state, after.note, after.waiting_since, after.due_at) == (
        ConversationState.WAITING,
        "wants 3",
        waiting.waiting_since,
        None,
    )
    assert timers(shop) == 1


def test_sweeps_at_once_make_one_event_of_a_timer(shop: Chats, installation: Installation) -> None:
    """Several workers come to their round in the same moment."""
    people = [f"person-{number}" for number in range(5)]
    for person in people:
        shop.write("person", contact=person)
    installation.clock.advance(seconds=SECONDS_UNTIL_DUE)
    start = threading.Barrier(4, timeout=60)

    def round_of_a_worker(_number: int) -> None:
        start.wait()
        sweep(shop)

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(round_of_a_worker, range(4)))
    installation.clock.advance(seconds=2)  # a worker may have found the lane taken by another one's look at it
    sweep(shop)
    for conversation in shop.conversations():
        assert [message.text for message in shop.thread(conversation.contact_id)] == ["person", "I call somebody.", NOBODY]
    assert timers(shop) == len(people)


def test_a_persons_answer_clears_the_time(shop: Chats, installation: Installation) -> None:
    """Taking over does, too."""
    shop.write("person")
    reply(shop)
    installation.clock.advance(seconds=SECONDS_UNTIL_DUE)
    sweep(shop)
    assert (texts(shop)[-1], timers(shop)) == ("Here I am.", 0)


def test_a_person_who_comes_between_the_timer_and_its_turn_is_not_talked_over(shop: Chats, installation: Installation) -> None:
    """The event is stored already, and its worker was stopped before it came to it."""
    shop.write("person")
    installation.clock.advance(seconds=SECONDS_UNTIL_DUE)
    with shop.transactions.writing() as tx:
        shop.add_timer(tx, the_conversation(shop))
        tx.commit()
    take_over(shop)
    assert shop.services.chat.answering.drain(the_conversation(shop).contact_id)
    assert texts(shop)[-1] == "I call somebody."


def test_a_timer_of_a_closed_conversation_is_no_matter_of_the_next_one(shop: Chats, installation: Installation) -> None:
    """Although that one waits for a person as well."""
    shop.write("person")
    first = the_conversation(shop)
    with shop.transactions.writing() as tx:
        save_conversation(tx, first.closed(shop.system.now()))
        tx.commit()
    installation.clock.advance(seconds=1)
    shop.write("person")
    installation.clock.advance(seconds=1)
    with shop.transactions.writing() as tx:
        shop.add_timer(tx, first)
        tx.commit()
    shop.services.chat.answering.drain(first.contact_id)
    assert [message.text for message in shop.thread(first.contact_id)][-1] == "I call somebody."


@pytest.mark.parametrize(
    ("late", "said", "state"),
    [
        (Topic("late", "Late", LATE.starts, (Say("n1", "Nobody."), HandOver("n2", note="late"))), ["Nobody."], ConversationState.WAITING),
        (Topic("late", "Late", LATE.starts, (End("n1", "Come back tomorrow."),)), ["Come back tomorrow."], ConversationState.CLOSED),
        (Topic("late", "Late", LATE.starts, (Ask("n1", "Your mail?", "mail", Answer.EMAIL),)), ["Your mail?"], ConversationState.BOT),
        (Topic("other", "Other", Starts(On.GO_TO)), [], ConversationState.WAITING),
    ],
    ids=["hands over", "ends", "asks", "has no such topic"],
)
def test_what_a_script_does_when_nobody_is_there(
    installation: Installation, late: Topic, said: list[str], state: ConversationState
) -> None:
    """A question is the bot's again, so that its answer is heard; a script that says nothing to it has no time to wait for."""
    chats = Chats(installation.services, with_late_topic(late))
    chats.write("person")
    installation.clock.advance(seconds=SECONDS_UNTIL_DUE)
    sweep(chats)
    assert texts(chats)[2:] == said
    conversation = the_conversation(chats)
    assert (conversation.state, conversation.due_at) == (state, None)
    if state is ConversationState.BOT:
        assert chats.write("no mail") == ["Your mail?"]


def test_an_archived_bot_says_nothing_when_nobody_is_there(shop: Chats, installation: Installation) -> None:
    """The time is cleared all the same."""
    shop.write("person")
    shop.archive(shop.bot_id or "")
    installation.clock.advance(seconds=SECONDS_UNTIL_DUE)
    sweep(shop)
    assert texts(shop)[-1] == "I call somebody."
    assert the_conversation(shop).due_at is None


@pytest.mark.parametrize("first", ["hours", "person", "taken over"])
def test_a_conversation_closes_a_week_after_its_last_message(shop: Chats, installation: Installation, first: str) -> None:
    """Whoever has it; the next message opens another."""
    shop.write("person" if first == "taken over" else first)
    if first == "taken over":
        take_over(shop)
    installation.clock.advance(seconds=SECONDS_UNTIL_DUE)
    sweep(shop)
    said_at = the_conversation(shop).last_message_at
    installation.clock.set(said_at + 7 * DAY - 1)
    sweep(shop)
    assert the_conversation(shop).is_open
    installation.clock.advance(seconds=1)
    sweep(shop)
    closed = the_conversation(shop)
    assert (closed.state, closed.closed_at) == (ConversationState.CLOSED, installation.clock.now())
    assert shop.write("hours") == ["We are open from 9 to 5."]
    assert len(shop.conversations()) == 2


def test_a_round_is_bounded_and_says_that_there_may_be_more(shop: Chats, installation: Installation) -> None:
    """Of each kind of work; then there is nothing to do, and a round writes nothing."""
    for number in range(MOST_IN_A_ROUND + 1):
        shop.write("hours", contact=f"person-{number}")
    installation.clock.advance(hours=7 * 24)
    assert sweep(shop)
    assert sum(conversation.is_open for conversation in shop.conversations()) == 1
    assert not sweep(shop)
    assert not any(conversation.is_open for conversation in shop.conversations())
