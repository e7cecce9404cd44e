"""What several people type into one draft is merged, and nothing of it is lost."""

from collections.abc import Callable, Mapping

import pytest

from tests.chat.editing.conftest import drafts
from tests.support.actors import ANNA, BO
from tests.support.bots import make_bot
from tests.support.installation import Installation
from tests.support.restaurant import ASK, BYE, CONDITION, HOURS, SAY, a_script, ids, part, topic, typed
from xpressbot.chat.bots.draft_changes import ChangeKind
from xpressbot.chat.bots.store import Bot
from xpressbot.chat.editing.editing import Edited, Editing
from xpressbot.chat.editing.edits import (
    MoveTo,
    Remove,
)
from xpressbot.chat.editing.merging import ChangedByOther, RemovedByOther, StartTaken, Typed, typed_parts
from xpressbot.chat.editing.parts import Part, PartKind, UnknownFieldsError, digest, fields_of, key_of, parts_of
from xpressbot.chat.editing.rows import Row, RowOf
from xpressbot.chat.scripts.json_values import Refused, Unreadable
from xpressbot.chat.scripts.script import Choices, If, On, Option, Say, Starts


def test_what_is_typed_into_all_kinds_of_parts_is_saved(edit: Callable[..., Edited]) -> None:
    """Each field of each kind; what stands inside a step stays."""
    script = a_script()
    sent = {
        "s1": {"text": "We open at 10."},
        "s2": {"text": "How many are you?", "into": "Party Size", "answer": "text", "again": ""},
        "s3": {"text": "Where?", "into": "", "again": "Choose one."},
        "o1": {"label": "In the house"},
        "s5": {"field": "party_size", "is": "less", "value": "3"},
        "s6": {"text": "", "note": "Call them"},
        "s7": {"topic": "rest"},
        "hours": {"name": "Hours", "on": "phrases", "phrases": "open\r\n\r\n  when  \r\n"},
    }
    saved = edit(*(typed(part(script, part_id), **fields) for part_id, fields in sent.items()))
    assert saved.unsaved == ()
    found = saved.opened.script
    assert fields_of(part(found, "s1")) == {"text": "We open at 10."}
    assert fields_of(part(found, "s2")) == {"text": "How many are you?", "into": "party_size", "answer": "text", "again": ""}
    assert fields_of(part(found, "s3")) == {"text": "Where?", "into": "", "again": "Choose one."}
    assert fields_of(part(found, "s5")) == {"field": "party_size", "is": "less", "value": "3"}
    assert fields_of(part(found, "s6")) == {"text": "", "note": "Call them"}
    assert fields_of(part(found, "s7")) == {"topic": "rest"}
    assert (topic(found).name, topic(found).starts) == ("Hours", Starts(On.PHRASES, ("open", "when")))
    choices, condition = part(found, "s3"), part(found, "s5")
    assert isinstance(choices, Choices)
    assert [(option.label, [step.id for step in option.steps]) for option in choices.options] == [("In the house", ["s4"]), ("Outside", [])]
    assert isinstance(condition, If)
    assert [step.id for step in (*condition.then, *condition.otherwise)] == ["s6", "s7"]
    assert (saved.opened.last.change.kind, saved.opened.last.change.subject) == (ChangeKind.WRITTEN, "We open at 10.")


def test_an_untouched_form_makes_no_draft(installation: Installation, edit: Callable[..., Edited]) -> None:
    """Also where it holds all parts, with the line breaks that browsers send, and spaces around."""
    sent = [typed(one) for each in a_script().topics for one in parts_of(each)]
    again = [Typed(one.key, one.kind, one.shown, {name: f" {text}\r\n" for name, text in one.fields.items()}) for one in sent]
    edit(*sent)
    edit(*again)
    assert drafts(installation) == [1]


def test_white_space_around_a_stored_text_is_no_change(installation: Installation) -> None:
    """A file may have it; no form sends it back."""
    padded = Say("s1", "  Hello \n")
    bot = make_bot(installation.services, a_script(padded))
    sent = Typed(key_of(padded), PartKind.SAY, digest(padded), {"text": "Hello"})
    edited = installation.services.chat.editing.edit(ANNA, bot.id, [sent], None)
    assert isinstance(edited, Edited)
    assert edited.opened.bot.draft_revision == 1


def test_two_people_who_change_different_steps_lose_nothing(edit: Callable[..., Edited]) -> None:
    """The second form was shown before the first was sent."""
    edit(typed(SAY, text="Hello from Anna"), typed(ASK))
    second = edit(typed(SAY), typed(ASK, text="How many, says Berta?"), by=BO)
    assert second.unsaved == ()
    found = second.opened.script
    assert (fields_of(part(found, "s1"))["text"], fields_of(part(found, "s2"))["text"]) == ("Hello from Anna", "How many, says Berta?")


def test_a_step_that_two_people_change_is_told_to_the_second_and_the_rest_is_saved(edit: Callable[..., Edited]) -> None:
    """With what the first made of it; nothing is done besides."""
    edit(typed(SAY, text="Hello from Anna"))
    second = edit(typed(SAY, text="Hello from Berta"), typed(ASK, text="How many?"), action=Remove("s3"), by=BO)
    (unsaved,) = second.unsaved
    assert unsaved.typed.fields["text"] == "Hello from Berta"
    assert unsaved.why == ChangedByOther(Say("s1", "Hello from Anna"))
    assert fields_of(part(second.opened.script, "s2"))["text"] == "How many?"
    assert "s3" in ids(second.opened.script)


def test_the_same_change_by_two_people_is_no_conflict(edit: Callable[..., Edited]) -> None:
    """A form that is sent twice, too."""
    edit(typed(SAY, text="Hello"))
    assert edit(typed(SAY, text="Hello"), by=BO).unsaved == ()


def test_text_for_a_step_that_was_removed_meanwhile_is_given_back(edit: Callable[..., Edited]) -> None:
    """What was not typed anew is gone without a word."""
    edit(action=Remove("s1"))
    second = edit(typed(SAY, text="Still here?"), typed(ASK), by=BO)
    assert [(one.typed.fields["text"], one.why) for one in second.unsaved] == [("Still here?", RemovedByOther())]
    assert edit(typed(SAY), by=BO).unsaved == ()


def test_text_follows_a_step_to_another_topic(edit: Callable[..., Edited]) -> None:
    """Only contents travel with a form, not where a step stands."""
    edit(action=MoveTo("s1", Row(RowOf.TOPIC, "bye")))
    second = edit(typed(SAY, text="Hello there"), by=BO)
    assert topic(second.opened.script, "bye").steps[-1] == Say("s1", "Hello there")


@pytest.mark.parametrize(
    ("fields", "of", "problem", "field"),
    [
        ({"into": "2nd"}, ASK, Unreadable.NOT_A_FIELD, "into"),
        ({"into": ""}, ASK, Unreadable.NOT_A_FIELD, "into"),
        ({"text": "x" * 2001}, SAY, Unreadable.TOO_LONG, "text"),
        ({"text": "a\x00b"}, SAY, Unreadable.BAD_CHARACTER, "text"),
        ({"name": "  "}, HOURS, Unreadable.EMPTY, "name"),
        ({"phrases": "\n".join(f"phrase {i}" for i in range(31))}, HOURS, Unreadable.TOO_MANY, "phrases"),
        ({"phrases": "x" * 81}, HOURS, Unreadable.TOO_LONG, "phrases"),
        ({"label": "x" * 81}, Option("o1", "Inside"), Unreadable.TOO_LONG, "label"),
        ({"field": "Größe & mehr"}, CONDITION, Unreadable.NOT_A_FIELD, "field"),
        ({"topic": "No such id"}, CONDITION.otherwise[0], Unreadable.NOT_AN_ID, "topic"),
    ],
)
def test_what_the_format_refuses_is_given_back_with_its_field(
    fields: Mapping[str, str], of: Part, problem: Unreadable, field: str, edit: Callable[..., Edited]
) -> None:
    """The rest is saved."""
    edited = edit(typed(of, **fields), typed(part(a_script(), "s4"), text="Near the fire."))
    (unsaved,) = edited.unsaved
    assert isinstance(unsaved.why, Refused)
    assert (unsaved.why.problem, unsaved.why.place.path[0]) == (problem, field)
    assert part(edited.opened.script, "s4") == Say("s4", "Near the fire.")
    assert digest(part(edited.opened.script, of.id)) == digest(part(a_script(), of.id))


def test_only_one_topic_starts_on_what_only_one_may(edit: Callable[..., Edited]) -> None:
    """The other is named."""
    (unsaved,) = edit(typed(BYE, on="nothing_matched")).unsaved
    assert isinstance(unsaved.why, StartTaken)
    assert unsaved.why.topic.id == "rest"
    assert edit(typed(BYE, on="first_message")).unsaved == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"step.s1.text": "no digest"},
        {"step.s1.shown": "say.0", "topic.hours.shown": "say.0"},
        {"step.s1.shown": "topic.0"},
        {"step.s1.shown": "shout.0"},
        {"step.s1.shown": ""},
    ],
)
def test_fields_without_the_digest_of_their_kind_are_no_form(fields: dict[str, str]) -> None:
    with pytest.raises(UnknownFieldsError):
        typed_parts(fields)


@pytest.mark.parametrize("fields", [{}, {"answer": "poem"}])
def test_missing_fields_and_unknown_choices_are_no_form(fields: dict[str, str], editing: Editing, bot: Bot) -> None:
    """They would empty a step."""
    sent = Typed(key_of(ASK), PartKind.ASK, digest(ASK), {**fields_of(ASK), **fields} if fields else {})
    with pytest.raises(UnknownFieldsError):
        editing.edit(ANNA, bot.id, [sent], None)
