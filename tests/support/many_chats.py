"""Rows of many conversations, so that query plans are those of a database in which people have written for a long time."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from sqlalchemy import insert

from tests.support.chats import Chats
from xpressbot.chat.record import RecordKind
from xpressbot.chat.tables import CHAT_EVENT, CHAT_RECORD, CONTACT, CONVERSATION, MESSAGE
from xpressbot.foundation.database.engine import METADATA
from xpressbot.foundation.times import HOUR

Row = dict[str, Any]
MESSAGES_OF_EACH: Final = 4
_STATES: Final = {0: "waiting", 1: "person", 2: "bot", 3: "bot"}
"""Of fifty conversations, the last four; all others are closed."""


def add_chats(chats: Chats, numbers: Iterable[int]) -> None:
    """Write contacts of these numbers, each with a conversation, its messages and their events, and a line of the record."""
    made: dict[str, list[Row]] = {table.name: [] for table in (CONTACT, CONVERSATION, MESSAGE, CHAT_EVENT, CHAT_RECORD)}
    for number in numbers:
        for table, row in _rows(chats, number):
            made[table].append(row)
    with chats.services.database.write() as connection:
        for table, rows in made.items():
            connection.execute(insert(METADATA.tables[table]), rows)
        connection.commit()


def _rows(chats: Chats, number: int) -> Iterator[tuple[str, Row]]:
    now = chats.system.now() - number * HOUR // 10
    contact_id, conversation_id, state = chats.system.new_id(), chats.system.new_id(), _STATES.get(number % 50, "closed")
    of_bot = {"bot_id": chats.bot_id, "version": 1, "script_state": "{}"}
    yield (
        CONTACT.name,
        {
            "id": contact_id,
            "channel_id": chats.channel_id,
            "external_id": f"person-{number}",
            "name": f"Person {number}",
            "search": f"person {number}",
            "fields": "{}",
            "last_seq": MESSAGES_OF_EACH,
            "changed_at": now,
        },
    )
    yield (
        CONVERSATION.name,
        of_bot
        | {
            "id": conversation_id,
            "contact_id": contact_id,
            "state": state,
            "waiting_since": now if state == "waiting" else None,
            "stopped_step": "l1" if number % 100 == 0 else None,
            "due_at": now if number % 100 == 0 else None,
            "opened_at": now,
            "last_event_at": now,
            "last_message_at": now,
            "closed_at": now if state == "closed" else None,
        },
    )
    for seq in range(1, MESSAGES_OF_EACH + 1):
        is_customers = seq % 2 == 1
        common = {"contact_id": contact_id, "at": now}
        yield (
            MESSAGE.name,
            common
            | {
                "seq": seq,
                "conversation_id": conversation_id,
                "author": "customer" if is_customers else "bot",
                "text": f"What was written as number {seq} by person {number}, in some words.",
                "missed_by": chats.bot_id if is_customers and number % 20 == 0 else None,
            },
        )
        if is_customers:
            yield (
                CHAT_EVENT.name,
                {
                    "id": chats.system.new_id(),
                    "channel_id": chats.channel_id,
                    "external_id": f"event-{number}-{seq}",
                    "contact_id": contact_id,
                    "kind": "message",
                    "received_at": now,
                    "state": "failed" if number % 500 == 0 else "handled",
                },
            )
    yield (
        CHAT_RECORD.name,
        {
            "id": chats.system.new_id(),
            "at": now,
            "actor_name": "Anna Berg",
            "kind": RecordKind.CONTACT_BLOCKED.value,
            "subject": contact_id,
            "details": "{}",
        },
    )
