"""The chat page of customers: what a thread looks like, and what its channel decides of it."""

import re
from collections.abc import Callable

from sqlalchemy import select

from tests.support.actors import ANNA
from tests.support.browser import Browser
from tests.support.chats import Chats
from tests.support.customers import SEND, send, texts_of
from tests.support.installation import Installation
from xpressbot.chat.channels.store import Channel
from xpressbot.chat.channels.web.settings import WebSettings
from xpressbot.chat.conversations.taking_over import Shown
from xpressbot.chat.tables import CONTACT


def test_markup_is_text_and_a_visitors_address_no_link(path: str, browser: Browser) -> None:
    send(browser, path, '<script>alert(1)</script> "quoted" javascript:alert(1) https://evil.example')
    page = browser.get(path)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &#34;quoted&#34; javascript:alert(1) https://evil.example" in page.text
    assert "<script>alert" not in page.text
    assert 'href="https://evil' not in page.text


def test_links_of_bots_hand_on_nothing(path: str, browser: Browser) -> None:
    send(browser, path, "hours")
    assert '<a href="https://example.com/hours?a=1&amp;b=2" rel="noopener noreferrer nofollow ugc">' in browser.get(path).text


def test_a_member_is_shown_by_their_first_name_and_a_bot_by_its_own(
    path: str, browser: Browser, installation: Installation, chats: Chats
) -> None:
    send(browser, path, "person")
    (conversation,) = chats.conversations()
    replied = installation.services.chat.replying.reply(ANNA, conversation.id, "Hello, I am here. www.example.com", SEND, Shown(None, 2))
    assert not isinstance(replied, str), replied
    page = browser.get(path)
    names = re.findall(r'<p class="author"><bdi translate="no">([^<]+)</bdi>', page.text)
    assert names == ["Bakery bot", "Anna"]
    assert "Berg" not in page.text
    assert texts_of(page)[-1] == "Hello, I am here. www.example.com"


def test_the_page_says_what_a_screen_reader_needs(path: str, browser: Browser) -> None:
    """New messages are a log, the first answer is where the answer leads to, and the bot's words are in its language."""
    send(browser, path, "hours")
    page = browser.get(path).text
    assert '<div class="log" role="log" aria-label="Messages" tabindex="0">' in page
    new = page[page.index('id="new" tabindex="-1"') :]
    assert new.index('lang="es">From 7 to 18') < 400
    assert '<p class="visually-hidden">You</p>' in page


def test_looking_for_news_says_when_there_is_none(path: str, browser: Browser) -> None:
    send(browser, path, "hours")
    assert f'href="{path}?after=2"' in browser.get(path).text
    assert "Nothing new yet." in browser.get(f"{path}?after=2").text
    assert "Nothing new yet." not in browser.get(f"{path}?after=1").text
    assert 'id="new" tabindex="-1" autofocus' in browser.get(f"{path}?after=1").text
    for odd in ("", "0", "x", "-1", "9" * 40, "\u0661"):
        assert "<textarea" in browser.get(path, params={"after": odd, "before": odd}).text


def test_a_long_thread_is_read_in_pages(path: str, browser: Browser) -> None:
    for number in range(60):
        browser.clock.advance(seconds=5)
        send(browser, path, f"message {number}")
    page = browser.get(path)
    assert len(texts_of(page)) == 100
    older = re.search(r"\?before=(\d+)", page.text)
    assert older is not None
    earlier = browser.get(f"{path}?before={older[1]}")
    assert texts_of(earlier)[0] == "message 0"
    assert len(texts_of(earlier)) == 20
    assert "<textarea" not in earlier.text


def test_what_is_stored_and_not_handled_yet_stands_in_the_thread(
    path: str, browser: Browser, chats: Chats, installation: Installation
) -> None:
    send(browser, path, "hours")
    with chats.transactions.reading() as tx:
        external_id = tx.select(select(CONTACT.c.external_id)).scalar_one()
    chats.store(chats.event("menu <b>", external_id))
    page = browser.get(path)
    assert texts_of(page)[-1] == "menu &lt;b&gt;"
    assert "Your message has arrived" in page.text
    assert "menu &lt;b&gt;" not in texts_of(browser.get(f"{path}?before=9"))


def test_a_browser_that_keeps_no_cookie_is_told(path: str, browser: Browser, new_browser: Callable[..., Browser]) -> None:
    location = send(browser, path, "hours").headers["location"]
    assert "this browser did not keep the chat" in new_browser().get(location).text
    assert "this browser did not keep the chat" not in browser.get(location).text


def test_settings_of_the_channel_are_what_the_page_shows(path: str, browser: Browser, channel: Channel, installation: Installation) -> None:
    assert "Hello! Write to us here." in browser.get(path).text
    settings = WebSettings("Welcome <b>in</b>\nto the bakery", "#ffd54f", "https://example.com/privacy?a=1&b=2")
    installation.services.chat.channels.change_settings(ANNA, channel.id, "Bakery <b>", settings)
    page = browser.get(path).text
    assert "Welcome &lt;b&gt;in&lt;/b&gt;\nto the bakery</p>" in page
    assert '<a href="https://example.com/privacy?a=1&amp;b=2" rel="noopener noreferrer">Privacy notice</a>' in page
    assert "<title>Bakery &lt;b&gt;</title>" in page
    theme = re.search(r'href="(/chat/[^"]+theme\.css[^"]+)"', page)
    assert theme is not None
    styles = browser.get(theme[1])
    assert styles.headers["content-type"].startswith("text/css")
    assert "--accent: #ffd54f; --on-accent: #000000" in styles.text
    assert "set-cookie" not in styles.headers
