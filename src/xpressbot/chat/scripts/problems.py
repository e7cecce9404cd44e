"""What is wrong with a script that could be read: errors, with which it is not published, and warnings, of which its author is asked."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

from xpressbot.chat.scripts.fields import fields_in, fields_of
from xpressbot.chat.scripts.lookup import topic_on
from xpressbot.chat.scripts.matching import words
from xpressbot.chat.scripts.number_formats import number
from xpressbot.chat.scripts.paths import endless_jumps, first_step_never_run, placed_rows, topics_led_to
from xpressbot.chat.scripts.script import (
    Ask,
    Choices,
    Comparison,
    End,
    GoTo,
    HandOver,
    If,
    On,
    Place,
    Say,
    Script,
    Step,
    Topic,
    placed_steps,
)

MOST_BUTTONS: Final = 3
"""WhatsApp shows so many options as buttons, and more as a list."""
MAX_BUTTON_LENGTH: Final = 20
"""Of a label that WhatsApp shows on a button."""
MAX_ROW_LENGTH: Final = 24
"""Of a label that WhatsApp shows in a list."""
MAX_TEXT_WITH_BUTTONS_LENGTH: Final = 1024
"""Of a text that WhatsApp shows above buttons."""


class ProblemKind(StrEnum):
    """What is wrong. What Problem.detail holds stands in parentheses."""

    NO_TEXT = "no_text"
    NO_OPTIONS = "no_options"
    NO_LABEL = "no_label"
    SAME_LABEL = "same_label"
    """An option whose label reads as that of another option of the question (the label)."""
    NO_PHRASES = "no_phrases"
    NO_VALUE = "no_value"
    """An If that compares with nothing."""
    NOT_A_NUMBER = "not_a_number"
    """An If that asks for less or more than what is no number (the value)."""
    UNKNOWN_FIELD = "unknown_field"
    """No question remembers it (the field, as it is written)."""
    UNKNOWN_TOPIC = "unknown_topic"
    """(the id)"""
    NO_STEPS = "no_steps"
    """A topic that says nothing."""
    NEVER_MATCHES = "never_matches"
    """A phrase without a word (the phrase)."""
    PHRASE_TAKEN = "phrase_taken"
    """A phrase that an earlier topic has, too, and that starts that one (the name of the earlier topic)."""
    NOTHING_LEADS_HERE = "nothing_leads_here"
    """A topic that no conversation can come to."""
    NEVER_RUN = "never_run"
    """A step behind one that everything leaves the row at."""
    ENDLESS = "endless"
    """A jump that comes back to itself without a question in between."""
    NO_ANSWER_FOR_THE_REST = "no_answer_for_the_rest"
    """No topic starts when nothing matched: the bot says nothing then."""
    LABEL_IS_CUT = "label_is_cut"
    """(the most characters that WhatsApp shows)"""
    TEXT_IS_CUT = "text_is_cut"
    """(the most characters that WhatsApp shows)"""


ERRORS: Final = frozenset(
    {
        ProblemKind.NO_TEXT,
        ProblemKind.NO_OPTIONS,
        ProblemKind.NO_LABEL,
        ProblemKind.SAME_LABEL,
        ProblemKind.NO_PHRASES,
        ProblemKind.NO_VALUE,
        ProblemKind.NOT_A_NUMBER,
        ProblemKind.UNKNOWN_FIELD,
        ProblemKind.UNKNOWN_TOPIC,
    }
)
"""With these a script is not published. The others are warnings."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where. topic and step: the ids of those in which the place is, if it is in any; detail: see ProblemKind."""

    kind: ProblemKind
    place: Place
    topic: str | None = None
    step: str | None = None
    detail: str = ""

    @property
    def is_error(self) -> bool:
        """Whether it keeps the script from being published."""
        return self.kind in ERRORS


def problems_of(script: Script) -> tuple[Problem, ...]:
    """All problems of a script: of the topics in their order, in each of the topic itself first, then of its steps."""
    return tuple(_Looking(script).problems())


class _Looking:
    """One look through a script, and what is to be known of all of it."""

    def __init__(self, script: Script) -> None:
        self._script: Final = script
        self._fields: Final = fields_of(script)
        self._topics: Final = frozenset(topic.id for topic in script.topics)
        self._led_to: Final = topics_led_to(script)
        self._endless: Final = endless_jumps(script)
        self._first_with: Final[dict[tuple[str, ...], Topic]] = {}
        for topic in script.topics:
            for phrase in topic.starts.phrases:
                self._first_with.setdefault(words(phrase), topic)

    def problems(self) -> Iterator[Problem]:
        if topic_on(self._script, On.NOTHING_MATCHED) is None:
            yield Problem(ProblemKind.NO_ANSWER_FOR_THE_REST, Place(("topics",)))
        for i, topic in enumerate(self._script.topics):
            place = Place(("topics", i))
            for kind, where, detail in self._of_topic(topic, place):
                yield Problem(kind, where, topic.id, None, detail)
            never_run = set(_places_never_run(topic, place))
            for where, step in placed_steps(topic.steps, place.within("steps")):
                if where in never_run:
                    yield Problem(ProblemKind.NEVER_RUN, where, topic.id, step.id)
                for kind, inner, detail in (*self._of_step(step, where), *self._of_texts(step, where)):
                    yield Problem(kind, inner, topic.id, step.id, detail)

    def _of_topic(self, topic: Topic, place: Place) -> "_Found":
        if topic.id not in self._led_to:
            yield ProblemKind.NOTHING_LEADS_HERE, place, ""
        if topic.starts.on is On.PHRASES and not topic.starts.phrases:
            yield ProblemKind.NO_PHRASES, place.within("starts", "phrases"), ""
        for i, phrase in enumerate(topic.starts.phrases):
            where, read = place.within("starts", "phrases", i), words(phrase)
            if not read:
                yield ProblemKind.NEVER_MATCHES, where, phrase
            elif (first := self._first_with[read]).id != topic.id:
                yield ProblemKind.PHRASE_TAKEN, where, first.name
        if not topic.steps:
            yield ProblemKind.NO_STEPS, place.within("steps"), ""

    def _of_step(self, step: Step, place: Place) -> "_Found":
        match step:
            case Say() | Ask():
                if not step.text.strip():
                    yield ProblemKind.NO_TEXT, place.within("text"), ""
            case Choices():
                yield from _of_choices(step, place)
            case If():
                yield from self._of_if(step, place)
            case GoTo():
                if step.topic not in self._topics:
                    yield ProblemKind.UNKNOWN_TOPIC, place.within("topic"), step.topic
                elif step.id in self._endless:
                    yield ProblemKind.ENDLESS, place, ""
            case HandOver() | End():
                pass
            case _:
                assert_never(step)

    def _of_texts(self, step: Step, place: Place) -> "_Found":
        for name, text in _texts(step):
            for unknown in dict.fromkeys(field for field in fields_in(text) if field not in self._fields):
                yield ProblemKind.UNKNOWN_FIELD, place.within(name), unknown

    def _of_if(self, step: If, place: Place) -> "_Found":
        if step.field not in self._fields:
            yield ProblemKind.UNKNOWN_FIELD, place.within("field"), step.field
        if step.comparison in {Comparison.SET, Comparison.NOT_SET}:
            return
        value = (step.value or "").strip()
        if not value:
            yield ProblemKind.NO_VALUE, place.within("value"), ""
        elif step.comparison in {Comparison.LESS, Comparison.GREATER} and number(value, self._script.language) is None:
            yield ProblemKind.NOT_A_NUMBER, place.within("value"), value


_Found = Iterator[tuple[ProblemKind, Place, str]]


def _of_choices(step: Choices, place: Place) -> _Found:
    if not step.text.strip():
        yield ProblemKind.NO_TEXT, place.within("text"), ""
    if not step.options:
        yield ProblemKind.NO_OPTIONS, place.within("options"), ""
    are_buttons = len(step.options) <= MOST_BUTTONS
    for name, text in _texts(step):
        if are_buttons and len(text) > MAX_TEXT_WITH_BUTTONS_LENGTH:
            yield ProblemKind.TEXT_IS_CUT, place.within(name), str(MAX_TEXT_WITH_BUTTONS_LENGTH)
    longest = MAX_BUTTON_LENGTH if are_buttons else MAX_ROW_LENGTH
    met: Counter[object] = Counter()
    for i, option in enumerate(step.options):
        where, read = place.within("options", i, "label"), words(option.label) or option.label.strip()
        met[read] += 1
        if not read:
            yield ProblemKind.NO_LABEL, where, ""
        elif met[read] > 1:
            yield ProblemKind.SAME_LABEL, where, option.label
        if len(option.label) > longest:
            yield ProblemKind.LABEL_IS_CUT, where, str(longest)


def _texts(step: Step) -> Sequence[tuple[str, str]]:
    """The texts of a step in which fields are filled, each with the name of its place."""
    match step:
        case Say():
            found = [("text", step.text)]
        case Ask() | Choices():
            found = [("text", step.text), ("again", step.again or "")]
        case HandOver():
            found = [("text", step.text or ""), ("note", step.note or "")]
        case End():
            found = [("text", step.text or "")]
        case If() | GoTo():
            found = []
        case _:
            assert_never(step)
    return found


def _places_never_run(topic: Topic, place: Place) -> Iterator[Place]:
    for here, row in placed_rows(topic, place):
        if (first := first_step_never_run(row)) is not None:
            yield here.within(first)
