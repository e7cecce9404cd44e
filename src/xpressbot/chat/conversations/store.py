"""Statements over contacts, conversations and messages. What changes one of them holds the lock of its contact's row."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, bindparam, func, insert, select, update

from xpressbot.chat.actor import Actor
from xpressbot.chat.conversations.conversation import Author, Conversation, ConversationState, NewMessage
from xpressbot.chat.conversations.lane import LiveBot
from xpressbot.chat.scripts.events import OfferedOption
from xpressbot.chat.tables import BOT, CHANNEL, CONTACT, CONVERSATION, IS_OPEN, MESSAGE
from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.foundation.database.unknown_enum_values import member_or_none

HIGHEST_SEQ: Final = 2**31 - 1
"""The highest number that a message can have."""
_C, _V, _M = CONTACT.c, CONVERSATION.c, MESSAGE.c
_LOCK: Final = (
    select(CONTACT, BOT.c.id.label("bot_id"), BOT.c.live, BOT.c.restart_below)
    .join(CHANNEL, CHANNEL.c.id == _C.channel_id)
    .outerjoin(BOT, (BOT.c.id == CHANNEL.c.bot_id) & BOT.c.archived_at.is_(None) & BOT.c.live.is_not(None))
    .where(_C.id == bindparam("contact"))
)
# FOR UPDATE would make each insert of a row that refers to the contact wait at its foreign key.
_LOCK_AND_WAIT: Final = _LOCK.with_for_update(of=CONTACT, key_share=True)
_LOCK_OR_SKIP: Final = _LOCK.with_for_update(of=CONTACT, key_share=True, skip_locked=True)
_OPEN: Final = select(CONVERSATION).where(_V.contact_id == bindparam("contact"), IS_OPEN)
_CONVERSATION: Final = select(CONVERSATION).where(_V.id == bindparam("conversation"))
_OF_CLIENT: Final = select(_M.seq).where(_M.contact_id == bindparam("contact"), _M.client_id == bindparam("client"))
_BY_OTHERS: Final = (
    select(_M.seq)
    .where(
        _M.contact_id == bindparam("contact"),
        _M.seq > bindparam("after"),
        _M.author == Author.PERSON.value,
        func.coalesce(_M.author_id, "") != bindparam("actor"),
    )
    .limit(1)
)
_ADD_CONVERSATION: Final = insert(CONVERSATION)
_ADD_MESSAGE: Final = insert(MESSAGE)
_SAVE_CONVERSATION: Final = update(CONVERSATION).where(_V.id == bindparam("row"))
_SAVE_CONTACT: Final = update(CONTACT).where(_C.id == bindparam("row"))
_AFTER: Final = (
    select(MESSAGE).where(_M.contact_id == bindparam("contact"), _M.seq > bindparam("after")).order_by(_M.seq).limit(bindparam("limit"))
)
_BEFORE: Final = (
    select(MESSAGE)
    .where(_M.contact_id == bindparam("contact"), _M.seq < bindparam("before"))
    .order_by(_M.seq.desc())
    .limit(bindparam("limit"))
)


@dataclass(frozen=True, slots=True)
class Contact:
    """A person as one channel knows them.

    external_id: None once they were erased. fields: what scripts remember of them. last_seq: the number of their newest message.
    """

    id: str
    channel_id: str
    external_id: str | None
    name: str
    fields: Mapping[str, str]
    last_seq: int
    changed_at: int
    blocked_at: int | None
    erased_at: int | None


@dataclass(frozen=True, slots=True)
class Lane:
    """A contact whose row this transaction has locked. bot: that of its channel, if it has one that is published and in use."""

    contact: Contact
    bot: LiveBot | None


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it is kept. Numbers rise for each contact, across conversations; gaps may occur.

    author: None for one that a newer version wrote.
    """

    seq: int
    conversation_id: str
    author: Author | None
    author_name: str | None
    text: str
    options: tuple[OfferedOption, ...]
    at: int


def lock_lane(tx: Writing, contact_id: str, *, skip_locked: bool = False) -> Lane | None:
    """Lock a contact's row; None if there is none, or, with skip_locked, if another transaction has it.

    On SQLite the writing transaction itself is the lock.
    """
    row = tx.execute(_LOCK_OR_SKIP if skip_locked else _LOCK_AND_WAIT, {"contact": contact_id}).one_or_none()
    if row is None:
        return None
    bot = None if row.bot_id is None else LiveBot(row.bot_id, row.live, row.restart_below)
    return Lane(contact_from(row), bot)


def open_conversation(tx: Reading, contact_id: str) -> Conversation | None:
    """The conversation of a contact that is not closed, if there is one."""
    row = tx.select(_OPEN, {"contact": contact_id}).one_or_none()
    return None if row is None else conversation_from(row)


def add_conversations(tx: Writing, conversations: Sequence[Conversation]) -> None:
    """Insert conversations. The contact's row is locked, so that there is no second open one."""
    if conversations:
        tx.execute(_ADD_CONVERSATION, [_values(conversation) for conversation in conversations])


def find_conversation(tx: Reading, conversation_id: str) -> Conversation | None:
    """The conversation of this id."""
    row = tx.select(_CONVERSATION, {"conversation": conversation_id}).one_or_none()
    return None if row is None else conversation_from(row)


def lock_conversation(tx: Writing, conversation_id: str) -> tuple[Lane, Conversation] | None:
    """Lock the contact of a conversation, and read the conversation under that lock; None if there is none of this id."""
    found = find_conversation(tx, conversation_id)
    lane = None if found is None else lock_lane(tx, found.contact_id)
    locked = None if lane is None else find_conversation(tx, conversation_id)
    return None if lane is None or locked is None else (lane, locked)


def has_message_of(tx: Reading, contact_id: str, client_id: str) -> bool:
    """Whether the message that a form was sent with is there already."""
    return tx.select(_OF_CLIENT, {"contact": contact_id, "client": client_id}).first() is not None


def other_person_wrote(tx: Reading, contact_id: str, after: int, actor: Actor) -> bool:
    """Whether another member of the team than this one has written to the contact since that number."""
    return tx.select(_BY_OTHERS, {"contact": contact_id, "after": after, "actor": actor.id or ""}).first() is not None


def save_conversation(tx: Writing, conversation: Conversation) -> None:
    """Write what has become of a conversation."""
    tx.execute(_SAVE_CONVERSATION, _values(conversation) | {"row": conversation.id})


def add_messages(tx: Writing, lane: Lane, conversation_id: str, messages: Sequence[NewMessage]) -> int:
    """Insert messages in their order, with the contact's next numbers. Returns the last number, which save_contact is to be told."""
    return add_thread(tx, lane, [(conversation_id, message) for message in messages])


def add_thread(tx: Writing, lane: Lane, messages: Sequence[tuple[str, NewMessage]]) -> int:
    """The same for messages of several conversations of the contact, each with the id of its conversation."""
    rows = [
        {
            "contact_id": lane.contact.id,
            "seq": lane.contact.last_seq + i,
            "conversation_id": conversation_id,
            "author": message.author.value,
            "author_id": message.by.id if message.by else None,
            "author_name": message.by.name if message.by else None,
            "text": message.text,
            "options": json.dumps([[option.id, option.label] for option in message.options]) if message.options else None,
            "client_id": message.client_id,
            "missed_by": message.missed_by,
            "at": message.at,
        }
        for i, (conversation_id, message) in enumerate(messages, 1)
    ]
    if rows:
        tx.execute(_ADD_MESSAGE, rows)
    return lane.contact.last_seq + len(rows)


def save_contact(tx: Writing, lane: Lane, last_seq: int, now: int, fields: Mapping[str, str] | None = None) -> None:
    """Write the number of the contact's newest message, that it has changed, and what scripts remember where that is new."""
    values: dict[str, Any] = {"last_seq": last_seq, "changed_at": now}
    if fields is not None:
        values["fields"] = json.dumps(dict(fields))
    tx.execute(_SAVE_CONTACT, values | {"row": lane.contact.id})


def messages_after(tx: Reading, contact_id: str, seq: int, limit: int) -> Sequence[Message]:
    """The messages that follow a number, the oldest first."""
    return [message_from(row) for row in tx.select(_AFTER, {"contact": contact_id, "after": seq, "limit": limit})]


def messages_before(tx: Reading, contact_id: str, seq: int, limit: int) -> Sequence[Message]:
    """The newest messages below a number, the oldest first."""
    rows = tx.select(_BEFORE, {"contact": contact_id, "before": seq, "limit": limit}).all()
    return [message_from(row) for row in reversed(rows)]


def contact_from(row: Row[Any]) -> Contact:
    """Read a contact from a row with its columns."""
    return Contact(
        row.id,
        row.channel_id,
        row.external_id,
        row.name,
        json.loads(row.fields),
        row.last_seq,
        row.changed_at,
        row.blocked_at,
        row.erased_at,
    )


def conversation_from(row: Row[Any]) -> Conversation:
    """Read a conversation from a row with its columns. In a state that a newer version wrote, a person is to look at it."""
    return Conversation(
        id=row.id,
        contact_id=row.contact_id,
        state=member_or_none(ConversationState, row.state) or ConversationState.WAITING,
        opened_at=row.opened_at,
        last_event_at=row.last_event_at,
        last_message_at=row.last_message_at,
        owner=None if row.owner_name is None else Actor(row.owner_id, row.owner_name),
        waiting_since=row.waiting_since,
        bot_id=row.bot_id,
        version=row.version,
        script_state=row.script_state,
        note=row.note,
        stopped_step=row.stopped_step,
        due_at=row.due_at,
        closed_at=row.closed_at,
    )


def message_from(row: Row[Any]) -> Message:
    """Read a message from a row with its columns."""
    options = tuple(OfferedOption(option, label) for option, label in json.loads(row.options or "[]"))
    return Message(row.seq, row.conversation_id, member_or_none(Author, row.author), row.author_name, row.text, options, row.at)


def _values(conversation: Conversation) -> dict[str, Any]:
    owner = conversation.owner
    return {
        "id": conversation.id,
        "contact_id": conversation.contact_id,
        "state": conversation.state.value,
        "owner_id": owner.id if owner else None,
        "owner_name": owner.name if owner else None,
        "waiting_since": conversation.waiting_since,
        "bot_id": conversation.bot_id,
        "version": conversation.version,
        "script_state": conversation.script_state,
        "note": conversation.note,
        "stopped_step": conversation.stopped_step,
        "due_at": conversation.due_at,
        "opened_at": conversation.opened_at,
        "last_event_at": conversation.last_event_at,
        "last_message_at": conversation.last_message_at,
        "closed_at": conversation.closed_at,
    }
