"""What a script does with an event, rule by rule."""

from typing import Final

import pytest

from tests.support.scripts import NOW, Talk, script, topic
from xpressbot.chat.scripts.engine import MOST_STEPS_RUN
from xpressbot.chat.scripts.events import (
    AnswerJudged,
    Ended,
    HandedOver,
    Limit,
    LimitReached,
    NobodyThere,
    NothingMatched,
    OfferedOption,
    QuestionResumed,
    Remembered,
    Said,
    StepRun,
    TopicStarted,
)
from xpressbot.chat.scripts.script import (
    MAX_SAID_LENGTH,
    MOST_MESSAGES,
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
    Say,
)
from xpressbot.chat.scripts.state import OVER_AFTER, OpenQuestion, State
from xpressbot.foundation.times import MINUTE

WELCOME: Final = topic("welcome", On.FIRST_MESSAGE, Say("w1", "Welcome"))
HOURS: Final = topic("hours", ["opening hours"], Say("h1", "From 9 to 5"))
SORRY: Final = topic("sorry", On.NOTHING_MATCHED, Say("n1", "I do not know"))
COUNT: Final = Ask("q1", "How many?", "count", Answer.NUMBER, "A number, please")
ORDER: Final = topic("order", ["order"], COUNT, Say("q2", "{{count}} it is"))
AWAY: Final = topic("away", On.NOBODY_THERE, Say("a1", "Nobody is there"))
HELP: Final = topic("help", ["help"], HandOver("p1", "One moment", "Wrote after {{count}}"))


def test_the_first_message_starts_its_topic() -> None:
    """Unless it matches a topic, which wins; a later one never starts it."""
    assert Talk(script(WELCOME, HOURS, SORRY)).write("Hello") == ["Welcome"]
    assert Talk(script(WELCOME, HOURS, SORRY)).write("Your opening hours?") == ["From 9 to 5"]
    talk = Talk(script(WELCOME, HOURS, SORRY))
    talk.write("opening hours")
    assert talk.write("Hello") == ["I do not know"]


def test_the_trace_tells_why_a_topic_started() -> None:
    """By its phrases, as the first message, because nothing matched, or by a jump."""
    talk = Talk(script(topic("jump", On.FIRST_MESSAGE, GoTo("j1", "hours")), HOURS, SORRY))
    assert talk.send_text("Hello").trace == (
        TopicStarted("jump", On.FIRST_MESSAGE),
        StepRun("jump", "j1"),
        TopicStarted("hours", On.GO_TO),
        StepRun("hours", "h1"),
    )
    assert talk.send_text("opening hours").trace[0] == TopicStarted("hours", On.PHRASES)
    assert talk.send_text("???").trace[0] == TopicStarted("sorry", On.NOTHING_MATCHED)


def test_what_nothing_matches_is_noted_for_the_author() -> None:
    """With the topic for it, and without: then the script is silent."""
    assert Talk(script(HOURS, SORRY)).send_text("?").effects == (NothingMatched(), Said("I do not know"))
    assert Talk(script(HOURS)).send_text("?").effects == (NothingMatched(),)
    assert NothingMatched() not in Talk(script(WELCOME)).send_text("?").effects


def test_a_valid_answer_is_remembered_and_the_script_goes_on() -> None:
    """In the effects, in the state, and in the texts that follow."""
    talk = Talk(script(ORDER))
    assert talk.write("order") == ["How many?"]
    run = talk.send_text("3")
    assert run.effects == (Remembered("count", "3"), Said("3 it is"))
    assert run.trace[0] == AnswerJudged("order", "q1", is_valid=True)
    assert dict(run.state.fields) == {"count": "3"}
    assert run.state.question is None


def test_a_valid_answer_wins_over_a_topic_that_matches() -> None:
    """To "What is your order?", "opening hours" is an answer."""
    talk = Talk(script(topic("ask", ["ask"], Ask("q1", "What?", "what", Answer.TEXT)), HOURS))
    talk.write("ask")
    assert talk.send_text("opening hours").effects == (Remembered("what", "opening hours"),)


def test_no_answer_is_asked_again_once_then_nothing_matched() -> None:
    """With `again` where there is one; the question stays open while the script has no topic for it."""
    talk = Talk(script(ORDER))
    talk.write("order")
    assert talk.write("many") == ["A number, please"]
    assert talk.send_text("very many").effects == (NothingMatched(), Said("A number, please"))
    assert talk.write("4") == ["4 it is"]
    plain = Talk(script(topic("order", ["order"], Ask("q1", "How many?", "count", Answer.NUMBER))))
    plain.write("order")
    assert plain.write("many") == ["How many?"]


def test_after_two_answers_that_were_none_nothing_matched_takes_over() -> None:
    """The question is no longer open after it."""
    talk = Talk(script(ORDER, SORRY))
    for text in ("order", "many"):
        talk.write(text)
    assert talk.send_text("very many").effects == (NothingMatched(), Said("I do not know"))
    assert talk.write("4") == ["I do not know"]


def test_a_topic_interrupts_a_question_and_comes_back_to_it() -> None:
    """With its own text, not `again`."""
    talk = Talk(script(ORDER, HOURS, SORRY))
    talk.write("order")
    run = talk.send_text("what are your opening hours?")
    assert run.effects == (Said("From 9 to 5"), Said("How many?"))
    assert run.trace[-1] == QuestionResumed("order", "q1")
    assert talk.write("2") == ["2 it is"]


def test_tries_before_an_interruption_count_after_it() -> None:
    """Else a person who asks something in between would be asked for ever."""
    talk = Talk(script(ORDER, HOURS, SORRY))
    for text in ("order", "many", "opening hours"):
        talk.write(text)
    assert talk.write("very many") == ["I do not know"]


def test_a_question_of_the_topic_that_interrupts_comes_first() -> None:
    """Then the interrupted one; and a second interruption does not make a third level."""
    size = topic("size", ["size"], Ask("z1", "Which size?", "size", Answer.NUMBER), Say("z2", "Size {{size}}"))
    talk = Talk(script(ORDER, size, HOURS))
    assert [talk.write(text) for text in ("order", "size?", "opening hours", "2", "7")] == [
        ["How many?"],
        ["Which size?"],
        ["From 9 to 5", "How many?"],
        ["2 it is"],
        [],
    ]
    talk = Talk(script(ORDER, size))
    assert [talk.write(text) for text in ("order", "size?", "38", "2")] == [
        ["How many?"],
        ["Which size?"],
        ["Size 38", "How many?"],
        ["2 it is"],
    ]


def test_a_topic_that_is_started_again_does_not_interrupt_itself() -> None:
    """Writing "order" at the question of Order begins it anew, and its question is not asked twice after it."""
    talk = Talk(script(ORDER))
    assert [talk.write(text) for text in ("order", "an order", "2", "3")] == [["How many?"], ["How many?"], ["2 it is"], []]


def test_an_interrupting_topic_that_goes_to_the_interrupted_one_does_not_come_back() -> None:
    """The question has been asked anew already."""
    again = topic("again", ["again"], GoTo("g1", "order"))
    talk = Talk(script(ORDER, again))
    assert [talk.write(text) for text in ("order", "again", "2", "3")] == [["How many?"], ["How many?"], ["2 it is"], []]


def test_handing_over_and_ending_forget_an_interrupted_question() -> None:
    """The person who takes over asks what they want to know."""
    talk = Talk(script(ORDER, HELP))
    talk.write("order")
    run = talk.send_text("help")
    assert isinstance(run.effects[-1], HandedOver)
    assert (run.state.question, run.state.interrupted) == (None, None)


def test_after_its_last_step_a_topic_waits() -> None:
    """The next message is matched anew."""
    talk = Talk(script(HOURS, SORRY))
    assert [talk.write("opening hours"), talk.write("opening hours")] == [["From 9 to 5"], ["From 9 to 5"]]


def test_go_to_does_not_return() -> None:
    """What follows it is not run; a topic that is not there ends the topic."""
    assert Talk(script(topic("a", ["a"], GoTo("g1", "hours"), Say("g2", "Back")), HOURS)).write("a") == ["From 9 to 5"]
    assert Talk(script(topic("a", ["a"], GoTo("g1", "missing"), Say("g2", "Back")))).write("a") == []


@pytest.mark.parametrize(
    ("comparison", "value", "remembered", "holds"),
    [
        (Comparison.SET, None, "x", True),
        (Comparison.SET, None, None, False),
        (Comparison.NOT_SET, None, None, True),
        (Comparison.NOT_SET, None, "x", False),
        (Comparison.EQUAL, "Sí", "si", True),
        (Comparison.EQUAL, "2.0", "2", True),
        (Comparison.EQUAL, "2", "3", False),
        (Comparison.EQUAL, "🙂", "🙂", True),
        (Comparison.EQUAL, "🙂", "🙁", False),
        (Comparison.NOT_EQUAL, "2", "3", True),
        (Comparison.NOT_EQUAL, "red", None, True),
        (Comparison.NOT_EQUAL, "red", "RED!", False),
        (Comparison.LESS, "10", "9", True),
        (Comparison.LESS, "10", "10", False),
        (Comparison.LESS, "10", None, False),
        (Comparison.GREATER, "1,000", "1001", True),
        (Comparison.GREATER, "10", "many", False),
        (Comparison.GREATER, None, "5", False),
    ],
)
def test_an_if_goes_on_with_one_side_and_then_with_what_follows(
    comparison: Comparison, value: str | None, remembered: str | None, holds: bool
) -> None:
    """Numbers are compared as numbers, words without case and accents, all else as it is."""
    step = If("i1", "field", comparison, value, (Say("i2", "then"),), (Say("i3", "else"),))
    talk = Talk(script(topic("a", ["a"], step, Say("i4", "after"))))
    talk.state = State(1, fields={} if remembered is None else {"field": remembered})
    assert talk.write("a") == ["then" if holds else "else", "after"]


def choices(*options: Option, into: str | None = "colour") -> Choices:
    return Choices("c1", "Which?", options, into)


RED: Final = Option("red", "Red", (Say("c2", "Like fire"),))
BLUE: Final = Option("blue", "Blue", (Ask("c3", "How blue?", "shade", Answer.TEXT), Say("c4", "{{shade}} blue")))
PAINT: Final = topic("paint", ["paint"], choices(RED, BLUE), Say("c5", "{{colour}}, good"))


def test_choices_offer_their_options() -> None:
    """With the ids that a tap brings back."""
    assert Talk(script(PAINT)).send_text("paint").effects == (Said("Which?", (OfferedOption("red", "Red"), OfferedOption("blue", "Blue"))),)


@pytest.mark.parametrize("typed", ["Red", "red!", "the red one", "1", "1.", "१"])
def test_an_option_is_chosen_by_its_label_or_its_number(typed: str) -> None:
    """Its steps are run, then what follows the question; the label is remembered."""
    talk = Talk(script(PAINT))
    talk.write("paint")
    assert talk.send_text(typed).effects == (Remembered("colour", "Red"), Said("Like fire"), Said("Red, good"))


def test_an_option_is_chosen_by_a_tap() -> None:
    """Its id decides, whatever the text is; an id of another question does not."""
    talk = Talk(script(PAINT))
    talk.write("paint")
    assert talk.write("Blue", option="red") == ["Like fire", "Red, good"]
    talk.write("paint")
    assert talk.write("Green", option="green") == ["Which?"]


def test_a_question_within_an_option_goes_on_after_it() -> None:
    """With the rest of the option, then with what follows the question around it."""
    talk = Talk(script(PAINT))
    assert [talk.write(text) for text in ("paint", "blue", "Sky")] == [["Which?"], ["How blue?"], ["Sky blue", "Blue, good"]]


def test_choices_without_a_field_remember_nothing() -> None:
    """They only lead to their steps."""
    talk = Talk(script(topic("paint", ["paint"], choices(RED, into=None))))
    talk.write("paint")
    assert talk.send_text("red").effects == (Said("Like fire"),)


def test_handing_over_says_its_text_and_ends_the_run() -> None:
    """The note has its fields filled in; without a topic for it, nobody's absence is waited for."""
    talk = Talk(script(topic("help", ["help"], HandOver("p1", "One moment", "Has {{count}}"), Say("p2", "Not said"))))
    talk.state = State(1, fields={"count": "3"})
    assert talk.send_text("help").effects == (Said("One moment"), HandedOver("Has 3", None))


def test_a_note_is_bounded_as_a_message_is() -> None:
    """However often a field stands in it."""
    talk = Talk(script(topic("help", ["help"], HandOver("p1", note="{{a}}" * 400))))
    talk.state = State(1, fields={"a": "x" * MAX_SAID_LENGTH})
    assert talk.send_text("help").effects == (HandedOver("x" * MAX_SAID_LENGTH, None),)


def test_nobody_there_is_due_after_the_minutes_of_the_script() -> None:
    """From the message that led to a person, once: the topic that runs then does not wait again."""
    away = topic("away", On.NOBODY_THERE, Say("a1", "Nobody is there"), HandOver("a2"))
    talk = Talk(script(HELP, away, nobody_after_minutes=7))
    assert talk.send_text("help").effects[-1] == HandedOver("Wrote after ", NOW + 7 * MINUTE)
    talk.now += 7 * MINUTE
    run = talk.send(NobodyThere())
    assert run.effects == (Said("Nobody is there"), HandedOver(None, None))
    assert run.trace[0] == TopicStarted("away", On.NOBODY_THERE)
    assert run.state.last_event_at == talk.now


def test_nobody_there_without_a_topic_for_it_changes_nothing() -> None:
    """The script may have been published without it meanwhile."""
    state = State(1, OpenQuestion("order", "q1"), fields={"count": "3"}, last_event_at=NOW)
    talk = Talk(script(ORDER), state)
    run = talk.send(NobodyThere())
    assert (state, (), ()) == (run.state, run.effects, run.trace)


def test_end_says_its_text_and_closes() -> None:
    """Nothing follows."""
    talk = Talk(script(topic("bye", ["bye"], End("e1", "Bye {{name}}"), Say("e2", "Not said"))))
    assert talk.send_text("bye").effects == (Said("Bye "), Ended())


def test_fields_are_filled_in_once() -> None:
    """Unknown ones leave nothing, and what a customer typed is no placeholder."""
    talk = Talk(script(topic("a", ["a"], Say("a1", "{{one}}|{{ two }}|{{three}}|{{}}|{one}"))))
    talk.state = State(1, fields={"one": "{{two}}", "two": "2"})
    assert talk.write("a") == ["{{two}}|2|||{one}"]


def test_a_blank_text_is_not_said_but_a_question_is_asked_all_the_same() -> None:
    """A message that is empty would be refused by every channel."""
    talk = Talk(script(topic("a", ["a"], Say("a1", " {{name}}\n"), Ask("a2", "{{name}}", "name", Answer.TEXT))))
    assert talk.write("a") == ["…"]


def test_a_message_is_cut_at_what_channels_take() -> None:
    """Fields can make a text long."""
    talk = Talk(script(topic("a", ["a"], Say("a1", "{{long}}{{long}}"))))
    talk.state = State(1, fields={"long": "x" * 4000})
    assert [len(text) for text in talk.write("a")] == [MAX_SAID_LENGTH]


def test_a_loop_stops_at_its_fiftieth_step_and_hands_over() -> None:
    """The author is told where; the person who takes over comes without a note."""
    loop = topic("loop", ["loop"], If("l1", "x", Comparison.SET), GoTo("l2", "loop"))
    run = Talk(script(loop, AWAY)).send_text("loop")
    assert sum(isinstance(entry, StepRun) for entry in run.trace) == MOST_STEPS_RUN == 50
    assert run.effects == (LimitReached(Limit.STEPS, "loop", "l1"), HandedOver(None, NOW + 5 * MINUTE))


def test_the_eleventh_message_is_not_said_and_a_person_is_asked_for() -> None:
    """Neither from a Say nor from a question nor with an End, which then does not close."""
    ten = [Say(f"s{i}", str(i)) for i in range(MOST_MESSAGES)]
    for last in (Say("last", "more"), COUNT, End("last", "bye"), HandOver("last", "wait", "note")):
        run = Talk(script(topic("many", ["many"], *ten, last, Say("after", "after")))).send_text("many")
        assert run.effects[MOST_MESSAGES:] == (LimitReached(Limit.MESSAGES, "many", last.id), HandedOver(None, None))
        assert run.state.question is None
    run = Talk(script(topic("many", ["many"], *ten))).send_text("many")
    assert run.effects == tuple(Said(str(i)) for i in range(10))


def test_a_script_is_over_a_day_after_its_last_event() -> None:
    """Then the next message begins it anew, with what is remembered."""
    talk = Talk(script(WELCOME, ORDER))
    for text in ("order", "3", "order"):
        talk.write(text)
    talk.now += OVER_AFTER
    assert talk.write("four") == ["A number, please"]
    talk.now += OVER_AFTER + 1
    assert talk.write("5") == ["Welcome"]
    assert dict(talk.state.fields) == {"count": "3"}


def test_a_question_that_the_script_does_not_have_begins_it_anew() -> None:
    """A state is only ever run on its own version; whatever else it names, the customer is answered."""
    for question in (OpenQuestion("order", "gone"), OpenQuestion("gone", "q1"), OpenQuestion("order", "q2")):
        talk = Talk(script(WELCOME, ORDER), State(1, question, last_event_at=NOW))
        assert talk.write("Hello") == ["Welcome"]
    talk = Talk(script(HOURS), State(1, OpenQuestion("hours", "h1"), last_event_at=NOW))
    assert talk.write("opening hours") == ["From 9 to 5"]


def test_an_interrupted_question_that_is_gone_is_not_come_back_to() -> None:
    """The topic is through, and the next message is matched anew."""
    state = State(1, OpenQuestion("order", "q1"), OpenQuestion("gone", "g1"), last_event_at=NOW)
    talk = Talk(script(ORDER, SORRY), state)
    assert talk.write("2") == ["2 it is"]
    assert talk.state.interrupted is None


def test_a_run_keeps_the_version_and_notes_the_time() -> None:
    """The number is the caller's."""
    run = Talk(script(HOURS), State(17)).send_text("opening hours")
    assert (run.state.version, run.state.last_event_at) == (17, NOW)
