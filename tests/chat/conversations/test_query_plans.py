"""Every statement of receiving, answering and sweeping finds its rows by an index, however many there are."""

from typing import Any

from sqlalchemy import insert

from tests.database.test_query_plans import recorded, scans
from tests.support.chats import Chats
from tests.support.installation import Installation
from tests.support.shop_script import SHOP
from xpressbot.chat.conversations.conversation import Author, ConversationState
from xpressbot.chat.conversations.events import EventKind, EventState
from xpressbot.chat.tables import CHAT_EVENT, CONTACT, CONVERSATION, MESSAGE
from xpressbot.foundation.identifiers import identifier
from xpressbot.foundation.times import DAY

PEOPLE = 3000
OF_ONE_ROW = {"bot", "channel"}


def test_no_statement_of_a_conversation_reads_a_whole_table(installation: Installation) -> None:
    """Recorded while people write and a worker sweeps, among thousands of rows, and explained by the engine."""
    chats = Chats(installation.services, SHOP)
    chats.write("person")
    add_people(chats)
    installation.clock.advance(minutes=5)
    with recorded(installation) as statements:
        chats.services.chat.sweeping.next_round()
        for text in ("hours", "bye", "order"):
            (received,) = chats.store(chats.event(text, contact="luis"))
            assert installation.services.chat.answering.drain(received.contact_id)
        chats.store(chats.event("hours", contact="mia"))
        installation.clock.advance(hours=7 * 24)
        chats.services.chat.sweeping.next_round()
        chats.services.chat.sweeping.backlog()
    found = {(table, statement) for table, statement in scans(installation, statements) if table not in OF_ONE_ROW}
    assert not found, "\n\n".join(f"{table} is read whole by:\n{statement}" for table, statement in sorted(found))


def add_people(chats: Chats) -> None:
    """Each with a conversation that is closed, one that a person has, a message and a handled event."""
    now, random = chats.system.now(), chats.services.entropy.token_bytes
    ids = [identifier(now - DAY, random(10)) for _person in range(PEOPLE)]
    closed: dict[str, Any] = {"opened_at": 1, "last_event_at": 1, "last_message_at": 1, "closed_at": 1}
    open_ = {"opened_at": now, "last_event_at": now, "last_message_at": now, "closed_at": None}
    with chats.transactions.writing() as tx:
        contact = {"channel_id": chats.channel_id, "name": "", "search": "", "fields": "{}", "last_seq": 1, "changed_at": now}
        tx.execute(insert(CONTACT), [contact | {"id": each, "external_id": each} for each in ids])
        rows = [closed | {"id": each, "contact_id": each, "state": ConversationState.CLOSED} for each in ids]
        rows += [open_ | {"id": each[::-1], "contact_id": each, "state": ConversationState.PERSON} for each in ids]
        tx.execute(insert(CONVERSATION), rows)
        message = {"seq": 1, "author": Author.CUSTOMER, "text": "Hello", "at": now}
        tx.execute(insert(MESSAGE), [message | {"contact_id": each, "conversation_id": each} for each in ids])
        event = {"channel_id": chats.channel_id, "kind": EventKind.MESSAGE, "received_at": now, "state": EventState.HANDLED}
        tx.execute(insert(CHAT_EVENT), [event | {"id": each, "external_id": each, "contact_id": each} for each in ids])
        tx.commit()
