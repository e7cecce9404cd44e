"""The chat page of customers: whose thread a browser sees, and where its token goes."""

import json
import re
from collections.abc import Callable

import structlog
from sqlalchemy import select
from structlog.testing import LogCapture

from tests.support.browser import Browser
from tests.support.chats import Chats
from tests.support.customers import BAKERY, UNKNOWN, channel_of, fields_of, post, rows, send, texts_of
from tests.support.installation import Installation
from tests.support.languages import LANGUAGES
from xpressbot.chat.channels.store import find_channel
from xpressbot.chat.tables import CONTACT
from xpressbot.entrypoints.http.app import create_app


def test_the_cookie_is_for_this_page_alone_and_no_page_repeats_it(path: str, browser: Browser) -> None:
    fields = fields_of(browser.get(path))
    answer = post(browser, path, fields | {"text": "hours"})
    (cookie,) = answer.headers.get_list("set-cookie")
    name, *attributes = cookie.split("; ")
    assert name == f"xpressbot-chat-8000={fields['visitor']}"
    assert {one.lower() for one in attributes} == {"httponly", "max-age=2592000", f"path={path}", "samesite=lax"}
    assert fields["visitor"] not in browser.get(path).text
    assert "visitor" not in fields_of(browser.get(path))
    assert fields["visitor"] not in answer.headers["location"]


def test_behind_https_the_cookie_is_secure(https_installation: Installation, https_browser: Browser) -> None:
    chats = Chats(https_installation.services, BAKERY)
    answer = send(https_browser, f"/chat/{channel_of(chats).public_id}", "hours")
    (cookie,) = answer.headers.get_list("set-cookie")
    assert cookie.startswith("__Secure-xpressbot-chat=")
    assert "; Secure" in cookie


def test_a_visitors_token_opens_no_thread_of_others(
    path: str, browser: Browser, new_browser: Callable[..., Browser], chats: Chats, installation: Installation
) -> None:
    """Nor the own one on another channel, and no made-up token opens anything."""
    send(browser, path, "my secret")
    with chats.transactions.reading() as tx:
        other = find_channel(tx, chats.add_channel(None))
    assert other is not None
    token = browser.cookies["xpressbot-chat-8000"]
    stranger = new_browser()
    send(stranger, path, "hours")
    assert "my secret" not in stranger.get(path).text
    for value in ("", "x", token[:-1], token + "A", "A" * 43, "../" + token):
        guess = new_browser()
        guess.cookies.set("xpressbot-chat-8000", value)
        assert "my secret" not in guess.get(path).text
    moved = new_browser()
    moved.cookies.set("xpressbot-chat-8000", token)
    assert "my secret" in moved.get(path).text
    assert "my secret" not in moved.get(f"/chat/{other.public_id}").text
    assert "my secret" not in moved.get(f"{path}?before=1").text
    for inside in ("/inbox", "/channels", f"/channels/{chats.channel_id}", "/bots", f"/inbox/{chats.conversations()[0].id}"):
        assert moved.get(inside).headers["location"].startswith("/sign-in")


def test_the_database_holds_no_token_that_a_visitor_has(path: str, browser: Browser, chats: Chats) -> None:
    send(browser, path, "hours")
    with chats.transactions.reading() as tx:
        (row,) = tx.select(select(CONTACT))
    assert browser.cookies["xpressbot-chat-8000"] not in json.dumps([str(value) for value in row])
    assert re.fullmatch("[0-9a-f]{64}", row.external_id)


def test_forgetting_takes_the_chat_from_this_device_and_leaves_it_with_the_team(path: str, browser: Browser, chats: Chats) -> None:
    send(browser, path, "hours")
    stale = fields_of(browser.get(path))
    answer = post(browser, f"{path}/forget", {})
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    assert texts_of(browser.get(path)) == []
    assert rows(chats)[3] == 2
    refused = post(browser, path, stale | {"text": "another thing"})
    assert refused.status_code == 409
    assert "another thing</textarea>" in refused.text
    assert post(browser, path, fields_of(refused) | {"text": "another thing"}).status_code == 303
    assert rows(chats)[0] == 2


def test_headers_are_those_of_pages_for_customers(path: str, browser: Browser) -> None:
    """A page of this origin may frame them, and no other; the dashboard's stay as they were."""
    for answer in (browser.get(path), send(browser, path, "hours"), browser.get(UNKNOWN), browser.get(f"{path}/theme.css")):
        assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
        assert "x-frame-options" not in answer.headers
        assert answer.headers["referrer-policy"] == "same-origin"
        assert not [name for name in answer.headers if name.startswith("access-control")]
    dashboard = browser.get("/sign-in").headers
    assert "frame-ancestors 'none'" in dashboard["content-security-policy"]
    assert dashboard["x-frame-options"] == "DENY"


def test_no_cookie_of_the_dashboard_is_read_or_written(path: str, installation: Installation, chats: Chats) -> None:
    """Not even the language that was chosen on it: the visitor's browser decides."""
    browser = Browser(create_app(installation.services, LANGUAGES), installation.clock, language="es")
    browser.cookies.set("xpressbot-language-8000", "hi")
    browser.cookies.set("xpressbot-session-8000", "A" * 43)
    page = browser.get(path)
    assert page.headers["content-language"] == "es"
    assert browser.get(UNKNOWN).headers["content-language"] == "es"
    assert [cookie.split("=")[0] for cookie in send(browser, path, "hours").headers.get_list("set-cookie")] == ["xpressbot-chat-8000"]


def test_log_lines_and_addresses_hold_no_token_and_no_text(path: str, browser: Browser) -> None:
    """The access log, and where a browser is sent: what stands in an address reaches logs and the Referer header."""
    before, capture = structlog.get_config(), LogCapture()
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, capture], wrapper_class=structlog.BoundLogger)
    fields = fields_of(browser.get(path)) | {"text": "my secret"}
    answer = post(browser, path, fields)
    page = browser.get(answer.headers["location"])
    browser.get(page.url.path, params={"before": "2"})
    structlog.configure(**before)
    addresses = re.findall(r'(?:href|action|src)="([^"]*)"', page.text)
    seen = json.dumps(capture.entries) + " ".join([answer.headers["location"], *addresses])
    assert [line["event"] for line in capture.entries].count("http.request") == 4
    for secret in (fields["visitor"], "my secret", fields["send"]):
        assert secret not in seen
