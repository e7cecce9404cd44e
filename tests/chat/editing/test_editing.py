"""Editing a draft: what several people type is merged, actions are done and taken back, and nothing is lost."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update

from tests.support.actors import ANNA, BO
from tests.support.bots import make_bot
from tests.support.installation import Installation
from tests.support.restaurant import ASK, BYE, CHOICES, CONDITION, HOURS, SAY, a_script
from xpressbot.chat.actor import Actor
from xpressbot.chat.bots.administration import BotRefusal
from xpressbot.chat.bots.draft_changes import ChangeKind
from xpressbot.chat.bots.store import MOST_DRAFTS, Bot
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
from xpressbot.chat.editing.merging import ChangedByOther, RemovedByOther, StartTaken, Typed, typed_parts
from xpressbot.chat.editing.parts import Part, PartKind, UnknownFieldsError, digest, fields_of, key_of, kind_of, parts_of
from xpressbot.chat.editing.rows import Row, RowOf
from xpressbot.chat.scripts.json_values import Refused, Unreadable
from xpressbot.chat.scripts.script import MOST_INDENTATION, MOST_STEPS_IN_A_ROW, Choices, If, On, Option, Say, Script, Starts, Topic
from xpressbot.chat.tables import BOT_DRAFT
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.engine import open_database
from xpressbot.foundation.database.transaction import Transactions

HOURS_ROW = Row(RowOf.TOPIC, "hours")


@pytest.fixture
def bot(installation: Installation) -> Bot:
    return make_bot(installation.services, a_script())


@pytest.fixture
def editing(installation: Installation) -> Editing:
    return installation.services.chat.editing


@pytest.fixture
def edit(editing: Editing, bot: Bot) -> Callable[..., Edited]:
    """Sends a form: what was typed, and what is to be done."""

    def send(*typed: Typed, action: Edit | Undo | Redo | None = None, by: Actor = ANNA) -> Edited:
        edited = editing.edit(by, bot.id, typed, action)
        assert isinstance(edited, Edited), edited
        return edited

    return send


def typed(part: Part, *, new_option: str = "", **fields: str) -> Typed:
    """A part as a form sends it that showed this part, with some of its fields typed anew."""
    return Typed(key_of(part), kind_of(part), digest(part), {**fields_of(part), **fields}, new_option)


def topic(script: Script, topic_id: str = "hours") -> Topic:
    return next(topic for topic in script.topics if topic.id == topic_id)


def part(script: Script, part_id: str) -> Part:
    return next(part for topic in script.topics for part in parts_of(topic) if part.id == part_id)


def ids(script: Script, topic_id: str = "hours") -> list[str]:
    """The ids of the steps in a topic's own row."""
    return [step.id for step in topic(script, topic_id).steps]


def drafts(installation: Installation) -> list[int]:
    with installation.services.database.read() as connection:
        return list(connection.execute(select(BOT_DRAFT.c.revision).order_by(BOT_DRAFT.c.revision)).scalars())


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


def test_white_space_around_a_stored_text_is_no_change(installation: Installation) -> None:
    """A file may have it; no form sends it back."""
    padded = Say("s1", "  Hello \n")
    bot = make_bot(installation.services, a_script(padded))
    sent = Typed(key_of(padded), PartKind.SAY, digest(padded), {"text": "Hello"})
    edited = installation.services.chat.editing.edit(ANNA, bot.id, [sent], None)
    assert isinstance(edited, Edited)
    assert edited.opened.bot.draft_revision == 1


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
        taken_back += 1
    assert 0 < taken_back < MOST_DRAFTS
    assert edit(action=Undo(edited.opened.bot.draft_revision)).refused is EditRefusal.NOT_KEPT


def test_a_bot_that_is_archived_or_unknown_is_not_edited(installation: Installation, editing: Editing, bot: Bot) -> None:
    """An archived one can still be looked at."""
    installation.services.chat.bots.archive(ANNA, bot.id)
    assert editing.edit(ANNA, bot.id, [typed(SAY, text="No")], None) is BotRefusal.ARCHIVED
    assert editing.edit(ANNA, "0" * 32, [], None) is BotRefusal.NO_SUCH_BOT
    assert editing.open("0" * 32) is None
    opened = editing.open(bot.id)
    assert opened is not None
    assert opened.script == a_script()


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


def test_editors_at_once_lose_nothing(installation: Installation) -> None:
    """Each writes into a step of their own, and adds one: all of it is there in the end, in drafts one after the other."""
    editors = 4
    says = [Say(f"a{number}", "before") for number in range(editors)]
    bot = make_bot(installation.services, a_script(*says))
    barrier = threading.Barrier(editors, timeout=30)

    def edit(number: int) -> bool:
        database = open_database(installation.services.settings.url, pool_size=1, durable=False)
        editing = Editing(Transactions(database), System(installation.clock, installation.entropy))
        sent = [typed(say, text=f"from {number}") if place == number else typed(say) for place, say in enumerate(says)]
        barrier.wait()
        try:
            edited = editing.edit(ANNA, bot.id, sent, AddStep(PartKind.SAY, HOURS_ROW))
            return isinstance(edited, Edited) and edited.unsaved == ()
        finally:
            database.dispose()

    with ThreadPoolExecutor(editors) as threads:
        assert list(threads.map(edit, range(editors))) == [True] * editors
    opened = installation.services.chat.editing.open(bot.id)
    assert opened is not None
    steps = topic(opened.script).steps
    assert [step.text for step in steps if isinstance(step, Say)] == [*(f"from {number}" for number in range(editors)), *[""] * editors]
    assert len({step.id for step in steps}) == 2 * editors
    assert drafts(installation) == list(range(1, 2 + 2 * editors))


def test_two_editors_of_one_step_at_once_are_told_of_each_other(installation: Installation) -> None:
    """One text is saved, the other given back: exactly one of each."""
    bot = make_bot(installation.services, a_script())
    barrier = threading.Barrier(2, timeout=30)

    def edit(text: str) -> int:
        database = open_database(installation.services.settings.url, pool_size=1, durable=False)
        editing = Editing(Transactions(database), System(installation.clock, installation.entropy))
        barrier.wait()
        try:
            edited = editing.edit(ANNA, bot.id, [typed(SAY, text=text)], None)
            assert isinstance(edited, Edited)
            return len(edited.unsaved)
        finally:
            database.dispose()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(edit, ["One", "Other"])) == [0, 1]
