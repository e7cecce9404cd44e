"""The sweep: what no request will finish. Events that a process left behind, timers, and conversations that have ended by themselves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog
from sqlalchemy import Select, bindparam, func, or_, select

from xpressbot.chat.conversations.answering import Answering
from xpressbot.chat.conversations.conversation import Conversation
from xpressbot.chat.conversations.event_store import EventToStore, add_events
from xpressbot.chat.conversations.events import EventKind, timer_body
from xpressbot.chat.conversations.store import Lane, lock_lane, open_conversation, save_contact, save_conversation
from xpressbot.chat.tables import CHAT_EVENT, CONVERSATION, IS_OPEN, IS_PENDING, IS_TIMED
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.engine import UNAVAILABLE
from xpressbot.foundation.database.transaction import Transactions, Writing
from xpressbot.foundation.times import DAY, SECOND, latest_credible

LEFT_BEHIND_AFTER: Final = 2 * SECOND
"""So old is a pending event that whoever stored it has been interrupted, or waits for the lane's holder, who will look again."""
CLOSED_AFTER: Final = 7 * DAY
"""A conversation is closed so long after its last message."""
MOST_IN_A_ROUND: Final = 20
"""Of each kind. Customers' messages wait for a round that runs."""
_E, _V = CHAT_EVENT.c, CONVERSATION.c
_LEFT_BEHIND: Final = (
    select(_E.contact_id)
    .distinct()
    .where(IS_PENDING, _E.contact_id > bindparam("after"))
    # Also what a clock that was ahead has stored: it would wait until that time has come.
    .where(or_(_E.received_at <= bindparam("by"), _E.received_at > bindparam("credible")))
    .order_by(_E.contact_id)
    .limit(MOST_IN_A_ROUND)
)
_DUE: Final = select(_V.contact_id).where(IS_TIMED, _V.due_at <= bindparam("by")).order_by(_V.due_at).limit(MOST_IN_A_ROUND)
_IDLE: Final = (
    select(_V.contact_id).where(IS_OPEN, _V.last_message_at <= bindparam("by")).order_by(_V.last_message_at).limit(MOST_IN_A_ROUND)
)
_BACKLOG: Final = select(func.count(_E.contact_id.distinct()).label("lanes"), func.min(_E.received_at).label("oldest")).where(IS_PENDING)
_LOG = structlog.get_logger("xpressbot.chat")


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is to be handled.

    lanes: contacts with a pending event. oldest: how long the oldest of these events has waited, in microseconds.
    """

    lanes: int
    oldest: int


class Sweeping:
    """Does in short rounds what is due. Any number of processes may: each lane is locked, and looked at again under its lock."""

    def __init__(self, transactions: Transactions, system: System, answering: Answering) -> None:
        self._transactions = transactions
        self._system = system
        self._answering = answering
        self._reached = ""
        """The contact up to which the last round came that had not enough room for all: one that fails keeps no other from its turn."""

    def next_round(self) -> bool:
        """Do what is due, at most MOST_IN_A_ROUND of each kind; whether there may be more. A round with nothing to do only reads.

        Raises one of UNAVAILABLE.
        """
        now = self._system.now()
        left_behind = self._contacts(_LEFT_BEHIND, by=now - LEFT_BEHIND_AFTER, credible=latest_credible(now), after=self._reached)
        self._reached = left_behind[-1] if len(left_behind) == MOST_IN_A_ROUND else ""
        due, idle = self._contacts(_DUE, by=now), self._contacts(_IDLE, by=now - CLOSED_AFTER)
        self._each(left_behind, self._answering.drain)
        self._each(due, self._time_out)
        self._each(idle, self._close)
        return MOST_IN_A_ROUND in {len(left_behind), len(due), len(idle)}

    def backlog(self) -> Backlog:
        """How much is to be handled, and for how long it has waited."""
        now = self._system.now()
        with self._transactions.reading() as tx:
            found = tx.select(_BACKLOG).one()
        return Backlog(found.lanes, 0 if found.oldest is None else max(0, now - found.oldest))

    def _contacts(self, statement: Select[Any], **parameters: object) -> Sequence[str]:
        with self._transactions.reading() as tx:
            return tx.select(statement, parameters).scalars().all()

    def _each(self, contacts: Sequence[str], work: Callable[[str], object]) -> None:
        for contact_id in contacts:
            try:
                work(contact_id)
            except UNAVAILABLE:
                raise
            except Exception:  # noqa: BLE001  # whatever it is, the other contacts have their turn
                _LOG.exception("chat.lane_failed", contact=contact_id)

    def _time_out(self, contact_id: str) -> None:
        """Turn the time of a conversation into an event, which is stored in the commit that clears the time: it comes once."""

        def change(tx: Writing, lane: Lane, conversation: Conversation, now: int) -> bool:
            if conversation.due_at is None or conversation.due_at > now:
                return False
            external_id = f"timer:{conversation.id}:{conversation.due_at}"
            body = timer_body(conversation.id)
            event = EventToStore(self._system.new_id(), external_id, contact_id, EventKind.TIMER, body, received_at=now)
            add_events(tx, lane.contact.channel_id, [event])
            save_conversation(tx, replace(conversation, due_at=None))
            return True

        if self._under_lock(contact_id, change):
            self._answering.drain(contact_id)

    def _close(self, contact_id: str) -> None:
        def change(tx: Writing, lane: Lane, conversation: Conversation, now: int) -> bool:
            if conversation.last_message_at > now - CLOSED_AFTER:
                return False
            save_conversation(tx, conversation.closed(now))
            save_contact(tx, lane, lane.contact.last_seq, now)
            return True

        self._under_lock(contact_id, change)

    def _under_lock(self, contact_id: str, change: Callable[[Writing, Lane, Conversation, int], bool]) -> bool:
        """Change the open conversation of a contact, as it is under the lock. A lane that is taken is left for the next round."""
        with self._transactions.writing() as tx:
            lane = lock_lane(tx, contact_id, skip_locked=True)
            conversation = None if lane is None else open_conversation(tx, contact_id)
            if lane is None or conversation is None or not change(tx, lane, conversation, self._system.now()):
                return False
            tx.commit()
            return True
