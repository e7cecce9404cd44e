"""Taking changes of a draft back. That removes no draft: going back to one adds another that stands for it."""

from dataclasses import dataclass

from xpressbot.chat.actor import Actor
from xpressbot.chat.bots.draft_changes import Change, ChangeKind, read_change
from xpressbot.chat.bots.store import MOST_DRAFTS, Draft, find_draft
from xpressbot.foundation.database.transaction import Reading


@dataclass(frozen=True, slots=True)
class Position:
    """Where a draft stands among the changes: at the revision whose change is the next to be taken back.

    ahead: the revisions whose changes were taken back since, the next one to be made again last.
    """

    revision: int
    ahead: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LastChange:
    """What was done last, by whom and when. is_undone: it was, and has been taken back since; then by whom and when that was."""

    change: Change
    is_undone: bool
    by: Actor
    at: int
    can_undo: bool
    can_redo: bool


def position_of(draft: Draft) -> Position:
    """The position of a draft: its own, or that of the one for which it stands."""
    change = read_change(draft.change)
    if change.kind in {ChangeKind.UNDONE, ChangeKind.REDONE} and change.stands_for is not None:
        return Position(change.stands_for, change.ahead)
    return Position(draft.revision)


def last_change(tx: Reading, draft: Draft) -> LastChange:
    """The change that is shown. That of a draft to which others lead back is not the one that led to those. draft: the newest."""
    now, change = position_of(draft), read_change(draft.change)
    is_undone = change.kind is ChangeKind.UNDONE
    shown = now.ahead[-1] if is_undone else now.revision
    oldest = max(1, draft.revision - MOST_DRAFTS + 1)
    of = draft if shown == draft.revision else find_draft(tx, draft.bot_id, shown)
    return LastChange(
        change if of is None else read_change(of.change),
        is_undone,
        draft.by,
        draft.at,
        can_undo=now.revision > oldest,
        can_redo=bool(now.ahead) and now.ahead[-1] >= oldest,
    )
