"""Statements of chat pages: who a visitor is to a channel, and what of theirs is not in the thread yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, select

from xpressbot.chat.conversations.events import EventKind
from xpressbot.chat.tables import CHAT_EVENT, CONTACT, IS_PENDING
from xpressbot.foundation.database.transaction import Reading

_C, _E = CONTACT.c, CHAT_EVENT.c
_VISITOR: Final = select(_C.id, _C.blocked_at).where(_C.channel_id == bindparam("channel"), _C.external_id == bindparam("external"))
_PENDING: Final = (
    select(_E.body, _E.received_at)
    .where(_E.contact_id == bindparam("contact"), _E.kind == EventKind.MESSAGE.value, IS_PENDING)
    .order_by(_E.received_at, _E.id)
    .limit(bindparam("limit"))
)


@dataclass(frozen=True, slots=True)
class Visitor:
    """The contact that a browser's token belongs to."""

    contact_id: str
    is_blocked: bool


@dataclass(frozen=True, slots=True)
class Unhandled:
    """A message that is stored, and that the lane has not handled yet."""

    body: bytes
    at: int


def find_visitor(tx: Reading, channel_id: str, external_id: str) -> Visitor | None:
    """The contact of this external id on this channel; None before its first message, and after it was erased."""
    row = tx.select(_VISITOR, {"channel": channel_id, "external": external_id}).one_or_none()
    return None if row is None else Visitor(row.id, row.blocked_at is not None)


def unhandled_messages(tx: Reading, contact_id: str, limit: int) -> Sequence[Unhandled]:
    """The oldest messages of a contact that are stored and not handled."""
    rows = tx.select(_PENDING, {"contact": contact_id, "limit": limit})
    return [Unhandled(row.body, row.received_at) for row in rows if row.body is not None]
