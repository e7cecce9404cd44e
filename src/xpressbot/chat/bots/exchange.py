"""Scripts as files: a bot is exported, and a file becomes a new bot or the draft of one that there is."""

from dataclasses import replace

from xpressbot.chat.actor import Actor
from xpressbot.chat.bots.administration import BotRefusal, NewBot, make_bot, usable_name
from xpressbot.chat.bots.draft_changes import Change, ChangeKind, lock_draft, save_script, script_of
from xpressbot.chat.bots.store import Bot, find_bot, find_draft, find_version
from xpressbot.chat.record import RecordKind, record
from xpressbot.chat.scripts.json_values import Refused
from xpressbot.chat.scripts.reading import read_script
from xpressbot.chat.scripts.writing import written
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions


class Exchange:
    """The use cases. What a file holds is bounded by read_script: whoever hands it over bounds what is read of the file itself."""

    def __init__(self, transactions: Transactions, system: System) -> None:
        self._transactions = transactions
        self._system = system

    def export(self, bot_id: str, version: int | None = None) -> tuple[Bot, str] | None:
        """A bot and its draft, or a published version, as a file; None for what there is not. The script has the name of the bot."""
        with self._transactions.reading() as tx:
            bot = find_bot(tx, bot_id)
            if bot is None:
                return None
            found = find_draft(tx, bot_id, bot.draft_revision) if version is None else find_version(tx, bot_id, version)
        return None if found is None else (bot, written(replace(script_of(found.document), name=bot.name)))

    def import_as_new(self, actor: Actor, data: bytes) -> Bot | BotRefusal | Refused:
        """Make a bot of a file, with the name that stands in it. Nothing is published by it."""
        script = read_script(data)
        if isinstance(script, Refused):
            return script
        name = usable_name(script.name)
        if name is None:
            return BotRefusal.NAME_UNUSABLE
        with self._transactions.writing() as tx:
            new = NewBot(self._system.new_id(), name, script)
            bot = make_bot(tx, self._system, actor, new, RecordKind.BOT_IMPORTED, Change(ChangeKind.IMPORTED, name))
            tx.commit()
        return bot

    def import_as_draft(self, actor: Actor, bot_id: str, data: bytes) -> Bot | BotRefusal | Refused:
        """Make a file the draft of a bot, which keeps its name. The draft before can be brought back, as after any other change."""
        script = read_script(data)
        if isinstance(script, Refused):
            return script
        with self._transactions.writing() as tx:
            locked = lock_draft(tx, bot_id)
            if locked is None:
                return BotRefusal.NO_SUCH_BOT if find_bot(tx, bot_id) is None else BotRefusal.ARCHIVED
            bot, before = locked
            after = replace(script, name=before.name)
            if after == before:
                return bot
            changed = save_script(tx, self._system, actor, bot, after, Change(ChangeKind.IMPORTED, script.name))
            if isinstance(changed, Refused):
                return changed
            record(tx, self._system, actor, RecordKind.BOT_IMPORTED, bot.id, name=bot.name)
            tx.commit()
        return changed
