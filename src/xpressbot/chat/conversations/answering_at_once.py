"""Answering at once: one transaction stores a message and does what it does, where the lane of its contact is free."""

from dataclasses import dataclass

from xpressbot.chat.conversations.answering import Answering
from xpressbot.chat.conversations.events import NewEvent
from xpressbot.chat.conversations.receiving import EventRefusal, Received, Receiving
from xpressbot.foundation.database.transaction import Transactions


@dataclass(frozen=True, slots=True)
class Answered:
    """The message is stored. is_handled: what the bot says to it stands in the thread, too."""

    contact_id: str
    is_handled: bool


class AnsweringAtOnce:
    """For a channel whose sender waits for the answer, and sends the same message again where none comes.

    A platform is told that its messages are stored before any of them is handled: it waits for neither. Here both are one commit, so
    that a customer waits for the disk once. Where another transaction has the lane, the message is stored by itself and handled after it.
    """

    def __init__(self, transactions: Transactions, receiving: Receiving, answering: Answering) -> None:
        self._transactions = transactions
        self._receiving = receiving
        self._answering = answering

    def receive(self, channel_id: str, event: NewEvent, *, patience_seconds: float) -> Answered | EventRefusal:
        """Store an event, and handle what is pending for its contact.

        patience_seconds: how long to ask for a lane that another transaction has.
        Raises what the database driver raises; either all of the message is kept then, or nothing.
        """
        with self._transactions.writing() as tx:
            stored = self._receiving.store(tx, channel_id, [event])
            (outcome,) = stored.outcomes
            handled = self._answering.handle(tx, outcome.contact_id) if isinstance(outcome, Received) else None
            tx.commit()
        self._receiving.count(stored)
        if handled is not None:
            self._answering.count(handled)
        if not isinstance(outcome, Received):
            return outcome
        return Answered(outcome.contact_id, self._answering.drain(outcome.contact_id, patience_seconds=patience_seconds))
