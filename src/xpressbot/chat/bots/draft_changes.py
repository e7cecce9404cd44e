"""What was done to a draft, and the draft that follows from it. Every change of a script is one, so that all of them can be undone."""

import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from xpressbot.chat.actor import Actor
from xpressbot.chat.bots.store import Bot, Draft, add_draft, find_draft, lock_bot, save_bot
from xpressbot.chat.scripts.json_values import Refused
from xpressbot.chat.scripts.reading import read_script
from xpressbot.chat.scripts.script import Script
from xpressbot.chat.scripts.writing import written
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Writing
from xpressbot.foundation.database.unknown_enum_values import member_or_none


class ChangeKind(StrEnum):
    """What was done."""

    BOT_MADE = "bot_made"
    IMPORTED = "imported"
    CHECK_KEPT = "check_kept"
    CHECK_REMOVED = "check_removed"
    PHRASE_ADDED = "phrase_added"
    WRITTEN = "written"
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    UNDONE = "undone"
    """A change was taken back."""
    REDONE = "redone"
    """A change that was taken back was made again."""


@dataclass(frozen=True, slots=True)
class Change:
    """What was done to the draft before. kind: None for what a newer version did. subject: what it was done to, in its author's words.

    part: the kind of part that it was done to (parts.py); empty where it was something else.
    stands_for: the revision to which UNDONE and REDONE lead, and ahead: those that were taken back and can be made again, the next one
    last. Only these two kinds have them.
    """

    kind: ChangeKind | None
    subject: str = ""
    part: str = ""
    stands_for: int | None = None
    ahead: tuple[int, ...] = ()


def written_change(change: Change) -> str:
    """A change as the column of a draft has it."""
    return json.dumps(asdict(change), ensure_ascii=False)


def read_change(text: str) -> Change:
    """The change that written_change wrote."""
    fields = json.loads(text)
    kind = member_or_none(ChangeKind, fields["kind"])
    return Change(kind, fields["subject"], fields.get("part", ""), fields.get("stands_for"), tuple(fields.get("ahead", ())))


def script_of(document: str) -> Script:
    """The script that a draft or a version holds. What is stored was written by writing.py: anything else is a bug, and raises."""
    script = read_script(document)
    if not isinstance(script, Script):
        raise ValueError(f"a stored script is none: {script.problem} at {script.place}")  # noqa: TRY004  # its content, not its type
    return script


def lock_draft(tx: Writing, bot_id: str) -> tuple[Bot, Script] | None:
    """A bot with its row locked, and its draft; None for a bot that there is not, or that is archived."""
    bot = lock_bot(tx, bot_id)
    draft = None if bot is None or bot.archived_at is not None else find_draft(tx, bot_id, bot.draft_revision)
    return None if bot is None or draft is None else (bot, script_of(draft.document))


def save_script(tx: Writing, system: System, actor: Actor, bot: Bot, script: Script, change: Change) -> Bot | Refused:
    """Make a script the draft of a bot whose row is locked, if it keeps the limits of the format, as what people write may not."""
    document = written(script)
    read = read_script(document)
    return read if isinstance(read, Refused) else add_next_draft(tx, system, actor, bot, document, change)


def add_next_draft(tx: Writing, system: System, actor: Actor, bot: Bot, document: str, change: Change) -> Bot:
    """Make a document the draft of a bot whose row is locked, and return the bot with its new revision."""
    changed = replace(bot, draft_revision=bot.draft_revision + 1)
    add_draft(tx, Draft(bot.id, changed.draft_revision, document, actor, system.now(), written_change(change)))
    save_bot(tx, changed)
    return changed
