"""What admins do to channels: making one, its settings, its bot, on and off, archiving. Each writes chat's record."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Final

from xpressbot.chat.actor import Actor
from xpressbot.chat.bots.store import Bot, all_bots, find_bot
from xpressbot.chat.channels.registry import CHANNEL_KINDS
from xpressbot.chat.channels.store import Channel, add_channel, all_channels, find_channel, lock_channel, save_channel
from xpressbot.chat.channels.web.kind import WEB
from xpressbot.chat.channels.web.settings import WebSettings
from xpressbot.chat.record import RecordKind, record
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Reading, Transactions, Writing
from xpressbot.foundation.identifiers import is_identifier
from xpressbot.foundation.text import normalise_line

MOST_NAME: Final = 80
"""Characters of a channel's name."""
_PUBLIC_ID_BYTES: Final = 16


class ChannelRefusal(StrEnum):
    """Why a channel is not changed."""

    NO_CHANNEL = "no_channel"
    """There is none of this id, it is archived, or a newer version added its kind: what its settings mean is not known here."""
    NAME = "name"
    """The name shows nothing, is too long, or has control characters."""
    SETTINGS = "settings"
    """The settings have problems, which they name themselves."""
    NO_BOT = "no_bot"
    """There is no bot of this id, or it is archived."""


class ChannelChange(StrEnum):
    """What was changed of a channel, as the record has it in the detail `change`."""

    SETTINGS = "settings"
    BOT = "bot"
    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class ShownChannel:
    """A channel, and the bot that answers in it: none where it has none, or where that one is archived."""

    channel: Channel
    bot: Bot | None

    @property
    def is_of_known_kind(self) -> bool:
        """Whether this version can show and change it. Of a channel that `find` gives it is true."""
        return self.channel.kind in CHANNEL_KINDS


def make_web_channel(tx: Writing, system: System, actor: Actor, name: str, bot_id: str | None) -> Channel:
    """Make a web chat that is on, in the transaction of its caller. name: as normalise_line gives it. bot_id: of a bot that there is."""
    public_id = system.entropy.token_bytes(_PUBLIC_ID_BYTES).hex()
    channel = Channel(
        system.new_id(), public_id, WEB.name, name, bot_id=bot_id, is_on=True, settings=WebSettings().written(), archived_at=None
    )
    add_channel(tx, channel)
    record(tx, system, actor, RecordKind.CHANNEL_MADE, channel.id, name=name)
    return channel


def make_first_channel(tx: Writing, system: System, actor: Actor, name: str, bot_id: str) -> str:
    """Make the web chat that the first version of a bot comes with; its id."""
    return make_web_channel(tx, system, actor, name, bot_id).id


class ChannelAdministration:
    """The use cases. Whether the actor may do it was decided by whoever calls them."""

    def __init__(self, transactions: Transactions, system: System) -> None:
        self._transactions = transactions
        self._system = system

    def channels(self) -> Sequence[ShownChannel]:
        """The channels in use, by name."""
        with self._transactions.reading() as tx:
            bots = {bot.id: bot for bot in all_bots(tx)}
            return [ShownChannel(channel, bots.get(channel.bot_id or "")) for channel in all_channels(tx)]

    def find(self, channel_id: str) -> ShownChannel | None:
        """A channel in use, of a kind that is known."""
        with self._transactions.reading() as tx:
            channel = _usable(find_channel(tx, channel_id))
            return None if channel is None else ShownChannel(channel, _bot_in_use(tx, channel.bot_id))

    def bots(self) -> Sequence[Bot]:
        """The bots that a channel can be given, by name."""
        with self._transactions.reading() as tx:
            return all_bots(tx)

    def make(self, actor: Actor, name: str, bot_id: str | None) -> Channel | ChannelRefusal:
        """Make a web chat that is on."""
        line = normalise_line(name, max_length=MOST_NAME)
        if line is None:
            return ChannelRefusal.NAME
        with self._transactions.writing() as tx:
            if bot_id is not None and _bot_in_use(tx, bot_id) is None:
                return ChannelRefusal.NO_BOT
            channel = make_web_channel(tx, self._system, actor, line, bot_id)
            tx.commit()
            return channel

    def change_settings(self, actor: Actor, channel_id: str, name: str, settings: WebSettings) -> Channel | ChannelRefusal:
        """Give a web chat another name and other settings."""
        line = normalise_line(name, max_length=MOST_NAME)
        if line is None:
            return ChannelRefusal.NAME
        if settings.problems():
            return ChannelRefusal.SETTINGS
        changed = partial(replace, name=line, settings=settings.written())
        return self._change(actor, channel_id, changed, change=ChannelChange.SETTINGS)

    def switch(self, actor: Actor, channel_id: str, *, on: bool) -> Channel | ChannelRefusal:
        """Open a channel to people, or close it. What was written in it stays, and comes back with it."""
        return self._change(actor, channel_id, partial(replace, is_on=on), change=ChannelChange.ON if on else ChannelChange.OFF)

    def choose_bot(self, actor: Actor, channel_id: str, bot_id: str | None) -> Channel | ChannelRefusal:
        """Have another bot answer, or none. A conversation under way starts over with that bot at its next message."""
        with self._transactions.reading() as tx:
            bot = _bot_in_use(tx, bot_id)
        if bot_id is not None and bot is None:
            return ChannelRefusal.NO_BOT
        changed = partial(replace, bot_id=bot_id)
        return self._change(actor, channel_id, changed, change=ChannelChange.BOT, bot="" if bot is None else bot.name)

    def archive(self, actor: Actor, channel_id: str) -> Channel | ChannelRefusal:
        """Take a channel out of use, for good: its address opens nothing any more. Its conversations stay in the inbox."""
        return self._change(actor, channel_id, partial(replace, archived_at=self._system.now()), RecordKind.CHANNEL_ARCHIVED)

    def _change(
        self,
        actor: Actor,
        channel_id: str,
        changed: Callable[[Channel], Channel],
        kind: RecordKind = RecordKind.CHANNEL_CHANGED,
        **details: str,
    ) -> Channel | ChannelRefusal:
        """Change a channel under its lock, and record it. What it is already is neither written nor recorded."""
        with self._transactions.writing() as tx:
            channel = _usable(lock_channel(tx, channel_id))
            if channel is None:
                return ChannelRefusal.NO_CHANNEL
            after = changed(channel)
            if after != channel:
                save_channel(tx, after)
                record(tx, self._system, actor, kind, channel.id, name=after.name, **details)
                tx.commit()
        return after


def _usable(channel: Channel | None) -> Channel | None:
    """The channel, unless it is archived or of an unknown kind."""
    return channel if channel is not None and channel.archived_at is None and channel.kind in CHANNEL_KINDS else None


def _bot_in_use(tx: Reading, bot_id: str | None) -> Bot | None:
    """bot_id: as a form has it. PostgreSQL is asked for no other text, since it takes no NUL."""
    bot = find_bot(tx, bot_id) if bot_id is not None and is_identifier(bot_id) else None
    return bot if bot is not None and bot.archived_at is None else None
