"""Receiving: what a channel has parsed is durable before it is acknowledged."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from xpressbot.chat.conversations.event_store import EventToStore, KnownContact, add_contacts, add_events, contacts_of
from xpressbot.chat.conversations.events import MAX_EXTERNAL_ID_LENGTH, EventKind, NewEvent, is_storable, read_message_body
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions, Writing
from xpressbot.foundation.text import as_seen, normalise_line

MAX_NAME_LENGTH: Final = 100
"""Characters of a contact's name."""


@dataclass(frozen=True, slots=True)
class Received:
    """The event is stored. is_new: it was not stored before."""

    contact_id: str
    is_new: bool


class EventRefusal(StrEnum):
    """Why an event is not stored."""

    BLOCKED = "blocked"
    BROKEN = "broken"
    """It cannot be kept: an id without end, a NUL, a message without text. Sent again it would be the same."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of events, in their order, and how many of them were new."""

    outcomes: Sequence[Received | EventRefusal]
    new: int


class Receiving:
    """Stores events, and makes the contacts that they come from."""

    def __init__(self, transactions: Transactions, system: System, count: Callable[[int], object] = lambda _events: None) -> None:
        """count: takes how many messages were new, after each commit."""
        self._transactions = transactions
        self._system = system
        self._count = count

    def receive(self, channel_id: str, events: Sequence[NewEvent]) -> Sequence[Received | EventRefusal]:
        """Store the events of a channel in one commit; what became of each, in their order.

        An event that is there already is not stored again, and one that is refused harms no other. The events of one contact are
        handled in their order here.
        """
        with self._transactions.writing() as tx:
            stored = self.store(tx, channel_id, events)
            tx.commit()
        self.count(stored)
        return stored.outcomes

    def store(self, tx: Writing, channel_id: str, events: Sequence[NewEvent]) -> Stored:
        """The same within a transaction of the caller, who commits it and then calls `count`."""
        places = [i for i, event in enumerate(events) if _is_whole(event)]
        first = {events[i].external_id: i for i in reversed(places)}
        whole = [events[i] for i in sorted(first.values())]
        contacts = self._contacts(tx, channel_id, whole) if whole else {}
        new = add_events(tx, channel_id, self._to_store(whole, contacts))
        outcomes: list[Received | EventRefusal] = [EventRefusal.BROKEN] * len(events)
        for i in places:
            external_id = events[i].external_id
            contact = contacts[events[first[external_id]].contact]
            is_new = i == first[external_id] and external_id in new
            outcomes[i] = EventRefusal.BLOCKED if contact.is_blocked else Received(contact.id, is_new)
        return Stored(outcomes, len(new))

    def count(self, stored: Stored) -> None:
        """Add what is committed to the figures."""
        self._count(stored.new)

    def _contacts(self, tx: Writing, channel_id: str, events: Sequence[NewEvent]) -> Mapping[str, KnownContact]:
        """The contacts of events, of whom those are made that are not there.

        Looking first guards nothing: inserting one that is there would wait, on PostgreSQL, for whoever handles their lane. It is done
        again where one was removed in the same moment.
        """
        names = {event.contact: self._new_contact(event) for event in events}
        while len(found := contacts_of(tx, channel_id, names)) < len(names):
            missing = {external_id: name for external_id, name in names.items() if external_id not in found}
            add_contacts(tx, channel_id, missing, self._system.now())
        return found

    def _new_contact(self, event: NewEvent) -> tuple[str, str, str]:
        name = normalise_line(event.contact_name[:MAX_NAME_LENGTH], max_length=MAX_NAME_LENGTH) or ""
        return self._system.new_id(), name, as_seen(name)

    def _to_store(self, events: Collection[NewEvent], contacts: Mapping[str, KnownContact]) -> Sequence[EventToStore]:
        """Each a microsecond after the one before it, since their order is told from their times."""
        now = self._system.now()
        return [
            EventToStore(self._system.new_id(), event.external_id, contacts[event.contact].id, event.kind, event.body, now + i)
            for i, event in enumerate(events)
            if not contacts[event.contact].is_blocked
        ]


def _is_whole(event: NewEvent) -> bool:
    ids = (event.external_id, event.contact)
    if not all(0 < len(text) <= MAX_EXTERNAL_ID_LENGTH and is_storable(text) for text in ids) or event.kind is not EventKind.MESSAGE:
        return False
    try:
        read_message_body(event.body)
    except ValueError:
        return False
    return True
