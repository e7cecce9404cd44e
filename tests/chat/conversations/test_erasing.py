"""Erasing a person while a message of theirs comes in."""

from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text

from tests.support.chats import Chats
from tests.support.engine_events import listening
from xpressbot.chat.actor import Actor
from xpressbot.chat.conversations.contacts import ContactRefusal
from xpressbot.chat.conversations.receiving import Received
from xpressbot.chat.tables import CHAT_EVENT, CONTACT, MESSAGE

ADA = Actor("a" * 32, "Ada")
WAITING = select(func.count()).select_from(text("pg_locks WHERE NOT granted"))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_comes_in_while_a_person_is_erased_is_erased_too(shop: Chats) -> None:
    """The message is being stored when the person is erased: neither an event nor a text of it is left with them."""
    assert shop.write("hours") != []
    contact_id = shop.contact_id()
    shop.services.chat.answering.drain(contact_id)
    erased: list[Future[ContactRefusal | None]] = []

    def erase(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("SELECT contact.id, contact.external_id") and not erased:
            erased.append(elsewhere.submit(shop.services.chat.contacts.erase, ADA, contact_id))
            with shop.transactions.reading() as other:
                while other.select(WAITING).scalar_one() == 0:
                    assert not erased[0].done()

    with ThreadPoolExecutor(1) as elsewhere:
        with listening(shop.services.database, "after_cursor_execute", erase):
            (received,) = shop.services.chat.receiving.receive(shop.channel_id, [shop.event("my secret")])
        assert erased[0].result(timeout=60) is None
    assert isinstance(received, Received)
    assert shop.services.chat.answering.drain(received.contact_id)

    with shop.transactions.reading() as tx:
        assert tx.select(select(CONTACT.c.id).where(CONTACT.c.erased_at.is_not(None))).scalars().all() == [contact_id]
        assert tx.select(select(CHAT_EVENT.c.state).where(CHAT_EVENT.c.contact_id == contact_id)).all() == []
        assert set(tx.select(select(MESSAGE.c.text).where(MESSAGE.c.contact_id == contact_id)).scalars()) == {""}
