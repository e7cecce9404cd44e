"""Everything chat can do, ready to be called, and what becomes of the rows of all its packages, joined."""

from collections.abc import Sequence
from dataclasses import dataclass

from xpressbot.chat import retention
from xpressbot.chat.flows.administration import BotAdministration
from xpressbot.chat.flows.editing import Editing
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.expiry import ExpiringRows
from xpressbot.foundation.database.rows_at_restore import AtRestore
from xpressbot.foundation.database.transaction import Transactions


@dataclass(frozen=True, slots=True)
class Chat:
    """The use cases."""

    bots: BotAdministration
    editing: Editing


def build_chat(transactions: Transactions, system: System) -> Chat:
    """Make every use case, each with what it takes. Nothing is opened or read."""
    return Chat(
        bots=BotAdministration(transactions, system),
        editing=Editing(transactions, system),
    )


def expiring_rows() -> Sequence[ExpiringRows]:
    """The rows that are removed some time after they have ended."""
    return retention.EXPIRING_ROWS


def at_restore() -> Sequence[AtRestore]:
    """What becomes of the tables when an older copy of the database is put in place."""
    return retention.AT_RESTORE
