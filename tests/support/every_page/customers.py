"""Channels, and the pages on which customers write. What bots and customers say there stands in brackets, as texts of the page do."""

import re

from tests.support import people
from tests.support.actors import ANNA
from tests.support.browser import Browser
from tests.support.chats import Chats
from tests.support.customers import SEND, UNKNOWN, channel_of, fields_of, post
from tests.support.every_page.walk import Walk
from tests.support.scripts import phrases
from xpressbot.chat.channels.web.settings import WebSettings
from xpressbot.chat.scripts.script import Choices, HandOver, On, Option, Say, Script, Starts, Topic
from xpressbot.identity.accounts.rules.roles import Role

SHOP = Script(
    "[Shop]",
    "en",
    (
        Topic(
            "menu",
            "Menu",
            phrases("menu"),
            (Choices("m1", "[Which one?]", (Option("rye", "[Rye]", (Say("m2", "[Rye it is.]"),)), Option("oat", "[Oat]"))),),
        ),
        Topic("person", "Person", phrases("person"), (HandOver("p1", "[I call somebody.]", "[Wants bread]"),)),
        Topic("else", "Else", Starts(On.NOTHING_MATCHED), (Say("e1", "[Say menu.]"),)),
    ),
)


def every_channel(walk: Walk) -> None:
    """The list without and with channels, a channel on, off and without a bot, each form filled in badly, an archived one."""
    services = walk.installation.services
    owner = walk.holding(people.signed_in(services, "selma@example.com", role=Role.OWNER))
    walk.get(owner, "/channels", f"/channels/{'f' * 32}")
    chats = Chats(services, SHOP)
    for fields in ({"name": ""}, {"name": "[Shop]", "bot": "x"}, {"name": "[Shop]"}, {"name": "[Shop]", "bot": chats.bot_id or ""}):
        walk.post(owner, "/channels", **fields)
    services.chat.channels.change_settings(ANNA, chats.channel_id, "[Shop]", WebSettings())
    path = f"/channels/{chats.channel_id}"
    walk.get(owner, "/channels", path, f"{path}/archive")
    settings = {"name": "[Bakery]", "greeting": "[Welcome!]", "accent": "#ffd54f", "privacy_url": "https://example.com/privacy"}
    for wrong in ({"name": ""}, {"greeting": "x" * 5000}, {"accent": "red"}, {"privacy_url": "http://example.com"}, {}):
        walk.post(owner, f"{path}/settings", **{**settings, **wrong})
    for bot in ("x", "", chats.bot_id or ""):
        walk.post(owner, f"{path}/bot", bot=bot)
    for switch in ("x", "off"):
        walk.post(owner, f"{path}/switch", switch=switch)
    page = f"/chat/{channel_of(chats).public_id}"
    walk.get(walk.browser(), page, UNKNOWN)
    walk.post(owner, f"{path}/switch", switch="on")
    _customer(walk, page)
    _blocked(walk, chats, page)
    walk.post(owner, f"{path}/archive")
    walk.get(owner, path, page)


def _customer(walk: Walk, page: str) -> None:
    """Nothing written; refused texts; a question and its answer; a person who is waited for; too much; forgotten."""
    customer = walk.browser()
    walk.get(customer, page, f"{page}?begun=1", f"{page}/theme.css")
    for text in ("", f"[{'x' * 5000}]", "[menu]"):
        _send(walk, customer, page, text)
    _choose(walk, customer, page)
    for text in ("[hello]", "[person]"):
        _send(walk, customer, page, text)
    walk.get(customer, f"{page}?after=99", f"{page}?after=1", f"{page}?before=3")
    walk.see(f"POST {page}", post(customer, page, {"send": "x", "text": "[hello]"}), customer)
    forgetful = walk.browser()
    walk.see(f"POST {page}", post(forgetful, page, {"send": SEND, "text": "[hello]", "visitor": ""}), forgetful)
    for _message in range(20):
        post(customer, page, fields_of(customer.get(page)) | {"text": "[hello]"})
    _send(walk, customer, page, "[hello]")
    walk.see(f"POST {page}/forget", post(customer, f"{page}/forget", {}), customer)


def _blocked(walk: Walk, chats: Chats, page: str) -> None:
    """Who is blocked reads that the chat is closed."""
    customer = walk.browser()
    walk.installation.clock.advance(minutes=2)
    fields = fields_of(customer.get(page))
    post(customer, page, fields | {"text": "[hello]"})
    newest = chats.conversations()[-1].contact_id
    chats.services.chat.contacts.block(ANNA, newest)
    walk.get(customer, page)
    walk.see(f"POST {page}", post(customer, page, fields | {"text": "[hello again]"}), customer)


def _send(walk: Walk, customer: Browser, page: str, text: str) -> None:
    fields = fields_of(customer.get(page)) | {"text": text}
    walk.see(f"POST {page} {text[:20]}", post(customer, page, fields), customer)


def _choose(walk: Walk, customer: Browser, page: str) -> None:
    """Press a button of the bot's question, then one that there is not."""
    shown = customer.get(page)
    option = re.findall(r'name="option" value="([^"]+)"', shown.text)[0]
    for value in (option, "x"):
        walk.see(f"POST {page} {value}", post(customer, page, fields_of(shown) | {"option": value}), customer)
