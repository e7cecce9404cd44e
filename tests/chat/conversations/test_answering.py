"""What a message does, it does in one transaction, in the contact's lane."""

from dataclasses import replace

from tests.chat.conversations.conftest import SHOP
from tests.support.chats import Chats
from tests.support.installation import Installation
from xpressbot.chat.conversations.conversation import Author, ConversationState


def test_a_first_message_opens_a_conversation_and_is_answered(shop: Chats) -> None:
    """The message and the answer stand in the thread in this order, and nobody waits any more."""
    assert shop.write("What are your hours?") == ["We are open from 9 to 5."]
    (conversation,) = shop.conversations()
    assert (conversation.state, conversation.version, conversation.waiting_since) == (ConversationState.BOT, 1, None)
    thread = shop.thread(conversation.contact_id)
    assert [(message.seq, message.author) for message in thread] == [(1, Author.CUSTOMER), (2, Author.BOT)]


def test_without_a_published_bot_a_conversation_waits_for_a_person(installation: Installation) -> None:
    """From its first message on."""
    chats = Chats(installation.services)
    assert chats.write("Hello?") == []
    (conversation,) = chats.conversations()
    assert (conversation.state, conversation.waiting_since) == (ConversationState.WAITING, installation.clock.now())


def test_a_running_conversation_keeps_its_version(shop: Chats) -> None:
    """A question of the old version is answered by the old version."""
    assert shop.write("order") == ["How many?"]
    shop.publish(shop.bot_id or "", replace(SHOP, topics=SHOP.topics[:1]))
    assert shop.write("3") == ["3 pieces, thank you."]
