"""Statements over events, and over the contacts that an event makes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import Executable, bindparam, select, update

from xpressbot.chat.conversations.conversation import Conversation
from xpressbot.chat.conversations.events import EventKind, EventState
from xpressbot.chat.conversations.store import conversation_from
from xpressbot.chat.tables import CHAT_EVENT, CONTACT, CONVERSATION, IS_OPEN, IS_PENDING
from xpressbot.foundation.database.transaction import InsertOfDialect, Reading, Writing

_E, _C, _V = CHAT_EVENT.c, CONTACT.c, CONVERSATION.c
_HAS_PENDING: Final = select(_E.id).where(_E.contact_id == bindparam("contact"), IS_PENDING).limit(1)
_PENDING: Final = (
    select(_E.id.label("event_id"), _E.kind.label("event_kind"), _E.body.label("event_body"), _E.received_at, CONVERSATION)
    .select_from(CHAT_EVENT)
    .outerjoin(CONVERSATION, (_V.contact_id == _E.contact_id) & IS_OPEN)
    .where(_E.contact_id == bindparam("contact"), IS_PENDING)
    .order_by(_E.received_at, _E.id)
    .limit(bindparam("limit"))
)
# The key of the contact is kept from being removed; whoever holds the lane is not waited for.
_CONTACTS: Final = (
    select(_C.id, _C.external_id, _C.blocked_at)
    .where(_C.channel_id == bindparam("channel"), _C.external_id.in_(bindparam("external_ids", expanding=True)))
    .with_for_update(read=True, key_share=True)
)
_END: Final = (
    update(CHAT_EVENT).where(_E.id == bindparam("event")).values(state=bindparam("ended"), reference=bindparam("log_reference"), body=None)
)


@dataclass(frozen=True, slots=True)
class KnownContact:
    """A contact as whoever stores an event has to know it."""

    id: str
    is_blocked: bool


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """An event that is to be handled. kind and body: as they stand in its row."""

    id: str
    kind: str
    body: bytes | None
    received_at: int


@dataclass(frozen=True, slots=True)
class EventToStore:
    """An event with what its row is to hold."""

    id: str
    external_id: str
    contact_id: str
    kind: EventKind
    body: bytes
    received_at: int


def add_contacts(tx: Writing, channel_id: str, names: Mapping[str, tuple[str, str, str]], now: int) -> None:
    """Insert those contacts that are not there yet. names: by external id, a new id, the name, and as it is searched for.

    In the order of their keys, so that of two transactions with the same contacts one waits for the other, and neither for both.
    """
    rows = [
        {
            "id": new_id,
            "channel_id": channel_id,
            "external_id": external_id,
            "name": name,
            "search": search,
            "fields": "{}",
            "last_seq": 0,
            "changed_at": now,
        }
        for external_id, (new_id, name, search) in sorted(names.items())
    ]
    tx.execute(_new_contacts(tx.insert), rows)


def contacts_of(tx: Writing, channel_id: str, external_ids: Collection[str]) -> Mapping[str, KnownContact]:
    """The contacts of these external ids that are there; they stay until the transaction ends."""
    rows = tx.execute(_CONTACTS, {"channel": channel_id, "external_ids": list(external_ids)})
    return {row.external_id: KnownContact(row.id, row.blocked_at is not None) for row in rows}


def add_events(tx: Writing, channel_id: str, events: Sequence[EventToStore]) -> Collection[str]:
    """Insert those events that are not there yet, in the order of their keys; the external ids of those that were new."""
    if not events:
        return ()
    rows = [
        {
            "id": event.id,
            "channel_id": channel_id,
            "external_id": event.external_id,
            "contact_id": event.contact_id,
            "kind": event.kind.value,
            "body": event.body,
            "received_at": event.received_at,
            "state": EventState.PENDING.value,
        }
        for event in sorted(events, key=lambda event: event.external_id)
    ]
    return set(tx.execute(_new_events(tx.insert), rows).scalars())


@cache
def _new_contacts(insert: InsertOfDialect) -> Executable:
    return insert(CONTACT).on_conflict_do_nothing(index_elements=[_C.channel_id, _C.external_id])


@cache
def _new_events(insert: InsertOfDialect) -> Executable:
    return insert(CHAT_EVENT).on_conflict_do_nothing(index_elements=[_E.channel_id, _E.external_id]).returning(_E.external_id)


def has_pending(tx: Reading, contact_id: str) -> bool:
    """Whether an event of the contact is to be handled."""
    return tx.select(_HAS_PENDING, {"contact": contact_id}).first() is not None


def pending_events(tx: Reading, contact_id: str, limit: int) -> tuple[Sequence[PendingEvent], Conversation | None]:
    """The oldest events of a contact that are to be handled, and the conversation that is open before the first of them.

    The contact's row is locked: what another transaction has done under the lock is seen.
    """
    rows = tx.select(_PENDING, {"contact": contact_id, "limit": limit}).all()
    conversation = conversation_from(rows[0]) if rows and rows[0].id is not None else None
    return [PendingEvent(row.event_id, row.event_kind, row.event_body, row.received_at) for row in rows], conversation


def end_events(tx: Writing, ended: Mapping[str, str | None]) -> None:
    """Note that events are handled, and empty their bodies. Each with the reference of the log where it has failed."""
    rows: list[dict[str, Any]] = [
        {"event": event_id, "ended": (EventState.HANDLED if reference is None else EventState.FAILED).value, "log_reference": reference}
        for event_id, reference in ended.items()
    ]
    tx.execute(_END, rows)
