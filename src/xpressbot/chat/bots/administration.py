"""Bots: made, renamed, archived and brought back. A bot is never deleted, as its conversations name it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from xpressbot.chat.actor import Actor
from xpressbot.chat.bots.draft_changes import Change, ChangeKind, written_change
from xpressbot.chat.bots.store import Bot, Draft, add_bot, add_draft, find_bot, lock_bot, save_bot
from xpressbot.chat.record import RecordKind, record
from xpressbot.chat.scripts.script import MAX_LINE_LENGTH, Script
from xpressbot.chat.scripts.writing import written
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions, Writing
from xpressbot.foundation.text import normalise_line


class BotRefusal(StrEnum):
    """Why a bot was not changed."""

    NO_SUCH_BOT = "no_such_bot"
    ARCHIVED = "bot_archived"
    NAME_UNUSABLE = "bot_name_unusable"


@dataclass(frozen=True, slots=True)
class NewBot:
    """What a bot begins as. The script gets the bot's name. id: chosen by the caller, so that a form sent twice makes one bot."""

    id: str
    name: str
    script: Script


class BotAdministration:
    """What is done to a bot besides its script."""

    def __init__(self, transactions: Transactions, system: System) -> None:
        self._transactions = transactions
        self._system = system

    def make(self, actor: Actor, new: NewBot) -> Bot | BotRefusal:
        """Make a bot whose first draft is this script. Nothing is published by it. The bot of this id, if it is there, stays as it is."""
        name = usable_name(new.name)
        if name is None:
            return BotRefusal.NAME_UNUSABLE
        with self._transactions.writing() as tx:
            bot = make_bot(tx, self._system, actor, replace(new, name=name), RecordKind.BOT_MADE, Change(ChangeKind.BOT_MADE, name))
            tx.commit()
        return bot

    def rename(self, actor: Actor, bot_id: str, name: str) -> Bot | BotRefusal:
        """Give a bot another name. The name it has already changes nothing."""
        usable = usable_name(name)
        if usable is None:
            return BotRefusal.NAME_UNUSABLE

        def renamed(bot: Bot) -> Bot | BotRefusal:
            return BotRefusal.ARCHIVED if bot.archived_at is not None else replace(bot, name=usable)

        return self._change(actor, bot_id, RecordKind.BOT_RENAMED, renamed)

    def archive(self, actor: Actor, bot_id: str) -> Bot | BotRefusal:
        """Take a bot out of use: open conversations of it wait for a person from their next message on."""
        now = self._system.now()
        return self._change(actor, bot_id, RecordKind.BOT_ARCHIVED, lambda bot: replace(bot, archived_at=bot.archived_at or now))

    def restore(self, actor: Actor, bot_id: str) -> Bot | BotRefusal:
        """Bring an archived bot back, with the version that was published."""
        return self._change(actor, bot_id, RecordKind.BOT_RESTORED, lambda bot: replace(bot, archived_at=None))

    def _change(self, actor: Actor, bot_id: str, kind: RecordKind, change: Callable[[Bot], Bot | BotRefusal]) -> Bot | BotRefusal:
        """Change a bot under its lock, and record it. What it is already is neither written nor recorded."""
        with self._transactions.writing() as tx:
            bot = lock_bot(tx, bot_id)
            changed = BotRefusal.NO_SUCH_BOT if bot is None else change(bot)
            if bot is None or isinstance(changed, BotRefusal) or changed == bot:
                return changed
            save_bot(tx, changed)
            record(tx, self._system, actor, kind, bot.id, name=changed.name, **({"before": bot.name} if changed.name != bot.name else {}))
            tx.commit()
        return changed


def usable_name(text: str) -> str | None:
    """The name of a bot as it is kept; None for one that is empty, too long or has control characters."""
    return normalise_line(text, max_length=MAX_LINE_LENGTH)


def make_bot(tx: Writing, system: System, actor: Actor, new: NewBot, kind: RecordKind, change: Change) -> Bot:
    """Insert a bot with its first draft, and record it. The name is a usable one. A bot of this id that is there is left and returned."""
    bot = Bot(new.id, new.name, new.script.language, None, 0, 1, None)
    if not add_bot(tx, bot):
        return find_bot(tx, bot.id) or bot
    document = written(replace(new.script, name=new.name))
    add_draft(tx, Draft(bot.id, 1, document, actor, system.now(), written_change(change)))
    record(tx, system, actor, kind, bot.id, name=bot.name)
    return bot
