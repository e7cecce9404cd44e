"""Bots, channels and what people write on them, through the use cases."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Executable, delete, insert, select, update

from xpressbot.chat.actor import OPERATOR
from xpressbot.chat.bots.draft_changes import Change, ChangeKind, written_change
from xpressbot.chat.bots.store import Bot, Draft, Version, add_bot, add_draft, add_version, lock_bot, save_bot
from xpressbot.chat.conversations.conversation import Author, Conversation
from xpressbot.chat.conversations.event_store import EventToStore, add_events
from xpressbot.chat.conversations.events import EventKind, NewEvent, message_body, timer_body
from xpressbot.chat.conversations.receiving import Received
from xpressbot.chat.conversations.store import Message, conversation_from, messages_after
from xpressbot.chat.scripts.script import Script
from xpressbot.chat.scripts.writing import written
from xpressbot.chat.tables import BOT, BOT_VERSION, CHANNEL, CHAT_EVENT, CONVERSATION
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions, Writing


@dataclass
class Chats:
    """One channel of an installation, with the bot of a script if one is given."""

    services: Services
    script: Script | None = None
    channel_id: str = field(init=False)
    bot_id: str | None = field(init=False, default=None)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.transactions = Transactions(self.services.database)
        self.system = System(self.services.clock, self.services.entropy)
        if self.script is not None:
            self.bot_id = self.add_bot(self.script)
        self.channel_id = self.add_channel(self.bot_id)

    def add_bot(self, script: Script) -> str:
        """A bot with this script as its draft and as its first published version; its id."""
        bot_id = self.system.new_id()
        with self.transactions.writing() as tx:
            add_bot(tx, Bot(bot_id, script.name, script.language, None, 0, 1, None))
            change = written_change(Change(ChangeKind.BOT_MADE, script.name))
            add_draft(tx, Draft(bot_id, 1, written(script), OPERATOR, self.system.now(), change))
            tx.commit()
        self.publish(bot_id, script)
        return bot_id

    def publish(self, bot_id: str, script: Script | str, *, starts_over: bool = False) -> int:
        """Publish a script, or a document that need be none, as the next version; its number."""
        with self.transactions.writing() as tx:
            bot = lock_bot(tx, bot_id)
            assert bot is not None
            number = (bot.live or 0) + 1
            document = script if isinstance(script, str) else written(script)
            add_version(tx, Version(bot_id, number, document, OPERATOR, self.system.now()))
            restart_below = number if starts_over else bot.restart_below
            save_bot(tx, Bot(bot.id, bot.name, bot.language, number, restart_below, bot.draft_revision, bot.archived_at))
            tx.commit()
        return number

    def archive(self, bot_id: str) -> None:
        """Take a bot out of use."""
        self._write(update(BOT).where(BOT.c.id == bot_id).values(archived_at=self.system.now()))

    def unpublish(self, bot_id: str) -> None:
        """As if a bot had never been published."""
        self._write(update(BOT).where(BOT.c.id == bot_id).values(live=None))

    def forget_versions(self) -> None:
        """Lose all published versions, as only a damaged database does."""
        self._write(delete(BOT_VERSION))

    def forget_events(self) -> None:
        """Lose all events."""
        self._write(delete(CHAT_EVENT))

    def give_bot(self, bot_id: str) -> None:
        """Let another bot answer on the channel."""
        self._write(update(CHANNEL).where(CHANNEL.c.id == self.channel_id).values(bot_id=bot_id))

    def add_channel(self, bot_id: str | None) -> str:
        """A web chat that is on; its id."""
        channel_id = self.system.new_id()
        row = {
            "id": channel_id,
            "public_id": self.system.new_id(),
            "kind": "web",
            "name": "Shop",
            "bot_id": bot_id,
            "is_on": True,
            "settings": "{}",
        }
        self._write(insert(CHANNEL).values(row))
        return channel_id

    def event(self, text: str, contact: str = "ana", external_id: str | None = None, option: str | None = None) -> NewEvent:
        """A message as a channel gives it."""
        external_id = f"{contact}-{next(self._numbers)}" if external_id is None else external_id
        return NewEvent(external_id, contact, "Ana Ruiz", EventKind.MESSAGE, message_body(text, option))

    def store(self, *events: NewEvent) -> Sequence[Received]:
        """Store events, and nothing more."""
        outcomes = self.services.chat.receiving.receive(self.channel_id, events)
        return [outcome for outcome in outcomes if isinstance(outcome, Received)]

    def write(self, text: str, contact: str = "ana", option: str | None = None) -> list[str]:
        """What the bot answers to a message."""
        (received,) = self.store(self.event(text, contact, option=option))
        known = self.thread(received.contact_id)
        assert self.services.chat.answering.drain(received.contact_id)
        after = self.thread(received.contact_id)[len(known) :]
        return [message.text for message in after if message.author is Author.BOT]

    def thread(self, contact_id: str) -> list[Message]:
        """All messages of a contact."""
        with self.transactions.reading() as tx:
            return list(messages_after(tx, contact_id, 0, 100_000))

    def contact_id(self, contact: str = "ana") -> str:
        """The id of a contact, who is made if need be."""
        known = self.services.chat.receiving.receive(self.channel_id, [self.event("x", contact, external_id=f"known-{contact}")])
        assert isinstance(known[0], Received)
        return known[0].contact_id

    def conversations(self, contact_id: str | None = None) -> list[Conversation]:
        """The conversations of a contact, or all of them, in the order in which they were opened."""
        chosen = select(CONVERSATION).order_by(CONVERSATION.c.opened_at, CONVERSATION.c.id)
        if contact_id is not None:
            chosen = chosen.where(CONVERSATION.c.contact_id == contact_id)
        with self.transactions.reading() as tx:
            return [conversation_from(row) for row in tx.select(chosen)]

    def add_timer(self, tx: Writing, conversation: Conversation) -> None:
        """Store the event that the time of a conversation becomes."""
        event_id = self.system.new_id()
        body = timer_body(conversation.id)
        add_events(
            tx, self.channel_id, [EventToStore(event_id, event_id, conversation.contact_id, EventKind.TIMER, body, self.system.now())]
        )

    def _write(self, statement: Executable) -> None:
        with self.transactions.writing() as tx:
            tx.execute(statement)
            tx.commit()
