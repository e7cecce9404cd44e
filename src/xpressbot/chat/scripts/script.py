"""A script as a value: topics of steps, the limits of format 1, and places in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

FORMAT: Final = "xpressbot-script/1"
MOST_BYTES: Final = 200 * 1024
"""Of a file, and of the script as it is written."""
MOST_TOPICS: Final = 100
MOST_STEPS: Final = 1000
MOST_STEPS_IN_A_ROW: Final = 50
"""Steps of a topic, of an option, of one side of an If."""
MOST_INDENTATION: Final = 3
"""A topic's own steps stand at 0, those of its options and of both sides of an If one deeper."""
MOST_PHRASES: Final = 30
MOST_OPTIONS: Final = 10
MOST_CHECKS: Final = 50
MOST_TURNS: Final = 50
MOST_MESSAGES: Final = 10
"""What a script says in answer to one event."""
MAX_LINE_LENGTH: Final = 80
MAX_TEXT_LENGTH: Final = 2000
MAX_VALUE_LENGTH: Final = 200
MAX_TYPED_LENGTH: Final = 500
"""What is written in one turn of a check."""
MAX_SAID_LENGTH: Final = 4096
"""A message with its fields filled in. WhatsApp and Telegram take no longer one."""
DEFAULT_NOBODY_AFTER_MINUTES: Final = 5
MOST_NOBODY_AFTER_MINUTES: Final = 24 * 60


class Answer(StrEnum):
    """What a question takes for an answer."""

    TEXT = "text"
    NUMBER = "number"
    EMAIL = "email"
    PHONE = "phone"
    YES_NO = "yes_no"


class Comparison(StrEnum):
    """What an If asks of its field. Only the last four compare it with a value."""

    SET = "set"
    NOT_SET = "not_set"
    EQUAL = "equal"
    NOT_EQUAL = "not_equal"
    LESS = "less"
    GREATER = "greater"


class On(StrEnum):
    """What starts a topic. At most one topic stands for each but PHRASES and GO_TO."""

    PHRASES = "phrases"
    FIRST_MESSAGE = "first_message"
    NOTHING_MATCHED = "nothing_matched"
    NOBODY_THERE = "nobody_there"
    GO_TO = "go_to"


FIXED: Final = frozenset({On.FIRST_MESSAGE, On.NOTHING_MATCHED, On.NOBODY_THERE})
"""At most one topic starts on each."""


@dataclass(frozen=True, slots=True)
class Say:
    """Say a text. {{field}} in it is replaced by what is remembered, or by nothing."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask, wait for a valid answer, remember it in the field `into`.

    again: said instead of the question when an answer was none; without it the question is repeated.
    """

    id: str
    text: str
    into: str
    answer: Answer
    again: str | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """One of the answers of Choices, and the steps that follow it."""

    id: str
    label: str
    steps: tuple["Step", ...] = ()


@dataclass(frozen=True, slots=True)
class Choices:
    """Ask with options, wait for one of them, and go on with its steps. `into` remembers its label."""

    id: str
    text: str
    options: tuple[Option, ...]
    into: str | None = None
    again: str | None = None


@dataclass(frozen=True, slots=True)
class If:
    """Go on with `then` if the field is what is asked, else with `otherwise` ("else" in files); after it with what follows."""

    id: str
    field: str
    comparison: Comparison
    value: str | None = None
    then: tuple["Step", ...] = ()
    otherwise: tuple["Step", ...] = ()


@dataclass(frozen=True, slots=True)
class GoTo:
    """Go on with another topic, and do not come back."""

    id: str
    topic: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """Stop, and let a person answer. The text is said; the note is for whoever takes over."""

    id: str
    text: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class End:
    """Stop, and close the conversation."""

    id: str
    text: str | None = None


Step = Say | Ask | Choices | If | GoTo | HandOver | End
Question = Ask | Choices


@dataclass(frozen=True, slots=True)
class Starts:
    """When a topic starts. Only On.PHRASES has phrases."""

    on: On
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Topic:
    """What one subject is answered with, read from top to bottom. Its id is unique among topics."""

    id: str
    name: str
    starts: Starts
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """What was typed, and what the script said to it."""

    write: str
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """A dialogue that the script is expected to have."""

    name: str
    turns: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """A bot's script. The ids of steps and options are unique in all of it, taken together.

    language: a BCP 47 tag in which the script speaks; it decides on formats of numbers and on words for yes and no.
    """

    name: str
    language: str
    topics: tuple[Topic, ...]
    nobody_after_minutes: int = DEFAULT_NOBODY_AFTER_MINUTES
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the document of a script, written as topics[3].steps[2].text; empty for the document itself."""

    path: tuple[str | int, ...] = ()

    def within(self, *names: str | int) -> "Place":
        """The place of a field, or of an item counted from 0, inside this one."""
        return Place((*self.path, *names))

    def __str__(self) -> str:
        return "".join(f"[{name}]" if isinstance(name, int) else f".{name}" for name in self.path).removeprefix(".")


def blocks(step: Step) -> tuple[tuple[Place, tuple[Step, ...]], ...]:
    """The rows of steps inside a step, each with its place relative to the step."""
    match step:
        case Choices():
            return tuple((Place(("options", i, "steps")), option.steps) for i, option in enumerate(step.options))
        case If():
            return (Place(("then",)), step.then), (Place(("else",)), step.otherwise)
        case _:
            return ()


def placed_steps(steps: tuple[Step, ...], place: Place) -> Iterator[tuple[Place, Step]]:
    """All steps of a row with their places, those inside each directly after it."""
    for i, step in enumerate(steps):
        here = place.within(i)
        yield here, step
        for inner, block in blocks(step):
            yield from placed_steps(block, here.within(*inner.path))


def steps_of(topic: Topic) -> Iterator[Step]:
    """All steps of a topic, at any indentation, in the order of reading."""
    return (step for _, step in placed_steps(topic.steps, Place()))
