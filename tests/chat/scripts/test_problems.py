"""What is found wrong with a script, where, and whether it keeps it from being published."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given

from tests.support.scripts import script as script_of
from tests.support.scripts import scripts, topic
from xpressbot.chat.scripts.problems import ERRORS, Problem, ProblemKind, problems_of
from xpressbot.chat.scripts.script import (
    Answer,
    Ask,
    Choices,
    Comparison,
    End,
    GoTo,
    HandOver,
    If,
    On,
    Option,
    Place,
    Say,
    Script,
    Step,
    Topic,
    steps_of,
)

SORRY: Final = topic("sorry", On.NOTHING_MATCHED, Say("n1", "I do not know"))
NAME: Final = Ask("q1", "Your name?", "name", Answer.TEXT)


def found(*topics: Topic, language: str = "en") -> list[tuple[ProblemKind, str, str]]:
    """Kind, place and detail of each problem, of topics that stand behind one for what nothing matches."""
    return [(problem.kind, str(problem.place), problem.detail) for problem in problems_of(script_of(SORRY, *topics, language=language))]


def in_topic(*steps: Step) -> list[tuple[ProblemKind, str, str]]:
    """The same of the steps of a topic that asks for a name first, with places from its steps on."""
    return [(kind, place.removeprefix("topics[1]."), detail) for kind, place, detail in found(topic("t", ["t"], NAME, *steps))]


def choices(*labels: str, text: str = "Which?") -> Choices:
    return Choices("c", text, tuple(Option(f"o{i}", label) for i, label in enumerate(labels)))


def test_a_script_without_problems_has_none() -> None:
    """With each kind of step, and a field in each text."""
    everything = topic(
        "all",
        ["all"],
        NAME,
        Say("s1", "Hello {{name}}"),
        Choices("s2", "{{name}}?", (Option("o1", "Yes", (GoTo("s3", "more"),)), Option("o2", "No")), "which", "{{which}}"),
        If("s4", "which", Comparison.EQUAL, "No", (End("s5", "Bye {{name}}"),), (HandOver("s6", "{{name}}", "{{which}}"),)),
    )
    assert found(everything, topic("more", On.GO_TO, End("s7")), topic("away", On.NOBODY_THERE, HandOver("s8"))) == []


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([Say("a", " \n")], [(ProblemKind.NO_TEXT, "steps[1].text", "")]),
        ([replace(NAME, id="a", text="")], [(ProblemKind.NO_TEXT, "steps[1].text", "")]),
        ([choices("A", text="")], [(ProblemKind.NO_TEXT, "steps[1].text", "")]),
        ([choices()], [(ProblemKind.NO_OPTIONS, "steps[1].options", "")]),
        ([choices("A", " ")], [(ProblemKind.NO_LABEL, "steps[1].options[1].label", "")]),
        ([choices("Sí", "No", "SI!")], [(ProblemKind.SAME_LABEL, "steps[1].options[2].label", "SI!")]),
        ([choices("🙂", "🙁", "🙂")], [(ProblemKind.SAME_LABEL, "steps[1].options[2].label", "🙂")]),
        ([choices("", "")], [(ProblemKind.NO_LABEL, f"steps[1].options[{i}].label", "") for i in (0, 1)]),
        ([choices("x" * 20, "y" * 21)], [(ProblemKind.LABEL_IS_CUT, "steps[1].options[1].label", "20")]),
        ([choices("a", "b", "c", "x" * 24)], []),
        ([choices("a", "b", "c", "x" * 25)], [(ProblemKind.LABEL_IS_CUT, "steps[1].options[3].label", "24")]),
        ([choices("a", text="x" * 1024)], []),
        ([choices("a", text="x" * 1025)], [(ProblemKind.TEXT_IS_CUT, "steps[1].text", "1024")]),
        ([choices("a", "b", "c", "d", text="x" * 1025)], []),
        ([replace(choices("a"), again="x" * 1025)], [(ProblemKind.TEXT_IS_CUT, "steps[1].again", "1024")]),
        ([If("a", "name", Comparison.EQUAL)], [(ProblemKind.NO_VALUE, "steps[1].value", "")]),
        ([If("a", "name", Comparison.LESS, " ")], [(ProblemKind.NO_VALUE, "steps[1].value", "")]),
        ([If("a", "name", Comparison.GREATER, "ten")], [(ProblemKind.NOT_A_NUMBER, "steps[1].value", "ten")]),
        ([If("a", "name", Comparison.NOT_EQUAL, "ten"), If("b", "name", Comparison.SET)], []),
        ([If("a", "nam", Comparison.SET)], [(ProblemKind.UNKNOWN_FIELD, "steps[1].field", "nam")]),
        ([Say("a", "{{nam}} {{ nam }} {{name}} {{}}")], [(ProblemKind.UNKNOWN_FIELD, "steps[1].text", field) for field in ("nam", "")]),
        ([replace(NAME, id="a", again="{{x}}")], [(ProblemKind.UNKNOWN_FIELD, "steps[1].again", "x")]),
        ([HandOver("a", "{{x}}", "{{y}}")], [(ProblemKind.UNKNOWN_FIELD, f"steps[1].{at}", x) for at, x in (("text", "x"), ("note", "y"))]),
        ([End("a", "{{x}}")], [(ProblemKind.UNKNOWN_FIELD, "steps[1].text", "x")]),
        ([GoTo("a", "nowhere")], [(ProblemKind.UNKNOWN_TOPIC, "steps[1].topic", "nowhere")]),
    ],
)
def test_problems_of_a_step(steps: Sequence[Step], expected: list[tuple[ProblemKind, str, str]]) -> None:
    """Each with the place that is to be changed."""
    assert expected == in_topic(*steps)


def test_a_number_to_compare_with_is_read_by_the_language() -> None:
    """As the answers are."""
    step = If("a", "name", Comparison.LESS, "1.234.567,5")
    assert found(topic("t", ["t"], NAME, step), language="es") == []
    assert [kind for kind, _, _ in found(topic("t", ["t"], NAME, replace(step, value="12,34,5")))] == [ProblemKind.NOT_A_NUMBER]


def test_problems_stand_at_their_step_however_deep_it_is() -> None:
    """With the ids of topic and step, by which an editor finds them."""
    inner = If("i", "name", Comparison.SET, None, (), (Say("deep", ""),))
    outer = Choices("c", "Which?", (Option("o", "A", (inner,)),))
    problems = problems_of(script_of(SORRY, topic("t", ["t"], NAME, outer)))
    place = Place(("topics", 1, "steps", 1, "options", 0, "steps", 0, "else", 0, "text"))
    assert problems == (Problem(ProblemKind.NO_TEXT, place, "t", "deep"),)


@pytest.mark.parametrize(
    ("topics", "expected"),
    [
        ([topic("t", [], Say("a", "a"))], [(ProblemKind.NO_PHRASES, "topics[1].starts.phrases", "")]),
        ([topic("t", ["t", "🙂"], Say("a", "a"))], [(ProblemKind.NEVER_MATCHES, "topics[1].starts.phrases[1]", "🙂")]),
        (
            [topic("t", ["café"], Say("a", "a")), topic("u", ["x", "CAFE?"], Say("b", "b"))],
            [(ProblemKind.PHRASE_TAKEN, "topics[2].starts.phrases[1]", "T")],
        ),
        ([topic("t", ["t", "T"], Say("a", "a"))], []),
        ([topic("t", ["t"])], [(ProblemKind.NO_STEPS, "topics[1].steps", "")]),
        ([topic("t", On.GO_TO, Say("a", "a"))], [(ProblemKind.NOTHING_LEADS_HERE, "topics[1]", "")]),
        (
            [topic("t", On.GO_TO, NAME, GoTo("a", "u")), topic("u", On.GO_TO, GoTo("b", "t"))],
            [(ProblemKind.NOTHING_LEADS_HERE, f"topics[{i}]", "") for i in (1, 2)],
        ),
        ([topic("t", On.NOBODY_THERE, Say("a", "a"))], [(ProblemKind.NOTHING_LEADS_HERE, "topics[1]", "")]),
        ([topic("t", On.NOBODY_THERE, Say("a", "a")), topic("u", ["u"], HandOver("b"))], []),
        ([topic("t", On.NOBODY_THERE, GoTo("a", "v")), topic("u", ["u"], HandOver("b")), topic("v", On.GO_TO, Say("c", "c"))], []),
    ],
)
def test_problems_of_topics(topics: Sequence[Topic], expected: list[tuple[ProblemKind, str, str]]) -> None:
    """What starts them, and whether anything leads to them."""
    assert expected == found(*topics)


def test_a_script_that_has_no_answer_for_the_rest_is_warned_of() -> None:
    """At the topics, of which one is missing."""
    problems = problems_of(script_of(topic("t", ["t"], Say("a", "a"))))
    assert problems == (Problem(ProblemKind.NO_ANSWER_FOR_THE_REST, Place(("topics",))),)


@pytest.mark.parametrize(
    "leaving",
    [
        GoTo("l", "sorry"),
        End("l"),
        HandOver("l"),
        If("l", "name", Comparison.SET, None, (Say("x", "x"), End("y")), (GoTo("z", "sorry"),)),
        Choices("l", "Which?", (Option("o1", "A", (End("x"),)), Option("o2", "B", (HandOver("y"),)))),
    ],
)
def test_a_step_behind_one_that_leaves_is_never_run(leaving: Step) -> None:
    """The first of them is told, in whichever row it stands."""
    assert in_topic(leaving, Say("a", "a"), Say("b", "b")) == [(ProblemKind.NEVER_RUN, "steps[2]", "")]
    inner = If("i", "name", Comparison.SET, None, (leaving, Say("a", "a")))
    assert in_topic(inner, Say("b", "b")) == [(ProblemKind.NEVER_RUN, "steps[1].then[1]", "")]


@pytest.mark.parametrize(
    "staying",
    [
        If("l", "name", Comparison.SET, None, (End("y"),)),
        If("l", "name", Comparison.SET, None, (), (End("y"),)),
        Choices("l", "Which?", (Option("o1", "A", (End("x"),)), Option("o2", "B"))),
        Choices("l", "Which?", ()),
        Say("l", "l"),
    ],
)
def test_a_step_behind_one_that_may_stay_is_run(staying: Step) -> None:
    """One side, one option or none is enough."""
    assert ProblemKind.NEVER_RUN not in {kind for kind, _, _ in in_topic(staying, Say("a", "a"))}


def loop(*before: Step) -> list[Topic]:
    """Two topics that jump to each other, one after these steps."""
    return [topic("t", ["t"], Say("a", "a"), GoTo("to-u", "u")), topic("u", ["u"], *before, GoTo("to-t", "t"))]


def test_jumps_that_go_round_without_a_question_are_endless() -> None:
    """Each of the round; also from one side of an If, and from a topic to itself."""
    both = [(ProblemKind.ENDLESS, "topics[1].steps[1]", ""), (ProblemKind.ENDLESS, "topics[2].steps[0]", "")]
    assert both == found(*loop())
    side = If("i", "name", Comparison.SET, None, (GoTo("g", "t"),), (NAME,))
    assert (ProblemKind.ENDLESS, "topics[2].steps[0].then[0]", "") in found(*loop(side))
    assert found(topic("t", ["t"], GoTo("g", "t"))) == [(ProblemKind.ENDLESS, "topics[1].steps[0]", "")]


@pytest.mark.parametrize(
    "asking",
    [
        NAME,
        choices("A"),
        If("i", "name", Comparison.SET, None, (NAME,), (End("e"),)),
        If("i", "name", Comparison.SET, None, (End("e"),), (choices("A"),)),
    ],
)
def test_jumps_that_go_round_by_a_question_are_not_endless(asking: Step) -> None:
    """A menu that is shown again is a good script."""
    assert ProblemKind.ENDLESS not in {kind for kind, _, _ in found(*loop(asking))}


def test_jumps_into_a_round_are_not_of_it() -> None:
    """Only what comes back to itself is told."""
    problems = found(topic("start", ["start"], GoTo("in", "t")), *loop())
    assert [place for kind, place, _ in problems if kind is ProblemKind.ENDLESS] == ["topics[2].steps[1]", "topics[3].steps[0]"]


def test_only_what_makes_no_sense_is_an_error() -> None:
    """Warnings may be meant."""
    assert set(ProblemKind) - ERRORS == {
        ProblemKind.NO_STEPS,
        ProblemKind.NEVER_MATCHES,
        ProblemKind.PHRASE_TAKEN,
        ProblemKind.NOTHING_LEADS_HERE,
        ProblemKind.NEVER_RUN,
        ProblemKind.ENDLESS,
        ProblemKind.NO_ANSWER_FOR_THE_REST,
        ProblemKind.LABEL_IS_CUT,
        ProblemKind.TEXT_IS_CUT,
    }
    assert [problem.is_error for problem in problems_of(script_of(topic("t", [], Say("a", "a"))))] == [False, True]


@given(scripts())
def test_looking_for_problems_never_raises(script: Script) -> None:
    """Each problem names a topic and a step that there are."""
    steps = {step_id for topic in script.topics for step_id in (None, *(step.id for step in steps_of(topic)))}
    for problem in problems_of(script):
        assert problem.topic in {None, *(topic.id for topic in script.topics)}
        assert problem.step in steps
