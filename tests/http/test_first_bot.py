"""What the dashboard says of bots: a first one by one click for who may make it, and to everybody who waits for a person."""

import re
from collections.abc import Callable

import pytest

from tests.http.conftest import both_engines
from tests.http.raw_requests import words
from tests.support.bots import hours_script, make_bot, publish, replace_draft
from tests.support.browser import Browser
from tests.support.installation import Installation
from tests.support.languages import LANGUAGES
from tests.support.stored_chats import conversation, web_channel
from xpressbot.chat.scripts.ready_scripts import ReadyScript
from xpressbot.entrypoints.http.app import create_app

OFFER = "Make a bot that answers"


def first_bot_forms(page: str) -> list[dict[str, str]]:
    """What each button of the card would send, but for whom the form was shown to."""
    forms = re.findall(r'(?s)<form[^>]*action="/bots/new".*?</form>', page)
    return [dict(re.findall(r'<(?:input|button)[^>]* name="(form|name|language|script)" value="([^"]*)"', form)) for form in forms]


@both_engines
@pytest.mark.parametrize("which", ReadyScript)
def test_one_click_makes_a_bot_and_opens_it_with_an_answer(which: ReadyScript, signed_in: Browser, installation: Installation) -> None:
    """The first topic, and a dialogue beside it in which the draft answers already."""
    form = next(form for form in first_bot_forms(signed_in.get("/").text) if form["script"] == which)
    answer = signed_in.post("/bots/new", form)
    assert answer.status_code == 303
    topic = signed_in.follow(answer).text
    assert re.search(r'class="from-customer".*class="from-bot"', topic, re.DOTALL)
    (listed,) = installation.services.chat.bot_overview.bots()
    assert (listed.bot.name, listed.bot.language, listed.bot.live) == ("Assistant", "en", None)
    assert OFFER not in signed_in.get("/").text


@pytest.mark.parametrize(("language", "name"), [("es", "Asistente"), ("hi", "सहायक")])
def test_the_bot_speaks_the_language_of_the_page(language: str, name: str, installation: Installation) -> None:
    installation.add_account()
    owner = Browser(create_app(installation.services, LANGUAGES), installation.clock, language=language)
    owner.sign_in()
    owner.post("/bots/new", first_bot_forms(owner.get("/").text)[0])
    (listed,) = installation.services.chat.bot_overview.bots()
    assert (listed.bot.name, listed.bot.language) == (name, language)


def test_an_agent_is_offered_none_and_is_told_who_waits(
    signed_in: Browser, installation: Installation, new_browser: Callable[..., Browser]
) -> None:
    installation.add_account("berta@example.com", "Berta Lund")
    agent = new_browser()
    agent.sign_in("berta@example.com")
    dashboard = agent.get("/").text
    assert (OFFER in dashboard, 'id="chat"' in dashboard) == (False, False)
    assert agent.post("/bots/new", first_bot_forms(signed_in.get("/").text)[0]).status_code == 403

    services = installation.services
    bot = make_bot(services)
    assert "No bot answers yet" in words(agent.get("/").text)
    publish(services, bot.id)
    channel = services.chat.channels.channels()[0].channel
    assert "1 bot keeps running Nobody waits for an answer of your team." in words(agent.get("/").text)
    assert 'href="/bots"' not in agent.get("/").text
    for _person in range(3):
        conversation(services, channel)
    for browser in (agent, signed_in):
        dashboard = browser.get("/").text
        assert "1 bot keeps running 3 people wait for an answer. Open the inbox" in words(dashboard)
        assert '<a class="button primary" href="/inbox">' in dashboard


def test_a_published_bot_leads_to_the_page_on_which_customers_write(signed_in: Browser, installation: Installation) -> None:
    """As long as a web chat that is on has it; its address opens without a session."""
    services, path = installation.services, ""
    draft, bot = make_bot(services), make_bot(services)
    web_channel(services, "Website", draft.id)
    for unpublished in (draft, bot):
        assert "Open the chat page" not in signed_in.get(f"/bots/{unpublished.id}").text
    channel_id = publish(services, bot.id).channel_id
    assert channel_id is not None
    for _version in range(2):
        found = re.search(r'href="(/chat/[0-9a-f]{32})"', signed_in.get(f"/bots/{bot.id}").text)
        assert found is not None
        path = found[1]
        replace_draft(services, bot.id, hours_script("From 8 to 6."))
    assert signed_in.request("GET", path).status_code == 200
    signed_in.post(f"/channels/{channel_id}/switch", switch="off")
    assert "Open the chat page" not in signed_in.get(f"/bots/{bot.id}").text


def test_publish_in_the_editor_saves_first(signed_in: Browser, installation: Installation) -> None:
    """And leads to the page that publishes; what cannot be saved keeps the person in the editor."""
    bot = make_bot(installation.services)
    path = f"/bots/{bot.id}/topics/hours"
    page = signed_in.get(path).text
    shown = dict(re.findall(r'name="((?:step|topic)\.[a-z0-9]+\.shown)" value="([^"]*)"', page))
    texts = {"step.s2.text": "From 8 to 6.", "topic.hours.name": "Opening hours", "topic.hours.on": "phrases"}
    answer = signed_in.post(path, {**shown, **texts, "topic.hours.phrases": "opening hours", "do": "publish"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/bots/{bot.id}/publish")
    assert "From 8 to 6." in signed_in.get(path).text
    refused = signed_in.post(path, {**shown, **texts, "topic.hours.phrases": "x" * 5000, "do": "publish"})
    assert refused.status_code in {409, 422}
