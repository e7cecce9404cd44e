"""Editing the draft of a bot: what was typed is saved, then something is done, and each change can be taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

from xpressbot.chat.actor import Actor
from xpressbot.chat.bots.administration import BotRefusal
from xpressbot.chat.bots.draft_changes import Change, ChangeKind, save_script, script_of
from xpressbot.chat.bots.store import Bot, Draft, find_bot, find_draft, lock_bot
from xpressbot.chat.bots.undoing import LastChange, Position, last_change, position_of
from xpressbot.chat.editing.edits import AddStep, AddTopic, Edit, EditRefusal, MoveTo, Remove, RemoveTopic, Shift, ShiftTopic, do, free_id
from xpressbot.chat.editing.excerpts import change_of
from xpressbot.chat.editing.merging import Typed, Unsaved, merge
from xpressbot.chat.scripts.json_values import Refused
from xpressbot.chat.scripts.script import Script
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Reading, Transactions, Writing

NotEdited = Literal[BotRefusal.NO_SUCH_BOT, BotRefusal.ARCHIVED]
"""Why nothing was saved."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A bot with its draft as it is now."""

    bot: Bot
    script: Script
    last: LastChange


@dataclass(frozen=True, slots=True)
class Undo:
    """Take back the change that led to this revision, which is the newest."""

    revision: int


@dataclass(frozen=True, slots=True)
class Redo:
    """Make the change again that was taken back with this revision, which is the newest."""

    revision: int


@dataclass(frozen=True, slots=True)
class Edited:
    """What came of a form: the bot after it, what was typed and is not saved, and where to look at what was done.

    refused: why nothing was done besides saving; None also where nothing was to be done, or where something is unsaved.
    """

    opened: Opened
    unsaved: tuple[Unsaved, ...] = ()
    at: str | None = None
    refused: EditRefusal | Refused | None = None


class Editing:
    """The editor of a draft."""

    def __init__(self, transactions: Transactions, system: System) -> None:
        self._transactions = transactions
        self._system = system

    def open(self, bot_id: str) -> Opened | None:
        """The bot with its draft, archived or not; None for a bot that there is not."""
        with self._transactions.reading() as tx:
            bot = find_bot(tx, bot_id)
            return None if bot is None else _opened(tx, bot)

    def edit(self, actor: Actor, bot_id: str, typed: Sequence[Typed], edit: Edit | Undo | Redo | None) -> Edited | NotEdited:
        """Save what was typed, then do something.

        What cannot be saved is left out and said, the rest is saved, and then nothing else is done. Each change is a draft of its
        own; where there is none, none is written.
        """
        with self._transactions.writing() as tx:
            bot = lock_bot(tx, bot_id)
            if bot is None:
                return BotRefusal.NO_SUCH_BOT
            if bot.archived_at is not None:
                return BotRefusal.ARCHIVED
            locked = _LockedBot(tx, self._system, actor, bot)
            edited = locked.travel(typed, edit) if isinstance(edit, Undo | Redo) else locked.save_and_do(typed, edit)
            tx.commit()
        return edited


class _LockedBot:
    """One edit of a bot whose row is locked."""

    def __init__(self, tx: Writing, system: System, actor: Actor, bot: Bot) -> None:
        self._tx, self._system, self._actor, self._bot = tx, system, actor, bot
        self._script = script_of(_draft(tx, bot.id, bot.draft_revision).document)

    def save_and_do(self, typed: Sequence[Typed], edit: Edit | None) -> Edited:
        """Save, then do it if all could be saved."""
        merged = merge(self._script, typed, self._new_id)
        if merged.changed:
            self._add(merged.script, change_of(ChangeKind.WRITTEN, merged.changed[0], merged.script))
        if merged.unsaved or edit is None:
            return Edited(self._opened(), merged.unsaved)
        done = do(self._script, edit, self._new_id)
        if isinstance(done, EditRefusal):
            return Edited(self._opened(), refused=done)
        if done.script != self._script:
            refused = self._add(done.script, change_of(_kind_of_change(edit), done.part, done.script))
            if refused is not None:
                return Edited(self._opened(), refused=refused)
        return Edited(self._opened(), at=done.at)

    def travel(self, typed: Sequence[Typed], way: Undo | Redo) -> Edited:
        """Go to another draft, and take along what was typed."""
        if way.revision != self._bot.draft_revision:
            saved = self.save_and_do(typed, None)
            return Edited(saved.opened, saved.unsaved, refused=EditRefusal.CHANGED_SINCE)
        now = self._position(self._bot.draft_revision)
        goal = _goal(way, now)
        draft = None if goal is None else find_draft(self._tx, self._bot.id, goal)
        if draft is None:
            saved = self.save_and_do(typed, None)
            return Edited(saved.opened, saved.unsaved, refused=EditRefusal.NOT_KEPT)
        merged = merge(script_of(draft.document), typed, self._new_id)
        if merged.unsaved:
            return Edited(self._opened(), merged.unsaved)
        self._add(script_of(draft.document), self._travelled(way, now, draft))
        if merged.changed:
            self._add(merged.script, change_of(ChangeKind.WRITTEN, merged.changed[0], merged.script))
        return Edited(self._opened())

    def _travelled(self, way: Undo | Redo, now: Position, goal: Draft) -> Change:
        match way:
            case Undo():
                return Change(ChangeKind.UNDONE, stands_for=self._position(goal.revision).revision, ahead=(*now.ahead, now.revision))
            case Redo():
                return Change(ChangeKind.REDONE, stands_for=goal.revision, ahead=now.ahead[:-1])

    def _add(self, script: Script, change: Change) -> Refused | None:
        """Make a script the next draft, unless the format refuses it."""
        changed = save_script(self._tx, self._system, self._actor, self._bot, script, change)
        if isinstance(changed, Refused):
            return changed
        self._bot, self._script = changed, script
        return None

    def _new_id(self, script: Script) -> str:
        """Numbers of drafts only rise: an id that was removed is not given again, as far as this editor gave it."""
        return free_id(script, f"s{self._bot.draft_revision + 1}")

    def _position(self, revision: int) -> Position:
        return position_of(_draft(self._tx, self._bot.id, revision))

    def _opened(self) -> Opened:
        return _opened(self._tx, self._bot, self._script)


def _kind_of_change(edit: Edit) -> ChangeKind:
    match edit:
        case AddStep() | AddTopic():
            return ChangeKind.ADDED
        case Remove() | RemoveTopic():
            return ChangeKind.REMOVED
        case Shift() | MoveTo() | ShiftTopic():
            return ChangeKind.MOVED
        case _:
            assert_never(edit)


def _goal(way: Undo | Redo, now: Position) -> int | None:
    if isinstance(way, Undo):
        return now.revision - 1
    return now.ahead[-1] if now.ahead else None


def _opened(tx: Reading, bot: Bot, script: Script | None = None) -> Opened:
    draft = _draft(tx, bot.id, bot.draft_revision)
    return Opened(bot, script or script_of(draft.document), last_change(tx, draft))


def _draft(tx: Reading, bot_id: str, revision: int) -> Draft:
    draft = find_draft(tx, bot_id, revision)
    if draft is None:
        raise LookupError(f"draft {revision} of bot {bot_id} is missing")
    return draft
