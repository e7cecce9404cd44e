"""The inbox: who waits for a person and since when, and the thread of one conversation. Reads only."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import BigInteger, Row, String, and_, bindparam, func, select, tuple_

from xpressbot.chat.actor import Actor
from xpressbot.chat.conversations.conversation import Author, Conversation
from xpressbot.chat.conversations.store import HIGHEST_SEQ, Contact, Message, contact_from, conversation_from, messages_before
from xpressbot.chat.tables import BOT, CHANNEL, CONTACT, CONVERSATION, IS_FOR_A_PERSON, MESSAGE
from xpressbot.foundation.database.transaction import Reading, ReadTransactions
from xpressbot.foundation.database.unknown_enum_values import member_or_none

CONVERSATIONS_ON_A_PAGE: Final = 25
MESSAGES_ON_A_PAGE: Final = 50
_V: Final = CONVERSATION.c
_KEY: Final = tuple_(bindparam("at", type_=BigInteger), bindparam("id", type_=String))
_LISTED: Final = (
    select(
        CONVERSATION,
        CONTACT.c.name.label("contact_name"),
        CONTACT.c.fields.label("contact_fields"),
        CONTACT.c.erased_at,
        CONTACT.c.blocked_at,
        CHANNEL.c.name.label("channel_name"),
        MESSAGE.c.text.label("last_text"),
        MESSAGE.c.author.label("last_author"),
        MESSAGE.c.author_id.label("last_author_id"),
        MESSAGE.c.author_name.label("last_author_name"),
    )
    .join(CONTACT, CONTACT.c.id == _V.contact_id)
    .join(CHANNEL, CHANNEL.c.id == CONTACT.c.channel_id)
    .outerjoin(MESSAGE, and_(MESSAGE.c.contact_id == _V.contact_id, MESSAGE.c.seq == CONTACT.c.last_seq))
    .limit(bindparam("limit"))
)
_WAITING: Final = _LISTED.where(IS_FOR_A_PERSON).where(tuple_(_V.waiting_since, _V.id) > _KEY).order_by(_V.waiting_since, _V.id)
_NEWEST: Final = _LISTED.where(tuple_(_V.last_message_at, _V.id) < _KEY).order_by(_V.last_message_at.desc(), _V.id.desc())
_OF_STATE: Final = _NEWEST.where(_V.state == bindparam("state"))
COUNT_WAITING: Final = select(func.count()).select_from(CONVERSATION).where(IS_FOR_A_PERSON)
_THREAD: Final = (
    select(
        CONTACT,
        CHANNEL.c.name.label("channel_name"),
        BOT.c.name.label("bot_name"),
        and_(BOT.c.live.is_not(None), BOT.c.archived_at.is_(None)).label("can_hand_back"),
    )
    .join(CHANNEL, CHANNEL.c.id == CONTACT.c.channel_id)
    .outerjoin(BOT, BOT.c.id == CHANNEL.c.bot_id)
    .where(CONTACT.c.id == bindparam("contact"))
)
_CONVERSATION: Final = select(CONVERSATION).where(_V.id == bindparam("conversation"))
_CONTACT: Final = select(CONTACT).where(CONTACT.c.id == bindparam("contact"))
_NEWEST_OF: Final = (
    select(MESSAGE.c.conversation_id).where(MESSAGE.c.contact_id == bindparam("contact")).order_by(MESSAGE.c.seq.desc()).limit(1)
)
_LATEST: Final = 2**62
"""A time later than all that are stored."""


class InboxList(StrEnum):
    """Which conversations are listed."""

    WAITING = "waiting"
    """Those in which somebody waits for a person, the longest wait first; all others have the newest message first."""
    PERSON = "person"
    BOT = "bot"
    CLOSED = "closed"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class PageKey:
    """After which conversation a page begins: its time in the order of the list, and its id."""

    at: int
    id: str


@dataclass(frozen=True, slots=True)
class ListedConversation:
    """A conversation in the list. last_text: of the contact's newest message; None where there is none yet.

    last_author: customer, bot or member; None without a message, and for an author that only a newer version knows. last_by: the member.
    """

    conversation: Conversation
    contact_name: str
    fields: Mapping[str, str]
    is_erased: bool
    is_blocked: bool
    channel_name: str
    last_text: str | None
    last_author: Author | None
    last_by: Actor | None


@dataclass(frozen=True, slots=True)
class InboxPage:
    """One page of a list. following: where the next one begins; None at the end.

    waiting: in how many conversations somebody waits for a person.
    """

    listed: Sequence[ListedConversation]
    following: PageKey | None
    waiting: int


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation with what was said, of this contact's other conversations too.

    bot_name: of the channel's bot. older: the number that older messages are below; None where there are none.
    """

    conversation: Conversation
    contact: Contact
    channel_name: str
    bot_name: str | None
    can_hand_back: bool
    messages: Sequence[Message]
    older: int | None


class Inbox:
    """Reads what the inbox shows. The number of statements does not grow with what is stored."""

    def __init__(self, transactions: ReadTransactions) -> None:
        self._transactions = transactions

    def page(self, chosen: InboxList, after: PageKey | None = None) -> InboxPage:
        """The conversations of a list that follow a key, and how many wait: two statements."""
        with self._transactions.reading() as tx:
            listed = _page(tx, chosen, after)
            waiting = tx.select(COUNT_WAITING).scalar_one()
        shown, is_more = listed[:CONVERSATIONS_ON_A_PAGE], len(listed) > CONVERSATIONS_ON_A_PAGE
        return InboxPage(shown, _key(chosen, shown[-1].conversation) if is_more else None, waiting)

    def contact(self, contact_id: str) -> Contact | None:
        """The person of this id."""
        with self._transactions.reading() as tx:
            row = tx.select(_CONTACT, {"contact": contact_id}).one_or_none()
            return None if row is None else contact_from(row)

    def latest_conversation(self, contact_id: str) -> str | None:
        """The id of a person's newest conversation."""
        with self._transactions.reading() as tx:
            found: str | None = tx.select(_NEWEST_OF, {"contact": contact_id}).scalar_one_or_none()
            return found

    def thread(self, conversation_id: str, before: int | None = None) -> Thread | None:
        """A conversation with the newest messages, or with those below a number; None if there is none of this id."""
        with self._transactions.reading() as tx:
            row = tx.select(_CONVERSATION, {"conversation": conversation_id}).one_or_none()
            if row is None:
                return None
            conversation = conversation_from(row)
            found = tx.select(_THREAD, {"contact": conversation.contact_id}).one()
            messages = messages_before(tx, conversation.contact_id, HIGHEST_SEQ if before is None else before, MESSAGES_ON_A_PAGE + 1)
        shown, is_more = messages[-MESSAGES_ON_A_PAGE:], len(messages) > MESSAGES_ON_A_PAGE
        return Thread(
            conversation,
            contact_from(found),
            found.channel_name,
            found.bot_name,
            can_hand_back=bool(found.can_hand_back),
            messages=shown,
            older=shown[0].seq if is_more else None,
        )


def _page(tx: Reading, chosen: InboxList, after: PageKey | None) -> Sequence[ListedConversation]:
    limit = {"limit": CONVERSATIONS_ON_A_PAGE + 1}
    match chosen:
        case InboxList.WAITING:
            rows = tx.select(_WAITING, limit | {"at": after.at if after else 0, "id": after.id if after else ""})
        case InboxList.ALL:
            rows = tx.select(_NEWEST, limit | {"at": after.at if after else _LATEST, "id": after.id if after else ""})
        case InboxList.PERSON | InboxList.BOT | InboxList.CLOSED:
            key = {"at": after.at if after else _LATEST, "id": after.id if after else ""}
            rows = tx.select(_OF_STATE, limit | key | {"state": chosen.value})
    return [_listed(row) for row in rows.all()]


def _key(chosen: InboxList, conversation: Conversation) -> PageKey:
    at = conversation.waiting_since if chosen is InboxList.WAITING else None
    return PageKey(conversation.last_message_at if at is None else at, conversation.id)


def _listed(row: Row[Any]) -> ListedConversation:
    return ListedConversation(
        conversation_from(row),
        row.contact_name,
        json.loads(row.contact_fields),
        row.erased_at is not None,
        row.blocked_at is not None,
        row.channel_name,
        row.last_text,
        member_or_none(Author, row.last_author or ""),
        None if row.last_author_name is None else Actor(row.last_author_id, row.last_author_name),
    )
