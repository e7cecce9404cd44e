"""The pages of channels: made, set up, switched, archived, and closed to agents."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import update

from tests.http.conftest import both_engines
from tests.http.raw_requests import SESSION_COOKIE, rows, words
from tests.support.browser import Browser
from tests.support.chats import Chats
from tests.support.customers import fields_of, post, texts_of
from tests.support.installation import Installation
from tests.support.people import signed_in as signed_in_person
from xpressbot.chat.channels.store import Channel
from xpressbot.chat.tables import CHANNEL
from xpressbot.identity.accounts.rules.roles import Role

NOBODY = "/channels/" + "0" * 32


def make(browser: Browser, name: str = "Our shop", **fields: str) -> str:
    """Make a channel by its form; the path of its page."""
    answer = browser.post("/channels", {"name": name} | fields)
    assert answer.status_code == 303, answer.text
    path: str = answer.headers["location"]
    assert re.fullmatch("/channels/[0-9a-f]{32}", path)
    return path


def link_of(browser: Browser, path: str) -> str:
    """The path of the chat page that a channel's page names."""
    found = re.search(r'<a href="http://localhost:8000(/chat/[0-9a-f]{32})"', browser.get(path).text)
    assert found is not None
    return found[1]


@both_engines
def test_a_channel_is_made_with_its_bot_and_people_can_write_to_it(
    signed_in: Browser, chats: Chats, new_browser: Callable[..., Browser]
) -> None:
    path = make(signed_in, bot=chats.bot_id or "")
    page = signed_in.get(path).text
    assert "Our shop" in page
    assert f'<option value="{chats.bot_id}" selected>Bakery bot</option>' in page
    customer, chat = new_browser(), link_of(signed_in, path)
    post(customer, chat, fields_of(customer.get(chat)) | {"text": "hours"})
    assert len(texts_of(customer.get(chat))) == 2
    assert 'Answered by: <bdi translate="no">Bakery bot</bdi>' in re.sub(r"\s+", " ", signed_in.get("/channels").text)


def test_settings_are_saved_and_shown_again(signed_in: Browser, new_browser: Callable[..., Browser]) -> None:
    path = make(signed_in)
    settings = {"name": " The  shop ", "greeting": "Hi <b>\r\nthere", "accent": "#AA0033", "privacy_url": " https://example.com/privacy "}
    assert signed_in.post(f"{path}/settings", settings).headers["location"] == path
    page = signed_in.get(path).text
    assert 'value="The shop"' in page
    assert "\nHi &lt;b&gt;\nthere</textarea>" in page
    assert 'type="color" value="#aa0033"' in page
    assert 'value="https://example.com/privacy"' in page
    chat = new_browser().get(link_of(signed_in, path)).text
    assert "Hi &lt;b&gt;\nthere</p>" in chat
    assert "theme.css?colour=aa0033" in chat


def test_a_greeting_is_kept_without_control_characters(signed_in: Browser, new_browser: Callable[..., Browser]) -> None:
    """As a message of a customer is: no page may have them."""
    path = make(signed_in)
    settings = {"name": "Shop", "greeting": "Hi\0\x1b[31m\ttab\r\nthere\x7f\x9b", "accent": "#aa0033", "privacy_url": ""}
    assert signed_in.post(f"{path}/settings", settings).status_code == 303
    assert "Hi[31m\ttab\nthere</p>" in new_browser().get(link_of(signed_in, path)).text


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"name": ""}, "name", "A name is 1 to 80 characters in one line."),
        ({"name": "a" * 81}, "name", "A name is 1 to 80 characters in one line."),
        ({"greeting": "a" * 1001}, "greeting", "A greeting has at most 1,000 characters."),
        ({"accent": "red; } body { display: none"}, "accent", "like #3b5bdb"),
        ({"privacy_url": "javascript:alert(1)"}, "privacy_url", "begins with https://"),
    ],
)
def test_settings_that_cannot_be_kept_are_told_at_their_field_and_nothing_is_saved(
    wrong: dict[str, str], field: str, sentence: str, signed_in: Browser, installation: Installation
) -> None:
    path, right = make(signed_in), {"name": "Typed", "greeting": "Typed too", "accent": "#010203", "privacy_url": "https://example.com/"}
    before = rows(installation, "channel")
    answer = signed_in.post(f"{path}/settings", right | wrong)
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-error">.*?{re.escape(sentence)}', answer.text, re.DOTALL)
    assert 'aria-invalid="true"' in answer.text
    for kept in (right | wrong).values():
        assert kept[:60] in answer.text
    assert rows(installation, "channel") == before


def test_a_channel_is_switched_off_and_on_and_archived(signed_in: Browser, new_browser: Callable[..., Browser]) -> None:
    path = make(signed_in)
    customer, chat = new_browser(), link_of(signed_in, path)
    for switch, status in (("off", 404), ("off", 404), ("on", 200)):
        assert signed_in.post(f"{path}/switch", switch=switch).headers["location"] == path
        assert customer.get(chat).status_code == status
    assert signed_in.post(f"{path}/switch", switch="").status_code == 422
    assert "To close it for a while, switch it off instead." in signed_in.get(f"{path}/archive").text
    assert signed_in.post(f"{path}/archive").headers["location"] == "/channels"
    assert customer.get(chat).status_code == 404
    assert "Our shop" not in signed_in.get("/channels").text
    assert "Our shop" in signed_in.get("/bots/record").text


@both_engines
@pytest.mark.parametrize("bot", ["\0", "a\0b", "0" * 32, "x" * 5000, "../1"])
def test_what_is_no_bot_is_told_at_its_field(bot: str, signed_in: Browser, installation: Installation) -> None:
    path = make(signed_in)
    before = rows(installation, "channel")
    for form in ("/channels", f"{path}/bot"):
        answer = signed_in.post(form, {"name": "Shop", "bot": bot})
        assert answer.status_code == 422
        assert "This bot was archived meanwhile." in answer.text
    assert rows(installation, "channel") == before


def test_another_bot_or_none_is_chosen(signed_in: Browser, chats: Chats) -> None:
    path = make(signed_in)
    assert chats.bot_id is not None
    assert signed_in.post(f"{path}/bot", bot=chats.bot_id).headers["location"] == path
    assert "Go to the bot" in signed_in.get(path).text
    assert signed_in.post(f"{path}/bot", bot="").headers["location"] == path
    assert "Go to the bot" not in signed_in.get(path).text
    chats.archive(chats.bot_id)
    answer = signed_in.post(f"{path}/bot", bot=chats.bot_id)
    assert answer.status_code == 422
    assert "This bot was archived meanwhile." in answer.text
    assert signed_in.post("/channels", name="Shop", bot=chats.bot_id).status_code == 422


def test_what_is_gone_is_404_for_every_page_and_form(signed_in: Browser) -> None:
    archived = make(signed_in)
    shown = signed_in.form_for(archived) or ""
    signed_in.post(f"{archived}/archive")
    for path in (NOBODY, archived):
        for page in ("", "/archive"):
            assert signed_in.get(path + page).status_code == 404
        for form, fields in (("settings", {"name": "x", "accent": "#000000"}), ("bot", {}), ("switch", {"switch": "on"}), ("archive", {})):
            assert signed_in.post(f"{path}/{form}", {"for": shown} | fields).status_code == 404, form


@both_engines
def test_a_channel_of_a_kind_that_a_newer_version_added_is_listed_and_left_as_it_is(signed_in: Browser, installation: Installation) -> None:
    """Its settings are of another shape: saving those of a web chat would lose them."""
    path = make(signed_in)
    shown = signed_in.form_for(path) or ""
    with installation.services.database.write() as connection:
        connection.execute(update(CHANNEL).values(kind="of_tomorrow", settings='["a secret"]'))
        connection.commit()
    before = rows(installation, "channel")
    listed = signed_in.get("/channels").text
    assert ("Our shop" in listed, f'href="{path}"' in listed) == (True, False)
    assert "A newer version of XpressBot added this channel." in words(listed)
    for page in ("", "/archive"):
        assert signed_in.get(path + page).status_code == 404
    for form, fields in (("settings", {"name": "x", "accent": "#000000"}), ("bot", {}), ("switch", {"switch": "off"}), ("archive", {})):
        assert signed_in.post(f"{path}/{form}", {"for": shown} | fields).status_code == 404, form
    assert rows(installation, "channel") == before


def test_an_agent_sees_and_changes_no_channel(
    installation: Installation, new_browser: Callable[..., Browser], channel: Channel, path: str
) -> None:
    """By any route; nor does any page of theirs name its address."""
    installation.add_account()
    agent = new_browser()
    agent.cookies.set(SESSION_COOKIE, signed_in_person(installation.services, "ben@example.com", role=Role.AGENT).token.text)
    before = rows(installation, "channel")
    for page in ("/channels", f"/channels/{channel.id}", f"/channels/{channel.id}/archive"):
        assert agent.get(page).status_code == 403
    for form in ("settings", "bot", "switch", "archive"):
        assert agent.post(f"/channels/{channel.id}/{form}", name="x", accent="#000000", switch="off").status_code == 403
    assert agent.post("/channels", name="x").status_code == 403
    assert rows(installation, "channel") == before
    for page in ("/", "/inbox", "/account"):
        assert "/channels" not in agent.get(page).text
        assert channel.public_id not in agent.get(page).text
    assert agent.get(path).status_code == 200


def test_names_are_shown_as_text(signed_in: Browser) -> None:
    path = make(signed_in, "<i>Shop</i>")
    for page in ("/channels", path, f"{path}/archive"):
        assert "<i>Shop" not in signed_in.get(page).text
        assert "&lt;i&gt;Shop&lt;/i&gt;" in signed_in.get(page).text
