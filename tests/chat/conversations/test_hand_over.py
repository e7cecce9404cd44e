"""Handing over: from the commit in which a person takes over or answers the bot is silent, and of two people who do so one wins."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.support.chats import Chats
from tests.support.installation import Installation
from xpressbot.bootstrap import build
from xpressbot.chat.actor import Actor
from xpressbot.chat.conversations.conversation import Conversation, ConversationState
from xpressbot.chat.conversations.inbox import InboxList
from xpressbot.chat.conversations.taking_over import ConversationRefusal, Shown
from xpressbot.chat.scripts.script import On, Say, Script, Starts, Topic
from xpressbot.foundation.clock_and_entropy import System

ECHO = Script("Echo", "en", (Topic("all", "All", Starts(On.NOTHING_MATCHED), (Say("s1", "I am a bot."),)),))
ADA, GRACE = Actor("a" * 32, "Ada"), Actor("b" * 32, "Grace")
FORM = "6f1c1c52-1df5-4c6c-9d9e-0a3c66bb2bb3"
NOBODY = Shown(None, 0)


def talk(installation: Installation) -> tuple[Chats, Conversation]:
    """A conversation that the bot has answered once."""
    chats = Chats(installation.services, ECHO)
    assert chats.write("first") == ["I am a bot."]
    (conversation,) = chats.conversations()
    return chats, conversation


def texts(chats: Chats, conversation: Conversation) -> list[str]:
    return [message.text for message in chats.thread(conversation.contact_id)]


def test_what_is_on_its_way_is_stored_and_never_answered_by_the_bot(installation: Installation) -> None:
    """The agent's answer is committed while a message waits in its lane."""
    chats, conversation = talk(installation)
    chats.store(chats.event("second"))
    answered = installation.services.chat.replying.reply(ADA, conversation.id, "I am Ada.", FORM, Shown(None, 2))
    assert isinstance(answered, Conversation)

    assert installation.services.chat.answering.drain(conversation.contact_id)
    assert chats.write("third") == []

    assert texts(chats, conversation) == ["first", "I am a bot.", "I am Ada.", "second", "third"]
    (after,) = chats.conversations()
    assert (after.state, after.owner) == (ConversationState.PERSON, ADA)
    assert after.waiting_since is not None


def test_the_bot_answers_from_the_message_after_handing_back_on(installation: Installation) -> None:
    chats, conversation = talk(installation)
    taking_over = installation.services.chat.taking_over
    assert isinstance(taking_over.take_over(ADA, conversation.id, NOBODY), Conversation)
    assert chats.write("for a person") == []

    assert isinstance(taking_over.hand_back(ADA, conversation.id, Shown(ADA.id, 3)), Conversation)

    assert installation.services.chat.answering.drain(conversation.contact_id)
    assert texts(chats, conversation) == ["first", "I am a bot.", "for a person"]
    assert chats.write("for the bot") == ["I am a bot."]


def test_what_one_process_has_stored_another_one_reads(installation: Installation) -> None:
    chats, conversation = talk(installation)
    other = build(installation.services.settings, system=System(installation.clock, installation.entropy), durable=False)
    try:
        assert isinstance(other.chat.replying.reply(ADA, conversation.id, "From the other one.", FORM, Shown(None, 2)), Conversation)
        thread = installation.services.chat.inbox.thread(conversation.id)
        assert thread is not None
        assert thread.messages[-1].text == "From the other one."
        assert thread.conversation.owner == ADA
        assert chats.write("and now?") == []
    finally:
        other.close()


def at_once(*actions: Callable[[], object]) -> list[object]:
    """What each of them comes to."""
    barrier = threading.Barrier(len(actions), timeout=60)

    def run(action: Callable[[], object]) -> object:
        barrier.wait()
        return action()

    with ThreadPoolExecutor(len(actions)) as threads:
        return list(threads.map(run, actions))


def test_of_many_who_take_over_at_once_one_has_it(installation: Installation) -> None:
    _chats, conversation = talk(installation)
    actors = [Actor(f"{number:032x}", f"Agent {number}") for number in range(8)]

    def take(actor: Actor) -> Callable[[], object]:
        return lambda: installation.services.chat.taking_over.take_over(actor, conversation.id, NOBODY)

    outcomes = at_once(*map(take, actors))

    won = [outcome for outcome in outcomes if isinstance(outcome, Conversation)]
    assert outcomes.count(ConversationRefusal.CONVERSATION_TAKEN) == len(actors) - 1
    (after,) = installation.services.chat.inbox.page(InboxList.PERSON).listed
    assert [one.owner for one in won] == [after.conversation.owner]


def test_of_two_who_answer_at_once_one_is_heard(installation: Installation) -> None:
    chats, conversation = talk(installation)

    def reply(actor: Actor) -> Callable[[], object]:
        return lambda: installation.services.chat.replying.reply(actor, conversation.id, actor.name, FORM, Shown(None, 2))

    outcomes = at_once(reply(ADA), reply(GRACE), reply(ADA), reply(GRACE))

    heard = {outcome.owner for outcome in outcomes if isinstance(outcome, Conversation)}
    assert len(heard) == 1
    (winner,) = heard
    assert winner is not None
    assert texts(chats, conversation) == ["first", "I am a bot.", winner.name]
