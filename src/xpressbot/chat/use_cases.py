"""Everything chat can do, ready to be called, and what becomes of the rows of all its packages, joined."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xpressbot.chat import retention
from xpressbot.chat.channels.incoming import Incoming
from xpressbot.chat.conversations.answering import Answering
from xpressbot.chat.conversations.receiving import Receiving
from xpressbot.chat.conversations.sweeping import Sweeping
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.expiry import ExpiringRows
from xpressbot.foundation.database.rows_at_restore import AtRestore
from xpressbot.foundation.database.transaction import Transactions


@dataclass(frozen=True, slots=True)
class Chat:
    """The use cases."""

    answering: Answering
    incoming: Incoming
    receiving: Receiving
    sweeping: Sweeping


@dataclass(frozen=True, slots=True)
class ChatFigures:
    """What takes chat's figures. received: messages that are stored. failed: an event that has failed."""

    received: Callable[[int], object]
    failed: Callable[[], object]


def build_chat(transactions: Transactions, system: System, figures: ChatFigures) -> Chat:
    """Make every use case, each with what it takes. Nothing is opened or read."""
    answering, receiving = Answering(transactions, system, figures.failed), Receiving(transactions, system, figures.received)
    return Chat(
        answering=answering,
        incoming=Incoming(receiving, answering),
        receiving=receiving,
        sweeping=Sweeping(transactions, system, answering),
    )


def expiring_rows(keep_conversations_days: int) -> Sequence[ExpiringRows]:
    """The rows that are removed some time after they have ended."""
    return retention.expiring_rows(keep_conversations_days)


def at_restore() -> Sequence[AtRestore]:
    """What becomes of the tables when an older copy of the database is put in place."""
    return retention.AT_RESTORE
