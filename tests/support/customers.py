"""A bakery's chat page, and browsers of its customers."""

import re

import httpx
from sqlalchemy import func, select

from tests.support.browser import Browser
from tests.support.chats import Chats
from tests.support.scripts import phrases
from xpressbot.chat.channels.store import Channel, find_channel
from xpressbot.chat.scripts.script import Choices, HandOver, On, Option, Say, Script, Starts, Topic
from xpressbot.chat.tables import CHAT_EVENT, CONTACT, CONVERSATION, MESSAGE

UNKNOWN = "/chat/" + "0" * 32
SEND = "5" * 32


BAKERY = Script(
    name="Bakery bot",
    language="es",
    topics=(
        Topic("hours", "Hours", phrases("hours"), (Say("h1", "From 7 to 18. More: https://example.com/hours?a=1&b=2"),)),
        Topic(
            "menu",
            "Menu",
            phrases("menu"),
            (Choices("m1", "Which one?", (Option("rye", "Rye bread", (Say("m2", "Rye it is."),)), Option("oat", "Oat bread"))),),
        ),
        Topic("person", "Person", phrases("person"), (HandOver("p1", "I call somebody."),)),
        Topic("else", "Else", Starts(On.NOTHING_MATCHED), (Say("e1", "Say hours or menu."),)),
    ),
)


def fields_of(page: httpx.Response) -> dict[str, str]:
    """The hidden fields of the page's form for a text."""
    form = page.text[page.text.index('class="write"') :]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))


def send(browser: Browser, path: str, text: str, **changed: str) -> httpx.Response:
    """Fill in the form of the page as it is now, and send it."""
    return post(browser, path, fields_of(browser.get(path)) | {"text": text} | changed)


def post(browser: Browser, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
    return browser.request("POST", path, data=fields, headers={"Sec-Fetch-Site": "same-origin", "Origin": browser.url} | headers)


def texts_of(page: httpx.Response) -> list[str]:
    """What the messages on a page say, without markup."""
    return [re.sub(r"<[^>]+>", "", text) for text in re.findall(r'<p class="text"[^>]*>(.*?)</p>', page.text, re.DOTALL)]


def rows(chats: Chats) -> tuple[int, ...]:
    """How many contacts, events, conversations and messages there are."""
    with chats.transactions.reading() as tx:
        return tuple(
            tx.select(select(func.count()).select_from(table)).scalar_one() for table in (CONTACT, CHAT_EVENT, CONVERSATION, MESSAGE)
        )


def channel_of(chats: Chats) -> Channel:
    """The channel that they are on."""
    with chats.transactions.reading() as tx:
        channel = find_channel(tx, chats.channel_id)
    assert channel is not None
    return channel
