"""What visitors of a chat page do: look at their thread, and write to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

from xpressbot.chat.bots.store import Bot, find_bot
from xpressbot.chat.channels.limits import Wait, WritingLimits
from xpressbot.chat.channels.store import Channel, open_channel
from xpressbot.chat.channels.web.kind import WEB
from xpressbot.chat.channels.web.settings import WebSettings
from xpressbot.chat.channels.web.store import Visitor, find_visitor, unhandled_messages
from xpressbot.chat.channels.web.visitor import contact_of, event_of
from xpressbot.chat.conversations.answering_at_once import Answered, AnsweringAtOnce
from xpressbot.chat.conversations.events import EventKind, NewEvent, message_body, read_message_body
from xpressbot.chat.conversations.receiving import EventRefusal
from xpressbot.chat.conversations.store import HIGHEST_SEQ, Message, messages_after, messages_before
from xpressbot.chat.conversations.typed import TypedProblem, typed
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Reading, Transactions
from xpressbot.foundation.tokens import Token

MOST_SHOWN: Final = 100
"""Messages on a page, the newest; those before them are a page of their own."""
MOST_NEWS: Final = 200
"""Messages in one answer to a program."""
PATIENCE_SECONDS: Final = 2.0
"""How long a send waits for a lane that another process has. What it has stored is answered then, too, and stands there later."""


class WriteRefusal(StrEnum):
    """Why nothing was stored."""

    NO_CHANNEL = "no_channel"
    """Unknown, off or archived: nobody is told which."""
    CLOSED = "closed"
    """The contact is blocked."""
    NO_OPTION = "no_option"
    """No message of this thread offers the option."""


@dataclass(frozen=True, slots=True)
class Send:
    """What a form sends. send_id: of the form. option: of a button, as option_value gives it; empty where a text was typed."""

    send_id: str
    text: str
    option: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that is stored and has no number in the thread yet."""

    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Visit:
    """A chat page as one visitor sees it. visitor: None while nobody with their token has written.

    messages: the oldest first. has_earlier: there are more before them.
    """

    channel: Channel
    settings: WebSettings
    bot: Bot | None
    visitor: Visitor | None = None
    messages: Sequence[Message] = ()
    waiting: Sequence[Waiting] = ()
    has_earlier: bool = False


class Visiting:
    """The use cases. Nobody is signed in here: a visitor is who has the token of their contact."""

    def __init__(self, transactions: Transactions, system: System, answering: AnsweringAtOnce) -> None:
        self._transactions = transactions
        self._system = system
        self._answering = answering
        self._limits = WritingLimits()

    def look(self, public_id: str, token: Token | None, before: int | None = None) -> Visit | None:
        """A channel's page with the visitor's newest messages, or those below a number; None where no channel is open."""
        with self._transactions.reading() as tx:
            channel = _open(tx, public_id)
            if channel is None:
                return None
            bot = None if channel.bot_id is None else find_bot(tx, channel.bot_id)
            settings, visitor = WebSettings.read(channel.settings), _visitor(tx, channel, token)
            if visitor is None or visitor.is_blocked:
                return Visit(channel, settings, bot, visitor)
            messages = messages_before(tx, visitor.contact_id, before or HIGHEST_SEQ, MOST_SHOWN + 1)
            waiting = unhandled_messages(tx, visitor.contact_id, MOST_SHOWN) if before is None else ()
        return Visit(
            channel,
            settings,
            bot,
            visitor,
            messages[-MOST_SHOWN:],
            [Waiting(read_message_body(message.body).text, message.at) for message in waiting],
            has_earlier=len(messages) > MOST_SHOWN,
        )

    def settings_of(self, public_id: str) -> WebSettings | None:
        """What a page is to look like; None where there is no channel that is open."""
        with self._transactions.reading() as tx:
            channel = _open(tx, public_id)
        return None if channel is None else WebSettings.read(channel.settings)

    def write(self, public_id: str, token: Token, send: Send, address: str) -> Answered | WriteRefusal | TypedProblem | Wait:
        """Store a message, and have the bot answer it. The same send again is the same message.

        address: where the request comes from; it is counted, and not kept.
        """
        contact = contact_of(token)
        with self._transactions.reading() as tx:
            channel = _open(tx, public_id)
            if channel is None:
                return WriteRefusal.NO_CHANNEL
            visitor = find_visitor(tx, channel.id, contact)
            tapped = _offered(tx, visitor, send.option) if send.option else None
        if visitor is not None and visitor.is_blocked:
            return WriteRefusal.CLOSED
        if send.option and tapped is None:
            return WriteRefusal.NO_OPTION
        option, text = tapped or (None, send.text)
        kept = typed(text)
        if isinstance(kept, TypedProblem):
            return kept
        wait = self._limits.count(self._system.now(), channel_id=channel.id, visitor=contact, address=address, is_new=visitor is None)
        if wait is not None:
            return wait
        return self._received(
            channel.id, NewEvent(event_of(contact, send.send_id, kept), contact, "", EventKind.MESSAGE, message_body(kept, option))
        )

    def news(self, contact_id: str, after: int) -> Sequence[Message]:
        """The messages of a contact that follow a number, the oldest first."""
        with self._transactions.reading() as tx:
            return messages_after(tx, contact_id, after, MOST_NEWS)

    def _received(self, channel_id: str, event: NewEvent) -> Answered | WriteRefusal:
        outcome = self._answering.receive(channel_id, event, patience_seconds=PATIENCE_SECONDS)
        match outcome:
            case Answered():
                return outcome
            case EventRefusal.BLOCKED:
                return WriteRefusal.CLOSED
            case EventRefusal.BROKEN:
                raise ValueError("what was typed cannot be kept")
            case unknown:
                assert_never(unknown)


def option_value(seq: int, option_id: str) -> str:
    """What the button of an option sends: the number of the message that offers it, and its id."""
    return f"{seq}.{option_id}"


def _open(tx: Reading, public_id: str) -> Channel | None:
    channel = open_channel(tx, public_id)
    return channel if channel is not None and channel.kind == WEB.name else None


def _visitor(tx: Reading, channel: Channel, token: Token | None) -> Visitor | None:
    return None if token is None else find_visitor(tx, channel.id, contact_of(token))


def _offered(tx: Reading, visitor: Visitor | None, value: str) -> tuple[str, str] | None:
    """The id and the label of an option that a message of the thread offers."""
    seq, _dot, option_id = value.partition(".")
    if visitor is None or not seq.isascii() or not seq.isdigit() or int(seq[:10]) >= HIGHEST_SEQ:
        return None
    messages = messages_after(tx, visitor.contact_id, int(seq[:10]) - 1, 1)
    offered = (option for message in messages for option in message.options)
    return next(((option.id, option.label) for option in offered if option.id == option_id), None)
