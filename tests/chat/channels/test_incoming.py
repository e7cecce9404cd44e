"""A platform's requests: nothing of a forged one is looked at, all of a genuine one is stored, and broken items harm no other."""

from typing import Any

import pytest
from sqlalchemy import func, select

from tests.chat.channels.toy import SETTINGS, TOY, Delivery, delivery, item, signature
from tests.support.chats import Chats
from xpressbot.chat.channels.incoming import IncomingRefusal, TakenIn
from xpressbot.chat.conversations.conversation import Author
from xpressbot.chat.tables import CHAT_EVENT

BROKEN: list[Any] = [
    item("no-text") | {"text": ""},
    item("nul") | {"text": "a\0b"},
    item("surrogate") | {"text": "a\ud800b"},
    "not an item",
    {"id": "toy-without-sender", "text": "hours"},
]


def take_in(chats: Chats, sent: Delivery, settings: str = SETTINGS) -> TakenIn | IncomingRefusal:
    assert TOY.webhook is not None
    return chats.services.chat.incoming.store(TOY.webhook, chats.channel_id, settings, sent.headers, sent.body)


def stored(chats: Chats) -> int:
    with chats.transactions.reading() as tx:
        count: int = tx.select(select(func.count()).select_from(CHAT_EVENT)).scalar_one()
        return count


def test_of_a_thousand_items_with_five_broken_ones_995_are_stored_and_answered(shop: Chats) -> None:
    """Wherever the broken ones stand; sent again, nothing is new."""
    items: list[Any] = [item(number, contact=f"person-{number % 10}") for number in range(995)]
    for place, broken in zip((0, 1, 500, 998, 999), BROKEN, strict=True):
        items.insert(place, broken)
    taken_in = take_in(shop, delivery(items))
    assert isinstance(taken_in, TakenIn)
    assert (len(taken_in.contacts), taken_in.broken, stored(shop)) == (10, 5, 995)

    shop.services.chat.incoming.answer(taken_in)
    threads = [shop.thread(contact_id) for contact_id in taken_in.contacts]
    assert sum(len(thread) for thread in threads) == 2 * 995
    assert all(message.author is (Author.CUSTOMER, Author.BOT)[i % 2] for thread in threads for i, message in enumerate(thread))
    assert take_in(shop, delivery(items)) == TakenIn((), 5)


@pytest.mark.parametrize("bad", [b"", b"{}", b'{"items": 7}', b"\xff", b"[" * 10_000])
def test_a_body_that_is_none_has_no_events(shop: Chats, bad: bytes) -> None:
    """It was signed by the platform: it is acknowledged, and counted as broken."""
    taken_in = take_in(shop, Delivery({"x-toy-signature": signature(bad)}, bad))
    assert isinstance(taken_in, TakenIn)
    assert taken_in.contacts == ()


def test_what_the_platform_has_not_signed_leaves_no_row(shop: Chats) -> None:
    """Without a signature, with another body's, with another secret's; and a channel without a secret takes nothing."""
    sent = delivery([item(1)])
    other = delivery([item(2)])
    for forged in (
        Delivery({}, sent.body),
        Delivery(other.headers, sent.body),
        Delivery({"x-toy-signature": signature(sent.body, "guess")}, sent.body),
    ):
        assert take_in(shop, forged) is IncomingRefusal.NOT_GENUINE
    assert take_in(shop, sent, settings="{}") is IncomingRefusal.NOT_GENUINE
    assert stored(shop) == 0
