"""Answering: a contact's events are handled in their order under the lock of the contact's row, each with all that follows from it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from xpressbot.chat.bots.published import PublishedScripts
from xpressbot.chat.conversations.conversation import Conversation, NewMessage
from xpressbot.chat.conversations.event_store import PendingEvent, end_events, has_pending, pending_events
from xpressbot.chat.conversations.events import ReadEvent, read_event
from xpressbot.chat.conversations.lane import Change, Talk, after_event, after_failure, turn_of
from xpressbot.chat.conversations.store import Lane, add_conversations, add_thread, lock_lane, save_contact, save_conversation
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions, Writing
from xpressbot.foundation.metrics import stopwatch

MOST_EVENTS: Final = 20
"""Events that one transaction handles."""
_RETRY_SECONDS: Final = 0.02
"""How often a lane is asked for that another process has."""
_LOG = structlog.get_logger("xpressbot.chat")


@dataclass(frozen=True, slots=True)
class Handled:
    """What one transaction of a lane has come to. failed: how many events have failed."""

    failed: int


class Answering:
    """Handles events that are stored. Whoever stores one calls it; the sweep calls it for what was interrupted."""

    def __init__(self, transactions: Transactions, system: System, count_failed: Callable[[], object] = lambda: None) -> None:
        self._transactions = transactions
        self._system = system
        self._count_failed = count_failed
        self._scripts = PublishedScripts()

    def drain(self, contact_id: str, *, patience_seconds: float = 0.0) -> bool:
        """Handle what is pending for a contact, until nothing is.

        The lane is looked at again after each commit: an event that was stored meanwhile, by whichever process, is handled too.
        patience_seconds: how long to ask for the lane while another transaction has it. False: it had it all the time. If it
        answers, it looks again after its commit; if it is a person's, the sweep does.
        Raises what the database driver raises; nothing of the transaction stays then, and the sweep does it again.
        """
        give_up_at = stopwatch() + patience_seconds
        while self._is_pending(contact_id):
            if not self._handle_some(contact_id):
                if stopwatch() >= give_up_at:
                    return False
                time.sleep(_RETRY_SECONDS)
        return True

    def _is_pending(self, contact_id: str) -> bool:
        """Asked before a transaction begins: on SQLite it would keep all other writers waiting for nothing."""
        with self._transactions.reading() as tx:
            return has_pending(tx, contact_id)

    def handle(self, tx: Writing, contact_id: str) -> Handled | None:
        """Handle the oldest pending events of a contact, at most MOST_EVENTS, within a transaction of the caller.

        The caller commits it and then calls `count`. None: another transaction has the lane.
        """
        lane = lock_lane(tx, contact_id, skip_locked=True)
        if lane is None:
            return None
        events, conversation = pending_events(tx, contact_id, MOST_EVENTS)
        handling = _Handling(self._system, self._scripts, lane, conversation)
        for event in events:
            handling.handle(tx, event)
        handling.write(tx)
        return Handled(sum(reference is not None for reference in handling.ended.values()))

    def count(self, handled: Handled) -> None:
        """Add what is committed to the figures."""
        for _event in range(handled.failed):
            self._count_failed()

    def _handle_some(self, contact_id: str) -> bool:
        with self._transactions.writing() as tx:
            handled = self.handle(tx, contact_id)
            if handled is None:
                return False
            tx.commit()
        self.count(handled)
        return True


@dataclass
class _Handling:
    """One transaction of a lane: what its events have come to so far. Nothing is written before all of them are decided."""

    system: System
    scripts: PublishedScripts
    lane: Lane
    conversation: Conversation | None
    """The one that was open before."""
    talk: Talk = field(init=False)
    changed: dict[str, Conversation] = field(default_factory=dict)
    messages: list[tuple[str, NewMessage]] = field(default_factory=list)
    ended: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.talk = Talk(self.lane.contact.id, self.conversation, self.lane.contact.fields)

    def handle(self, tx: Writing, event: PendingEvent) -> None:
        """Decide what an event changes. What raises there leaves the values of before, as a SAVEPOINT would: nothing is written yet."""
        reference, change = None, Change(self.talk)
        if self.lane.contact.blocked_at is None:
            reference, change = self._decide(tx, event)
        self.ended[event.id] = reference
        self._keep(change)

    def write(self, tx: Writing) -> None:
        """Write all of it: a handful of statements, however many events there were."""
        old = self.changed.pop(self.conversation.id, None) if self.conversation else None
        if old is not None:
            save_conversation(tx, old)
        add_conversations(tx, list(self.changed.values()))
        last_seq = add_thread(tx, self.lane, self.messages)
        if old is not None or self.changed:
            fields = self.talk.fields if self.talk.fields != self.lane.contact.fields else None
            save_contact(tx, self.lane, last_seq, self.system.now(), fields)
        if self.ended:
            end_events(tx, self.ended)

    def _decide(self, tx: Writing, event: PendingEvent) -> tuple[str | None, Change]:
        incoming: ReadEvent | None = None
        new_id = self.system.new_id()
        try:
            incoming = read_event(event.kind, event.body)
            turn = turn_of(self.talk, incoming, self.lane.bot, event.received_at)
            script = None if turn is None else self.scripts.find(tx, turn.bot_id, turn.state.version)
            change = after_event(self.talk, incoming, event.received_at, turn, script, new_id)
        except SQLAlchemyError:
            raise
        except Exception:  # noqa: BLE001  # whatever it is, it stops this conversation's bot alone, and the next event is handled
            reference = self.system.new_id()
            _LOG.exception("chat.event_failed", reference=reference, row=event.id, contact=self.lane.contact.id)
            return reference, after_failure(self.talk, incoming, event.received_at, new_id)
        self._tell_author(change)
        return None, change

    def _tell_author(self, change: Change) -> None:
        limit, conversation = change.limit, change.talk.conversation
        if limit is not None and conversation is not None:
            _LOG.warning("chat.script_stopped", limit=limit.limit, bot=conversation.bot_id, version=conversation.version, step=limit.step)

    def _keep(self, change: Change) -> None:
        conversation = change.talk.conversation
        if conversation is not None and conversation is not self.talk.conversation:
            self.changed[conversation.id] = conversation
            self.messages += [(conversation.id, message) for message in change.messages]
        self.talk = replace(change.talk, conversation=conversation if conversation and conversation.is_open else None)
