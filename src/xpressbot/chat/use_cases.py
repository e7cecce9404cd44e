"""Everything chat can do, ready to be called, and what becomes of the rows of all its packages, joined."""

from collections.abc import Sequence
from dataclasses import dataclass

from xpressbot.chat import retention
from xpressbot.chat.channels.administration import ChannelAdministration
from xpressbot.chat.channels.web.visiting import Visiting
from xpressbot.chat.conversations.answering import Answering
from xpressbot.chat.conversations.receiving import Receiving
from xpressbot.chat.flows.administration import BotAdministration
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.expiry import ExpiringRows
from xpressbot.foundation.database.rows_at_restore import AtRestore
from xpressbot.foundation.database.transaction import Transactions


@dataclass(frozen=True, slots=True)
class Chat:
    """The use cases."""

    channels: ChannelAdministration
    bots: BotAdministration
    answering: Answering
    receiving: Receiving
    visiting: Visiting


def build_chat(transactions: Transactions, system: System) -> Chat:
    """Make every use case, each with what it takes. Nothing is opened or read."""
    answering, receiving = Answering(transactions, system), Receiving(transactions, system)
    return Chat(
        channels=ChannelAdministration(transactions, system),
        bots=BotAdministration(transactions, system),
        answering=answering,
        receiving=receiving,
        visiting=Visiting(transactions, system, receiving, answering),
    )


def expiring_rows() -> Sequence[ExpiringRows]:
    """The rows that are removed some time after they have ended."""
    return retention.EXPIRING_ROWS


def at_restore() -> Sequence[AtRestore]:
    """What becomes of the tables when an older copy of the database is put in place."""
    return retention.AT_RESTORE
