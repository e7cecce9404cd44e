"""Chat's own record: who changed bots and channels, and who erased or blocked whom. It never holds what people wrote."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row, bindparam, insert, select

from xpressbot.chat.actor import Actor
from xpressbot.chat.tables import CHAT_RECORD
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import ReadTransactions, Writing
from xpressbot.foundation.database.unknown_enum_values import member_or_none

PAGE_SIZE: Final = 50
_ABOVE_ALL: Final = "g"
"""Follows every id, whose digits are hexadecimal, in every collation."""
_PAGE: Final = select(CHAT_RECORD).where(CHAT_RECORD.c.id < bindparam("before")).order_by(CHAT_RECORD.c.id.desc()).limit(PAGE_SIZE)


class RecordKind(StrEnum):
    """What was done."""

    BOT_MADE = "bot_made"
    BOT_RENAMED = "bot_renamed"
    BOT_PUBLISHED = "bot_published"
    BOT_ROLLED_BACK = "bot_rolled_back"
    BOT_IMPORTED = "bot_imported"
    BOT_ARCHIVED = "bot_archived"
    BOT_RESTORED = "bot_restored"
    CHANNEL_MADE = "channel_made"
    CHANNEL_CHANGED = "channel_changed"
    CHANNEL_ARCHIVED = "channel_archived"
    CONTACT_BLOCKED = "contact_blocked"
    CONTACT_UNBLOCKED = "contact_unblocked"
    CONTACT_ERASED = "contact_erased"


@dataclass(frozen=True, slots=True)
class RecordEntry:
    """One action as it was recorded. kind: None for one that a newer version recorded. subject: the id of the row it was done to."""

    id: str
    at: int
    by: Actor
    kind: RecordKind | None
    subject: str
    details: Mapping[str, str]


def record(tx: Writing, system: System, actor: Actor, kind: RecordKind, subject: str, **details: str) -> None:
    """Record an action in the transaction that does it.

    subject: the id of the row it was done to. details: names and numbers that explain it.
    """
    tx.execute(
        insert(CHAT_RECORD),
        {
            "id": system.new_id(),
            "at": system.now(),
            "actor_id": actor.id,
            "actor_name": actor.name,
            "kind": kind.value,
            "subject": subject,
            "details": json.dumps(details, sort_keys=True),
        },
    )


class ChatRecord:
    """Reads the record."""

    def __init__(self, transactions: ReadTransactions) -> None:
        self._transactions = transactions

    def page(self, before: str | None = None) -> Sequence[RecordEntry]:
        """The newest entries, at most PAGE_SIZE; older than the one with the id `before` where it is given."""
        with self._transactions.reading() as tx:
            return [_entry(row) for row in tx.select(_PAGE, {"before": _ABOVE_ALL if before is None else before}).all()]


def _entry(row: Row[Any]) -> RecordEntry:
    return RecordEntry(
        row.id, row.at, Actor(row.actor_id, row.actor_name), member_or_none(RecordKind, row.kind), row.subject, json.loads(row.details)
    )
