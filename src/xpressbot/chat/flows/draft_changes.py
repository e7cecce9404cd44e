"""What was done to a draft, and the draft that follows from it. Every change of a script is one, so that all of them can be undone."""

import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from xpressbot.chat.actor import Actor
from xpressbot.chat.flows.store import Bot, Draft, add_draft, save_bot
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Writing
from xpressbot.foundation.database.unknown_enum_values import member_or_none


class ChangeKind(StrEnum):
    """What was done."""

    BOT_MADE = "bot_made"
    IMPORTED = "imported"
    CHECK_KEPT = "check_kept"
    CHECK_REMOVED = "check_removed"
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
    return Change(kind, fields["subject"], fields["part"], fields["stands_for"], tuple(fields["ahead"]))


def add_next_draft(tx: Writing, system: System, actor: Actor, bot: Bot, document: str, change: Change) -> Bot:
    """Make a document the draft of a bot whose row is locked, and return the bot with its new revision."""
    changed = replace(bot, draft_revision=bot.draft_revision + 1)
    add_draft(tx, Draft(bot.id, changed.draft_revision, document, actor, system.now(), written_change(change)))
    save_bot(tx, changed)
    return changed
