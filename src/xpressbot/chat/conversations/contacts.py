"""People who write: blocking them at the door, and erasing what is kept of them."""

from enum import StrEnum

from sqlalchemy import bindparam, delete, update

from xpressbot.chat.actor import Actor
from xpressbot.chat.conversations.store import Lane, lock_lane, open_conversation, save_conversation
from xpressbot.chat.record import RecordKind, record
from xpressbot.chat.tables import CHAT_EVENT, CONTACT, CONVERSATION, MESSAGE
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions, Writing

_SAVE = update(CONTACT).where(CONTACT.c.id == bindparam("contact"))
_FORGET_TEXTS = update(MESSAGE).where(MESSAGE.c.contact_id == bindparam("contact"))
_FORGET_STATES = update(CONVERSATION).where(CONVERSATION.c.contact_id == bindparam("contact"))
_FORGET_EVENTS = delete(CHAT_EVENT).where(CHAT_EVENT.c.contact_id == bindparam("contact"))


class ContactRefusal(StrEnum):
    """Why nothing was done about a person."""

    NO_SUCH_CONTACT = "no_such_contact"
    CONTACT_ERASED = "contact_erased"


class Contacts:
    """Blocks and erases. Each is recorded in chat's own record."""

    def __init__(self, transactions: Transactions, system: System) -> None:
        self._transactions = transactions
        self._system = system

    def block(self, actor: Actor, contact_id: str) -> ContactRefusal | None:
        """Close the open conversation, and refuse what the person writes from now on: it is not stored."""
        with self._transactions.writing() as tx:
            lane = lock_lane(tx, contact_id)
            refusal = _refusal(lane)
            if lane is None or refusal is not None:
                return refusal
            if lane.contact.blocked_at is None:
                now = self._system.now()
                _close_open(tx, contact_id, now)
                tx.execute(_SAVE, {"contact": contact_id, "blocked_at": now, "changed_at": now})
                record(tx, self._system, actor, RecordKind.CONTACT_BLOCKED, contact_id)
                tx.commit()
            return None

    def unblock(self, actor: Actor, contact_id: str) -> ContactRefusal | None:
        """Let the person write again."""
        with self._transactions.writing() as tx:
            lane = lock_lane(tx, contact_id)
            refusal = _refusal(lane)
            if lane is None or refusal is not None:
                return refusal
            if lane.contact.blocked_at is not None:
                tx.execute(_SAVE, {"contact": contact_id, "blocked_at": None, "changed_at": self._system.now()})
                record(tx, self._system, actor, RecordKind.CONTACT_UNBLOCKED, contact_id)
                tx.commit()
            return None

    def erase(self, actor: Actor, contact_id: str) -> ContactRefusal | None:
        """Remove what the person wrote and was told, their name, and how the channel knows them. How many messages there were stays.

        Whoever writes from the same browser later is a new person. A person who is blocked is so no more: nothing is left to know
        them by.
        """
        with self._transactions.writing() as tx:
            lane = lock_lane(tx, contact_id)
            if lane is None:
                return ContactRefusal.NO_SUCH_CONTACT
            if lane.contact.erased_at is None:
                now, of_contact = self._system.now(), {"contact": contact_id}
                _close_open(tx, contact_id, now)
                # First: it waits for whoever stores an event of this person, which is removed below. Who comes later makes a new person.
                tx.execute(
                    _SAVE,
                    of_contact
                    | {
                        "external_id": None,
                        "name": "",
                        "search": "",
                        "fields": "{}",
                        "blocked_at": None,
                        "erased_at": now,
                        "changed_at": now,
                    },
                )
                tx.execute(_FORGET_TEXTS, of_contact | {"text": "", "options": None, "missed_by": None})
                tx.execute(_FORGET_STATES, of_contact | {"script_state": None, "note": None})
                tx.execute(_FORGET_EVENTS, of_contact)
                record(tx, self._system, actor, RecordKind.CONTACT_ERASED, contact_id)
                tx.commit()
            return None


def _refusal(lane: Lane | None) -> ContactRefusal | None:
    if lane is None:
        return ContactRefusal.NO_SUCH_CONTACT
    return None if lane.contact.erased_at is None else ContactRefusal.CONTACT_ERASED


def _close_open(tx: Writing, contact_id: str, now: int) -> None:
    conversation = open_conversation(tx, contact_id)
    if conversation is not None:
        save_conversation(tx, conversation.closed(now))
