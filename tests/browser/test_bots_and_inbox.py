"""The pages of bots, channels and the inbox in a real browser: axe finds nothing, nothing is wider than the screen."""

import pytest

from tests.browser.inspection import inspect
from tests.browser.person import Person
from tests.browser.shortcuts import arrive_signed_in
from tests.browser.site import Site
from tests.support import labels
from tests.support.actors import BO
from tests.support.bots import EMPTY, UNREACHABLE, converse, hours_script, make_bot, publish, replace_draft
from tests.support.stored_chats import conversation
from xpressbot.chat.conversations.conversation import Author, ConversationState

pytestmark = pytest.mark.browser
LONG = "Donaudampfschifffahrtsgesellschaft" * 3


def look(person: Person, *paths: str) -> list[str]:
    """What is wrong with pages."""
    findings = []
    for path in paths:
        person.open(path)
        findings += inspect(person.page)
    return findings


def test_bots_in_every_state(site: Site, anna: Person) -> None:
    """None; a draft with errors; one that is published, with changes and a check that differs, and missed texts; archived."""
    services = site.installation.services
    arrive_signed_in(anna)
    anna.box(labels.MAKE_A_BOT_THAT_ANSWERS).wait_for()
    findings = inspect(anna.page) + look(anna, "/bots", "/bots/archived", "/bots/new", "/bots/import")
    faulty = make_bot(services, hours_script(extra=[EMPTY, UNREACHABLE]), name="Faulty")
    bot = make_bot(services, hours_script(with_check=True))
    channel_id = publish(services, bot.id).channel_id
    assert channel_id is not None
    converse(services, bot.id, channel_id, "Do you sell tyres?", "your opening hours", LONG)
    publish(services, replace_draft(services, bot.id, hours_script("From 8 to 6.", with_check=True)).id)
    replace_draft(services, bot.id, hours_script("From 7 to 7.", extra=[UNREACHABLE], with_check=True))
    findings += look(anna, "/", "/bots", f"/bots/{faulty.id}", f"/bots/{faulty.id}/publish")
    pages = ("", "/settings", "/publish", "/versions", "/roll-back?number=1", "/checks", "/missed")
    findings += look(anna, *(f"/bots/{bot.id}{page}" for page in pages))
    services.chat.bots.archive(BO, bot.id)
    findings += look(anna, f"/bots/{bot.id}", "/bots/archived", "/bots/record")
    assert findings == []


def test_channels_on_and_off(site: Site, anna: Person) -> None:
    """The list, a channel, one that is off, a form that was refused, and the question before the archive."""
    services = site.installation.services
    publish(services, make_bot(services).id)
    path = f"/channels/{services.chat.channels.channels()[0].channel.id}"
    arrive_signed_in(anna)
    findings = look(anna, "/channels", path, f"{path}/archive")
    anna.open(path)
    anna.page.locator("#privacy_url").fill("http://example.com")
    anna.page.locator("form[action$='/settings'] button").click()
    anna.page.locator("#privacy_url-error").wait_for()
    findings += inspect(anna.page)
    anna.page.locator("form[action$='/switch'] button").click()
    findings += inspect(anna.page)
    assert findings == []


def test_conversations_in_every_state(site: Site, anna: Person) -> None:
    """The lists, empty and not; threads that wait, of the bot, of a colleague, closed; a refused answer; blocking and erasing."""
    services = site.installation.services
    arrive_signed_in(anna)
    findings = look(anna, "/inbox", "/inbox?show=all")
    publish(services, make_bot(services).id)
    channel = services.chat.channels.channels()[0].channel
    messages = [(Author.CUSTOMER, LONG), (Author.BOT, "One moment."), (Author.CUSTOMER, "Is anybody there?")]
    made = [
        conversation(services, channel, messages, state=state, owner=owner, name=name)
        for state, owner, name in (
            (ConversationState.WAITING, None, LONG),
            (ConversationState.BOT, None, ""),
            (ConversationState.PERSON, BO, "Ana Ruiz"),
            (ConversationState.CLOSED, None, ""),
        )
    ]
    findings += look(anna, "/", "/inbox", "/inbox?show=all", *(f"/inbox/{one.id}" for one in made))
    anna.open(f"/inbox/{made[0].id}")
    anna.page.get_by_label(labels.YOUR_MESSAGE).fill(" ")
    anna.button(labels.SEND).click()
    anna.page.locator(".error").first.wait_for()
    findings += inspect(anna.page)
    findings += look(anna, *(f"/inbox/people/{made[0].contact_id}/{edit}" for edit in ("block", "erase")))
    assert findings == []
