"""Channels, and the chat page as customers see it."""

import re

import httpx
from sqlalchemy import update

from tests.support.browser import Browser
from tests.support.chats import Chats
from tests.support.customers import ANNA, UNKNOWN, channel_of, fields_of, post
from tests.support.every_page.walk import Walk
from xpressbot.chat.channels.web.settings import WebSettings
from xpressbot.chat.flows.script import Choices, On, Option, Script, Starts, Topic
from xpressbot.chat.tables import CONTACT

# What people and bots write is in no language of ours: in brackets, it passes for a text that was looked up.
_ASKS = Choices("c1", "[Which one?]", (Option("o1", "[This one]"), Option("o2", "[Another one]")))
_SCRIPT = Script("[Bot]", "en", (Topic("t1", "[Topic]", Starts(On.FIRST_MESSAGE), (_ASKS,)),))
_SETTINGS = {"name": "[Shop]", "greeting": "", "accent": "#ffd54f", "privacy_url": "https://example.com/privacy"}


def channels(walk: Walk, owner: Browser) -> None:
    """The list, empty and with channels; one channel on, off, set up badly, archived."""
    walk.get(owner, "/channels")
    walk.post(owner, "/channels", name="")
    chats = Chats(walk.installation.services, _SCRIPT)
    walk.post(owner, "/channels", name="[Help]", bot="0" * 32)
    walk.post(owner, "/channels", name="[Help]")
    path = f"/channels/{chats.channel_id}"
    walk.get(owner, "/channels", path, f"{path}/archive")
    for wrong in ({"name": ""}, {"greeting": "x" * 1001}, {"accent": "red"}, {"privacy_url": "http://example.com"}):
        walk.post(owner, f"{path}/settings", **(_SETTINGS | wrong))
    walk.post(owner, f"{path}/settings", **_SETTINGS)
    walk.post(owner, f"{path}/bot", bot="0" * 32)
    for switch in ("off", "on"):
        walk.post(owner, f"{path}/switch", switch=switch)
    _chat_page(walk, chats)
    walk.post(owner, f"{path}/archive")
    walk.get(owner, path, "/channels")


def _chat_page(walk: Walk, chats: Chats) -> None:
    visitor, path = walk.browser(), f"/chat/{channel_of(chats).public_id}"
    _send(walk, visitor, path, "")
    _send(walk, visitor, path, "x" * 4097)
    _send(walk, visitor, path, "x" * 70_000)
    first = _send(walk, visitor, path, "[Hello]")
    option = re.search(r'name="option" value="([^"]+)"', first.text)
    assert option is not None
    walk.get(walk.browser(), f"{path}?begun=1")
    walk.get(visitor, f"{path}?after=1", f"{path}?after=9", f"{path}?before=2", UNKNOWN)
    _busy(walk, chats, visitor, path)
    chats.store(chats.event("[Later]", _external_id(chats)))
    walk.get(visitor, path)
    for number in range(20):
        _send(walk, visitor, path, f"[{number}]")
    with chats.transactions.writing() as tx:
        tx.execute(update(CONTACT).values(blocked_at=1))
        tx.commit()
    walk.get(visitor, path)
    with chats.transactions.writing() as tx:
        tx.execute(update(CONTACT).values(blocked_at=None))
        tx.commit()
    kept = fields_of(visitor.get(path)) | {"text": "[Late]"}
    walk.see(f"POST {path}/forget", post(visitor, f"{path}/forget", {}), visitor)
    walk.see(f"POST {path} forgotten", post(visitor, path, kept), visitor)
    walk.installation.services.chat.channels.change_settings(ANNA, chats.channel_id, "[Shop]", WebSettings("[Welcome]"))
    walk.get(visitor, path)


def _busy(walk: Walk, chats: Chats, visitor: Browser, path: str) -> None:
    pool, fields = chats.services.pools.chat, fields_of(visitor.get(path)) | {"text": "[Busy]"}
    pool.inside += 1000
    walk.see(f"POST {path} busy", post(visitor, path, fields), visitor)
    pool.inside -= 1000


def _send(walk: Walk, visitor: Browser, path: str, text: str) -> httpx.Response:
    fields = fields_of(visitor.get(path)) | {"text": text}
    return walk.see(f"POST {path} {text[:20]}", post(visitor, path, fields), visitor)


def _external_id(chats: Chats) -> str:
    with chats.transactions.reading() as tx:
        found: str = tx.select(CONTACT.select().where(CONTACT.c.channel_id == chats.channel_id)).one().external_id
    return found
