"""Everything chat can do, ready to be called, and what becomes of the rows of all its packages, joined."""

from collections.abc import Sequence
from dataclasses import dataclass

from xpressbot.chat import retention
from xpressbot.chat.channels.administration import ChannelAdministration
from xpressbot.chat.conversations.contacts import Contacts
from xpressbot.chat.conversations.inbox import Inbox
from xpressbot.chat.conversations.replying import Replying
from xpressbot.chat.conversations.taking_over import TakingOver
from xpressbot.chat.flows.administration import BotAdministration
from xpressbot.chat.flows.editing import Editing
from xpressbot.chat.flows.exchange import Exchange
from xpressbot.chat.flows.kept_checks import KeptChecks
from xpressbot.chat.flows.missed_texts import MissedTexts
from xpressbot.chat.flows.overview import BotOverview
from xpressbot.chat.flows.publishing import Publishing
from xpressbot.chat.overview import ChatOverview
from xpressbot.chat.record import ChatRecord
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.expiry import ExpiringRows
from xpressbot.foundation.database.rows_at_restore import AtRestore
from xpressbot.foundation.database.transaction import Transactions


@dataclass(frozen=True, slots=True)
class Chat:
    """The use cases."""

    contacts: Contacts
    inbox: Inbox
    overview: ChatOverview
    record: ChatRecord
    replying: Replying
    taking_over: TakingOver
    channels: ChannelAdministration
    bots: BotAdministration
    editing: Editing
    bot_overview: BotOverview
    publishing: Publishing
    exchange: Exchange
    kept_checks: KeptChecks
    missed_texts: MissedTexts


def build_chat(transactions: Transactions, system: System) -> Chat:
    """Make every use case, each with what it takes. Nothing is opened or read."""
    return Chat(
        contacts=Contacts(transactions, system),
        inbox=Inbox(transactions),
        overview=ChatOverview(transactions),
        record=ChatRecord(transactions),
        replying=Replying(transactions, system),
        taking_over=TakingOver(transactions, system),
        channels=ChannelAdministration(transactions, system),
        bots=BotAdministration(transactions, system),
        editing=Editing(transactions, system),
        bot_overview=BotOverview(transactions, system),
        publishing=Publishing(transactions, system),
        exchange=Exchange(transactions, system),
        kept_checks=KeptChecks(transactions, system),
        missed_texts=MissedTexts(transactions, system),
    )


def expiring_rows() -> Sequence[ExpiringRows]:
    """The rows that are removed some time after they have ended."""
    return retention.EXPIRING_ROWS


def at_restore() -> Sequence[AtRestore]:
    """What becomes of the tables when an older copy of the database is put in place."""
    return retention.AT_RESTORE
