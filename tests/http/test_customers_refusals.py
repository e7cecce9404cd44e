"""The chat page of customers: what it refuses, in which words, and that nothing of it is stored."""

import re
from collections.abc import Callable
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import update
from starlette.applications import Starlette

from tests.http.conftest import both_engines
from tests.support.actors import ANNA
from tests.support.browser import Browser
from tests.support.chats import Chats
from tests.support.customers import SEND, UNKNOWN, fields_of, post, rows, send, texts_of
from tests.support.installation import Installation
from xpressbot.chat.channels.store import Channel
from xpressbot.chat.tables import CONTACT
from xpressbot.foundation.tokens import Token


@pytest.mark.parametrize("option", ["2.oats", "1.rye", "99.rye", "x.rye", "rye", "2", "2.", "-1.rye", "9" * 30 + ".rye"])
def test_an_option_that_no_message_offers_is_422(option: str, path: str, browser: Browser, chats: Chats) -> None:
    send(browser, path, "menu")
    before = rows(chats)
    assert send(browser, path, "typed beside it", option=option).status_code == 422
    assert rows(chats) == before


def test_unknown_off_and_archived_are_one_404(
    path: str, browser: Browser, chats: Chats, channel: Channel, installation: Installation
) -> None:
    """Whatever is asked of them, in the same words, and nothing is stored."""
    fields = fields_of(browser.get(path)) | {"text": "hours"}
    nothing = seen(browser.get(UNKNOWN))
    channels = installation.services.chat.channels
    channels.switch(ANNA, channel.id, on=False)
    for _state in range(2):
        assert seen(browser.get(path)) == nothing
        for asked in (post(browser, path, fields), browser.get(f"{path}/theme.css"), post(browser, f"{path}/forget", {})):
            assert asked.status_code == 404
            assert asked.headers.get("set-cookie") is None
        assert post(browser, path, fields, Accept="application/json").json()["code"] == "not_found"
        channels.switch(ANNA, channel.id, on=True)
        channels.archive(ANNA, channel.id)
    assert browser.get("/chat/x").status_code == browser.get("/chat/").status_code == browser.get(f"{path}/x").status_code == 404
    assert rows(chats) == (0, 0, 0, 0)
    assert "dashboard" not in nothing[1].lower()


def test_a_channel_that_is_on_again_has_its_chats_again(path: str, browser: Browser, channel: Channel, installation: Installation) -> None:
    send(browser, path, "hours")
    installation.services.chat.channels.switch(ANNA, channel.id, on=False)
    assert browser.get(path).status_code == 404
    installation.services.chat.channels.switch(ANNA, channel.id, on=True)
    assert len(texts_of(browser.get(path))) == 2


@both_engines
def test_a_blocked_contact_reads_that_the_chat_is_closed_and_grows_no_row(path: str, browser: Browser, chats: Chats) -> None:
    send(browser, path, "hours")
    fields = fields_of(browser.get(path)) | {"text": "let me in"}
    with chats.transactions.writing() as tx:
        tx.execute(update(CONTACT).values(blocked_at=1))
        tx.commit()
    before = rows(chats)
    for answer in (browser.get(path), post(browser, path, fields), post(browser, path, fields | {"option": "2.rye"})):
        assert answer.status_code == 403
        assert "This chat is closed" in answer.text
        assert texts_of(answer) == []
    assert post(browser, path, fields, Accept="application/json").json()["code"] == "chat_closed"
    looked = chats.services.chat.visiting.look(path[6:], Token.parse(browser.cookies["xpressbot-chat-8000"]))
    assert looked is not None
    assert (looked.visitor is not None, looked.messages, looked.waiting) == (True, (), ())
    assert rows(chats) == before


def test_a_flood_from_one_address_gets_a_sentence_and_others_no_delay(
    path: str, browser: Browser, new_browser: Callable[..., Browser], chats: Chats, app: Starlette
) -> None:
    for number in range(20):
        assert send(browser, path, f"message {number}").status_code == 303
    before = rows(chats)
    answer = send(browser, path, "one <more>")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "3"
    assert "Too many messages at once. Wait 3 seconds" in answer.text
    assert "one &lt;more&gt;</textarea>" in answer.text
    assert post(browser, path, fields_of(answer) | {"text": "x"}, Accept="application/json").json()["code"] == "too_many_messages"
    assert rows(chats) == before
    other = new_browser(address="192.0.2.99")
    assert send(other, path, "hours").status_code == 303
    browser.clock.advance(seconds=3)
    assert post(browser, path, fields_of(answer) | {"text": "one <more>"}).status_code == 303


def test_one_address_makes_ten_visitors_a_minute(path: str, new_browser: Callable[..., Browser], chats: Chats) -> None:
    assert [send(new_browser(), path, "hours").status_code for _visitor in range(12)] == [303] * 10 + [429] * 2
    assert rows(chats)[0] == 10
    assert send(new_browser(address="2001:db8::1"), path, "hours").status_code == 303


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("", "Write a message first."), ("a" * 4097, "at most 4,096 characters"), ("\u0001 \u0002", "Write a message first.")],
)
def test_what_is_no_message_is_422_and_stays_in_the_form(text: str, sentence: str, path: str, browser: Browser, chats: Chats) -> None:
    answer = send(browser, path, text)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f"\n{text}</textarea>" in answer.text
    assert fields_of(answer).keys() == {"send", "visitor", "after"}
    assert rows(chats) == (0, 0, 0, 0)


def test_the_longest_message_is_taken_in_any_script(path: str, browser: Browser, chats: Chats) -> None:
    for text in ("\U0001f600" * 4096, "\u0928" * 4096):
        assert send(browser, path, text).status_code == 303
        assert text in texts_of(browser.get(path))


def test_100_kilobytes_are_answered_clearly(path: str, browser: Browser, chats: Chats) -> None:
    answer = send(browser, path, "x" * 100_000)
    assert answer.status_code == 413
    assert "A message has at most 4,096 characters. Nothing was sent." in answer.text
    assert rows(chats) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "body", ["text=%ED%A0%80&send=" + SEND, "text=a&text=b&send=" + SEND, "text=%FF&send=" + SEND, "text=hi", f"text=hi&send={SEND[1:]}g"]
)
def test_a_damaged_form_is_422_and_stores_nothing(body: str, path: str, browser: Browser, chats: Chats) -> None:
    """Half of a surrogate pair, a field twice, no UTF-8, no id of a send."""
    token = fields_of(browser.get(path))["visitor"]
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    answer = browser.request("POST", path, content=f"{body}&visitor={token}", headers=headers)
    assert answer.status_code == 422
    assert "Nothing was sent" in answer.text
    assert rows(chats) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}]
)
def test_a_send_from_another_site_is_refused(headers: dict[str, str], path: str, browser: Browser, chats: Chats) -> None:
    fields = fields_of(browser.get(path)) | {"text": "hours"}
    answer = browser.request("POST", path, data=fields, headers=headers)
    assert answer.status_code == 403
    assert "This message came from another site" in answer.text
    assert rows(chats) == (0, 0, 0, 0)


def test_quoted_paths_reach_nothing_else(browser: Browser, path: str) -> None:
    for odd in (quote("../channels", safe=""), "%00", quote("x\n"), path[6:].upper()):
        assert browser.get(f"/chat/{odd}").status_code == 404


def seen(answer: httpx.Response) -> tuple[int, str]:
    """What a visitor sees of an answer."""
    return answer.status_code, answer.text


def test_when_the_chat_is_too_busy_the_message_can_be_sent_again_and_is_one(
    path: str, browser: Browser, chats: Chats, installation: Installation
) -> None:
    fields = fields_of(browser.get(path)) | {"text": "hours, please <now>"}
    pool = installation.services.pools.chat
    pool.inside += 1000
    answer, looked = post(browser, path, fields), browser.get(path)
    program = post(browser, path, fields, Accept="application/json")
    pool.inside -= 1000
    assert (answer.status_code, looked.status_code, program.json()["code"]) == (503, 503, "unavailable")
    assert "The chat does not answer right now" in answer.text
    assert "hours, please &lt;now&gt;</textarea>" in answer.text
    assert "<form" not in looked.text
    kept = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.text))
    for _time in range(2):
        assert post(browser, path, kept | {"text": fields["text"]}).status_code == 303
    assert rows(chats) == (1, 1, 1, 2)


def test_a_busy_chat_keeps_no_member_from_signing_in(path: str, browser: Browser, installation: Installation) -> None:
    """What customers write waits on threads of its own, and so do the pages that they look at."""
    installation.add_account()
    pool = installation.services.pools.chat
    pool.inside += 1000
    assert browser.get(path).status_code == 503
    assert browser.sign_in().headers["location"] == "/"
    assert browser.get("/inbox").status_code == 200
    pool.inside -= 1000
