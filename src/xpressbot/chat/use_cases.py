"""Everything chat can do, ready to be called."""

from collections.abc import Callable
from dataclasses import dataclass

from xpressbot.chat.bots.administration import BotAdministration
from xpressbot.chat.bots.exchange import Exchange
from xpressbot.chat.bots.kept_checks import KeptChecks
from xpressbot.chat.bots.missed_texts import MissedTexts
from xpressbot.chat.bots.overview import BotOverview
from xpressbot.chat.bots.publishing import Publishing
from xpressbot.chat.channels.administration import ChannelAdministration, make_first_channel
from xpressbot.chat.channels.incoming import Incoming
from xpressbot.chat.channels.web.visiting import Visiting
from xpressbot.chat.conversations.answering import Answering
from xpressbot.chat.conversations.answering_at_once import AnsweringAtOnce
from xpressbot.chat.conversations.contacts import Contacts
from xpressbot.chat.conversations.inbox import Inbox
from xpressbot.chat.conversations.receiving import Receiving
from xpressbot.chat.conversations.replying import Replying
from xpressbot.chat.conversations.sweeping import Sweeping
from xpressbot.chat.conversations.taking_over import TakingOver
from xpressbot.chat.editing.editing import Editing
from xpressbot.chat.overview import ChatOverview
from xpressbot.chat.record import ChatRecord
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions


@dataclass(frozen=True, slots=True)
class Chat:
    """The use cases."""

    answering: Answering
    answering_at_once: AnsweringAtOnce
    bot_overview: BotOverview
    bots: BotAdministration
    channels: ChannelAdministration
    contacts: Contacts
    editing: Editing
    exchange: Exchange
    inbox: Inbox
    incoming: Incoming
    kept_checks: KeptChecks
    missed_texts: MissedTexts
    overview: ChatOverview
    publishing: Publishing
    receiving: Receiving
    record: ChatRecord
    replying: Replying
    sweeping: Sweeping
    taking_over: TakingOver
    visiting: Visiting


@dataclass(frozen=True, slots=True)
class ChatFigures:
    """What takes chat's figures. received: messages that are stored. failed: an event that has failed."""

    received: Callable[[int], object]
    failed: Callable[[], object]


def build_chat(transactions: Transactions, system: System, figures: ChatFigures) -> Chat:
    """Make every use case, each with what it takes. Nothing is opened or read."""
    answering = Answering(transactions, system, figures.failed)
    receiving = Receiving(transactions, system, figures.received)
    at_once = AnsweringAtOnce(transactions, receiving, answering)
    return Chat(
        answering=answering,
        answering_at_once=at_once,
        bot_overview=BotOverview(transactions, system),
        bots=BotAdministration(transactions, system),
        channels=ChannelAdministration(transactions, system),
        contacts=Contacts(transactions, system),
        editing=Editing(transactions, system),
        exchange=Exchange(transactions, system),
        inbox=Inbox(transactions),
        incoming=Incoming(receiving, answering),
        kept_checks=KeptChecks(transactions, system),
        missed_texts=MissedTexts(transactions, system),
        overview=ChatOverview(transactions),
        publishing=Publishing(transactions, system, make_first_channel),
        receiving=receiving,
        record=ChatRecord(transactions),
        replying=Replying(transactions, system),
        sweeping=Sweeping(transactions, system, answering),
        taking_over=TakingOver(transactions, system),
        visiting=Visiting(transactions, system, at_once),
    )
