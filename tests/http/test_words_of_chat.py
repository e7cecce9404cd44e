"""What pages of chat call things: by their names, and by what is true of them."""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import pytest

from tests.http.raw_requests import SESSION_COOKIE, words
from tests.support import people
from tests.support.actors import BO
from tests.support.bots import converse, hours_script, make_bot, publish, replace_draft
from tests.support.browser import Browser
from tests.support.customers import UNKNOWN
from tests.support.installation import Installation
from tests.support.languages import LANGUAGES
from tests.support.restaurant import a_script, form_of
from tests.support.stored_chats import conversation, web_channel
from xpressbot.chat.actor import OPERATOR, Actor
from xpressbot.chat.bots.administration import BotRefusal
from xpressbot.chat.bots.kept_checks import CheckRefusal
from xpressbot.chat.bots.missed_texts import PhraseRefusal
from xpressbot.chat.bots.publishing import PublishRefusal
from xpressbot.chat.channels.administration import ChannelRefusal
from xpressbot.chat.conversations.contacts import ContactRefusal
from xpressbot.chat.conversations.conversation import Author
from xpressbot.chat.conversations.taking_over import ConversationRefusal
from xpressbot.chat.editing.edits import EditRefusal
from xpressbot.entrypoints.messages.bot_words import bot_refused, check_refused, phrase_refused, publish_refused
from xpressbot.entrypoints.messages.channel_words import channel_refused
from xpressbot.entrypoints.messages.inbox_words import contact_refused, conversation_refused
from xpressbot.entrypoints.messages.script_words import edit_refused
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.identity.accounts.rules.roles import Role


def test_a_step_that_goes_to_a_topic_is_called_by_the_topics_name(installation: Installation, signed_in: Browser) -> None:
    """On its buttons, and as what was done last; its id is in no text."""
    bot = make_bot(installation.services, a_script())
    path = f"/bots/{bot.id}/topics/hours"
    assert "Remove: Go to a topic “Goodbye”" in words(signed_in.get(path).text)
    page = words(signed_in.post(path, form_of(a_script(), "hours"), do="remove:s7").text)
    assert "Go to a topic “bye”" not in page
    assert "Removed: Go to a topic “Goodbye”" in words(signed_in.get(path).text)


def test_what_the_operator_published_says_so_in_words(installation: Installation, signed_in: Browser) -> None:
    """They have no account, and no name."""
    bot = make_bot(installation.services)
    publish(installation.services, bot.id, by=OPERATOR)
    page = words(signed_in.get(f"/bots/{bot.id}/versions").text)
    assert "The operator," in page
    assert "operator," not in page.replace("The operator,", "")


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        (0, "What becomes of conversations under way?"),
        (1, "What becomes of the conversation under way?"),
        (2, "What becomes of the 2 conversations under way?"),
    ],
)
def test_conversations_under_way_are_counted_from_two_on(count: int, sentence: str, installation: Installation, signed_in: Browser) -> None:
    bot = make_bot(installation.services)
    channel_id = publish(installation.services, bot.id).channel_id or ""
    for _one in range(count):
        converse(installation.services, bot.id, channel_id, "Hello")
    replace_draft(installation.services, bot.id, hours_script("From 8 to 6."))
    assert sentence in words(signed_in.get(f"/bots/{bot.id}/publish").text)


def test_a_page_of_the_inbox_behind_the_last_says_that_it_is_empty(installation: Installation, signed_in: Browser) -> None:
    """It leads to the first; that there are no conversations yet would be false."""
    conversation(installation.services, web_channel(installation.services))
    page = words(signed_in.get(f"/inbox?show=all&at=1&after={'0' * 32}").text)
    assert "This page is empty: nothing follows here any more. From the beginning" in page
    assert "There are no conversations yet" not in page
    assert "This page is empty" not in words(signed_in.get("/inbox?show=closed").text)


def test_the_proof_before_a_person_is_erased_says_what_it_is_for(installation: Installation, new_browser: Callable[..., Browser]) -> None:
    """It protects what the person wrote, and nothing of the account."""
    one = conversation(installation.services, web_channel(installation.services))
    owner = new_browser()
    owner.cookies.set(SESSION_COOKIE, people.protected(installation.services, role=Role.OWNER).caller.token.text)
    installation.clock.advance(minutes=6)
    page = words(owner.follow(owner.get(f"/inbox/people/{one.contact_id}/erase")).text)
    assert "The next step removes for good what a person wrote." in page
    assert "your account is protected" not in page


def test_a_customer_at_another_address_reads_of_no_operator(browser: Browser) -> None:
    page = browser.request("GET", UNKNOWN, headers={"Host": "evil.example"})
    assert page.status_code == 421
    assert "This chat has another address." in words(page.text)
    assert "XpressBot" not in page.text


def test_the_inbox_says_who_wrote_last(installation: Installation, new_browser: Callable[..., Browser]) -> None:
    """The bot, oneself or a colleague; the customer is who the conversation is called after."""
    caller = people.signed_in(installation.services, "owner@example.com", role=Role.OWNER)
    reader = new_browser()
    reader.cookies.set(SESSION_COOKIE, caller.token.text)
    channel = web_channel(installation.services)
    for author, owner in (
        (Author.CUSTOMER, None),
        (Author.BOT, None),
        (Author.PERSON, BO),
        (Author.PERSON, Actor(caller.account.id, "Me")),
    ):
        conversation(installation.services, channel, ((author, "Good day"),), owner=owner)
    said = re.findall(r'<span class="excerpt">(.*?)</bdi></span>', reader.get("/inbox?show=all").text)
    assert sorted(words(one) for one in said) == ["Bo Lund: Good day", "Bot: Good day", "Good day", "You: Good day"]


SAID_OF_CHAT: list[tuple[Callable[[Texts, Any], str], type[StrEnum]]] = [
    (bot_refused, BotRefusal),
    (publish_refused, PublishRefusal),
    (check_refused, CheckRefusal),
    (phrase_refused, PhraseRefusal),
    (edit_refused, EditRefusal),
    (channel_refused, ChannelRefusal),
    (lambda texts, reason: conversation_refused(texts, reason, None), ConversationRefusal),
    (contact_refused, ContactRefusal),
]


@pytest.mark.parametrize(("say", "reasons"), SAID_OF_CHAT, ids=lambda one: getattr(one, "__name__", ""))
@pytest.mark.parametrize("texts", list(LANGUAGES), ids=lambda texts: texts.tag)
def test_each_refusal_of_chat_says_a_whole_sentence_of_its_own(
    texts: Texts, say: Callable[[Texts, Any], str], reasons: type[StrEnum]
) -> None:
    """With its numbers filled in, and one sentence for one reason."""
    said = [say(texts, reason) for reason in reasons]
    assert len(set(said)) == len(said)
    assert [sentence for sentence in said if "%" in sentence or sentence[-1] not in ".।"] == []
