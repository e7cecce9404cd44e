"""What is done to a draft besides typing: parts are added, moved and removed, within the limits of the format."""

from collections.abc import Callable

import pytest

from tests.support.actors import ANNA
from tests.support.bots import make_bot
from tests.support.installation import Installation
from tests.support.restaurant import BYE, CHOICES, HOURS_ROW, SAY, a_script, ids, part, typed
from xpressbot.chat.bots.administration import BotRefusal
from xpressbot.chat.bots.draft_changes import ChangeKind
from xpressbot.chat.bots.store import Bot
from xpressbot.chat.editing.editing import Edited, Editing, Redo, Undo
from xpressbot.chat.editing.edits import (
    AddStep,
    AddTopic,
    Edit,
    EditRefusal,
    MoveTo,
    Remove,
    RemoveTopic,
    Shift,
    ShiftTopic,
)
from xpressbot.chat.editing.parts import PartKind, kind_of
from xpressbot.chat.editing.rows import Row, RowOf
from xpressbot.chat.scripts.json_values import Refused, Unreadable
from xpressbot.chat.scripts.script import MOST_INDENTATION, MOST_STEPS_IN_A_ROW, Choices, On, Say, Script, Starts, Topic


def test_options_are_added_by_their_label(edit: Callable[..., Edited]) -> None:
    """Each has an id of its own; an eleventh is refused."""
    added = edit(typed(CHOICES, new_option="On the roof", text="Where to?"))
    choices = part(added.opened.script, "s3")
    assert isinstance(choices, Choices)
    assert (choices.text, [option.label for option in choices.options]) == ("Where to?", ["Inside", "Outside", "On the roof"])
    for number in range(7):
        edit(typed(choices, new_option=f"Place {number}"))
    (unsaved,) = edit(typed(choices, new_option="One more")).unsaved
    assert isinstance(unsaved.why, Refused)
    assert (unsaved.why.problem, str(unsaved.why.place)) == (Unreadable.TOO_MANY, "option")


@pytest.mark.parametrize("at", ["s1", "s4", HOURS_ROW, Row(RowOf.OPTION, "o2"), Row(RowOf.THEN, "s5"), Row(RowOf.ELSE, "s5")], ids=str)
def test_a_step_of_each_kind_is_added_at_each_place(at: str | Row, edit: Callable[..., Edited]) -> None:
    """It is of right shape at once, and can be taken back."""
    for kind in set(PartKind) - {PartKind.OPTION, PartKind.TOPIC}:
        added = edit(action=AddStep(kind, at))
        assert added.at is not None
        assert kind_of(part(added.opened.script, added.at)) is kind
        assert edit(action=Undo(added.opened.bot.draft_revision)).opened.script == a_script()


def test_an_id_that_was_removed_is_not_given_again(edit: Callable[..., Edited]) -> None:
    """A form that still has the old step would write into the new one."""
    first = edit(action=AddStep(PartKind.SAY, HOURS_ROW)).at
    assert first is not None
    edit(action=Remove(first))
    assert edit(action=AddStep(PartKind.SAY, HOURS_ROW)).at != first


def test_steps_options_and_topics_are_moved_and_removed(edit: Callable[..., Edited]) -> None:
    """Within their row; the first does not go up."""
    assert ids(edit(action=Shift("s2", -1)).opened.script) == ["s2", "s1", "s3", "s5"]
    assert ids(edit(action=Shift("s2", -1)).opened.script) == ["s2", "s1", "s3", "s5"]
    assert ids(edit(action=Shift("s2", 1)).opened.script) == ["s1", "s2", "s3", "s5"]
    choices = part(edit(action=Shift("o2", -1)).opened.script, "s3")
    assert isinstance(choices, Choices)
    assert [option.id for option in choices.options] == ["o2", "o1"]
    removed = edit(action=Remove("o1"))
    assert (removed.at, removed.opened.last.change.kind, removed.opened.last.change.subject) == ("o2", ChangeKind.REMOVED, "Inside")
    moved = edit(action=MoveTo("s1", Row(RowOf.OPTION, "o2")))
    assert ids(moved.opened.script) == ["s2", "s3", "s5"]
    assert [one.id for one in edit(action=ShiftTopic("rest", -1)).opened.script.topics] == ["hours", "rest", "bye"]
    assert [one.id for one in edit(action=RemoveTopic("bye")).opened.script.topics] == ["hours", "rest"]


@pytest.mark.parametrize(
    ("name", "topic_id"),
    [("Opening hours", "opening-hours"), ("Öffnung!", "offnung"), ("समय", "topic-s2-2"), ("Hours", "hours-2"), ("x" * 80, "x" * 28)],
)
def test_a_topic_is_added_with_its_name_as_its_first_phrase(name: str, topic_id: str, edit: Callable[..., Edited]) -> None:
    """Its id is readable where the name is ASCII."""
    added = edit(action=AddTopic(name))
    assert added.opened.script.topics[-1] == Topic(topic_id, name, Starts(On.PHRASES, (name,)))
    assert added.at == topic_id


@pytest.mark.parametrize(
    ("action", "refusal"),
    [
        (Remove("nothing"), EditRefusal.NOT_THERE),
        (Shift("nothing", 1), EditRefusal.NOT_THERE),
        (MoveTo("s1", Row(RowOf.OPTION, "nothing")), EditRefusal.NOT_THERE),
        (MoveTo("o1", HOURS_ROW), EditRefusal.NOT_THERE),
        (MoveTo("s3", Row(RowOf.OPTION, "o1")), EditRefusal.INTO_ITSELF),
        (AddStep(PartKind.SAY, "nothing"), EditRefusal.NOT_THERE),
        (RemoveTopic("nothing"), EditRefusal.NOT_THERE),
        (Undo(7), EditRefusal.CHANGED_SINCE),
        (Undo(1), EditRefusal.NOT_KEPT),
        (Redo(1), EditRefusal.NOT_KEPT),
    ],
)
def test_what_cannot_be_done_is_said_and_what_was_typed_is_saved(
    action: Edit | Undo | Redo, refusal: EditRefusal, edit: Callable[..., Edited]
) -> None:
    """The one does not depend on the other."""
    refused = edit(typed(CHOICES), action=action)
    assert (refused.refused, refused.opened.script) == (refusal, a_script())
    if not isinstance(action, Undo | Redo):
        assert part(edit(typed(SAY, text="Typed"), action=action).opened.script, "s1") == Say("s1", "Typed")


def test_the_last_topic_stays(installation: Installation) -> None:
    """A script has at least one."""
    bot = make_bot(installation.services, Script("One", "en", (BYE,)))
    refused = installation.services.chat.editing.edit(ANNA, bot.id, [], RemoveTopic("bye"))
    assert isinstance(refused, Edited)
    assert refused.refused is EditRefusal.LAST_TOPIC


def test_a_script_that_is_full_takes_no_more(installation: Installation) -> None:
    """Rows, indentation and bytes end where the format ends."""
    editing = installation.services.chat.editing
    full = make_bot(installation.services, a_script(*(Say(f"a{i}", "x") for i in range(MOST_STEPS_IN_A_ROW))))
    too_many = editing.edit(ANNA, full.id, [], AddStep(PartKind.SAY, HOURS_ROW))
    assert isinstance(too_many, Edited)
    assert isinstance(too_many.refused, Refused)
    assert too_many.refused.problem is Unreadable.TOO_MANY
    deep = make_bot(installation.services, a_script(CHOICES))
    at: Row = Row(RowOf.OPTION, "o1")
    for _depth in range(MOST_INDENTATION + 1):
        done = editing.edit(ANNA, deep.id, [], AddStep(PartKind.IF, at))
        assert isinstance(done, Edited)
        at = Row(RowOf.THEN, done.at or "")
    assert isinstance(done, Edited)
    assert isinstance(done.refused, Refused)
    assert done.refused.problem is Unreadable.INDENTED_TOO_DEEP
    says = tuple(Say(f"b{topic}-{i}", "") for topic in range(3) for i in range(40))
    topics = tuple(Topic(f"t{topic}", f"T{topic}", Starts(On.GO_TO), says[40 * topic : 40 * topic + 40]) for topic in range(3))
    large = make_bot(installation.services, Script("Large", "en", topics))
    overflow = editing.edit(ANNA, large.id, [typed(say, text="y" * 2000) for say in says], None)
    assert isinstance(overflow, Edited)
    assert {type(one.why) for one in overflow.unsaved} == {Refused}
    assert (len(overflow.unsaved), overflow.opened.script.topics) == (120, topics)


def test_a_bot_that_is_archived_or_unknown_is_not_edited(installation: Installation, editing: Editing, bot: Bot) -> None:
    """An archived one can still be looked at."""
    installation.services.chat.bots.archive(ANNA, bot.id)
    assert editing.edit(ANNA, bot.id, [typed(SAY, text="No")], None) is BotRefusal.ARCHIVED
    assert editing.edit(ANNA, "0" * 32, [], None) is BotRefusal.NO_SUCH_BOT
    assert editing.open("0" * 32) is None
    opened = editing.open(bot.id)
    assert opened is not None
    assert opened.script == a_script()
