"""Changes of a draft are taken back and made again."""

from collections.abc import Callable

from sqlalchemy import update

from tests.chat.editing.conftest import drafts
from tests.support.actors import ANNA
from tests.support.installation import Installation
from tests.support.restaurant import SAY, a_script, ids, part, typed
from xpressbot.chat.bots.store import MOST_DRAFTS, Bot
from xpressbot.chat.editing.editing import Edited, Editing, Redo, Undo
from xpressbot.chat.editing.edits import (
    EditRefusal,
    Remove,
)
from xpressbot.chat.editing.merging import ChangedByOther
from xpressbot.chat.scripts.script import Say
from xpressbot.chat.tables import BOT_DRAFT


def test_changes_are_taken_back_one_by_one_and_made_again(edit: Callable[..., Edited]) -> None:
    """Undo goes on to the change before; Redo leads back; each says which change it is about."""
    scripts = [a_script(), *(edit(action=Remove(step)).opened.script for step in ("s1", "s2", "s3"))]
    revision = 4
    for step in (2, 1, 0):
        undone = edit(action=Undo(revision)).opened
        revision += 1
        assert (undone.script, undone.last.is_undone) == (scripts[step], True)
        assert undone.last.change.subject == {2: "Inside or outside?", 1: "How many people?", 0: "Hello! We open at 9."}[step]
    assert not undone.last.can_undo
    for step in (1, 2):
        redone = edit(action=Redo(revision)).opened
        revision += 1
        assert (redone.script, redone.last.is_undone, redone.last.can_undo) == (scripts[step], False, True)
    written = edit(typed(part(redone.script, "s5"), value="8")).opened
    assert not written.last.can_redo
    assert edit(action=Undo(written.bot.draft_revision)).opened.script == scripts[2]
    assert edit(action=Undo(written.bot.draft_revision + 1)).opened.script == scripts[1]


def test_a_change_that_was_taken_back_is_not_come_back_to(edit: Callable[..., Edited]) -> None:
    """After another change, Undo leads past it to where both began."""
    edit(action=Remove("s1"))
    edit(action=Undo(2))
    edit(action=Remove("s2"))
    undone = edit(action=Undo(4)).opened
    assert (undone.script, undone.last.can_undo) == (a_script(), False)


def test_what_is_typed_stays_when_a_change_is_taken_back(edit: Callable[..., Edited]) -> None:
    """It was no part of that change."""
    removed = edit(action=Remove("s2"))
    undone = edit(typed(SAY, text="Typed since"), action=Undo(removed.opened.bot.draft_revision))
    assert ids(undone.opened.script) == ["s1", "s2", "s3", "s5"]
    assert part(undone.opened.script, "s1") == Say("s1", "Typed since")


def test_text_that_a_change_taken_back_would_overwrite_is_given_back(edit: Callable[..., Edited]) -> None:
    """Then nothing is taken back."""
    first = edit(typed(SAY, text="First"))
    refused = edit(typed(Say("s1", "First"), text="Second"), action=Undo(first.opened.bot.draft_revision))
    assert [one.why for one in refused.unsaved] == [ChangedByOther(SAY)]
    assert part(refused.opened.script, "s1") == Say("s1", "First")


def test_going_back_ends_where_drafts_are_not_kept(installation: Installation, edit: Callable[..., Edited]) -> None:
    """The last MOST_DRAFTS."""
    says = SAY
    for number in range(MOST_DRAFTS + 2):
        edited = edit(typed(says, text=f"Text {number}"))
        says = Say("s1", f"Text {number}")
    assert len(drafts(installation)) == MOST_DRAFTS
    taken_back = 0
    while edited.opened.last.can_undo:
        edited = edit(action=Undo(edited.opened.bot.draft_revision))
        assert edited.refused is None
        taken_back += 1
    assert 0 < taken_back < MOST_DRAFTS
    assert edit(action=Undo(edited.opened.bot.draft_revision)).refused is EditRefusal.NOT_KEPT


def test_a_change_of_a_newer_version_is_shown_without_words(installation: Installation, editing: Editing, bot: Bot) -> None:
    """And taken back as any other."""
    editing.edit(ANNA, bot.id, [], Remove("s1"))
    with installation.services.database.write() as connection:
        change = '{"kind": "painted", "subject": "blue", "part": "", "stands_for": null, "ahead": []}'
        connection.execute(update(BOT_DRAFT).where(BOT_DRAFT.c.revision == 2).values(change=change))
        connection.commit()
    opened = editing.open(bot.id)
    assert opened is not None
    assert (opened.last.change.kind, opened.last.can_undo) == (None, True)
