"""What a script is run on, and what a run comes to: values that the caller carries out."""

from dataclasses import dataclass
from enum import StrEnum

from xpressbot.chat.scripts.script import On
from xpressbot.chat.scripts.state import State


@dataclass(frozen=True, slots=True)
class Message:
    """What a customer wrote. option: the id of the option, if they tapped one; text is then its label."""

    text: str
    option: str | None = None


@dataclass(frozen=True, slots=True)
class NobodyThere:
    """The time until a person should have answered is over: what stood in HandedOver.due_at."""


Event = Message | NobodyThere


@dataclass(frozen=True, slots=True)
class OfferedOption:
    """An answer that can be tapped. Its id comes back in Message.option."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Said:
    """A message to the customer: never blank, at most MAX_SAID_LENGTH characters."""

    text: str
    options: tuple[OfferedOption, ...] = ()


@dataclass(frozen=True, slots=True)
class Remembered:
    """A field has a new value. It stands in the fields of the state, too."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A person is to take over; nothing follows. note: for that person, at most MAX_SAID_LENGTH characters.

    due_at: when to run the script on NobodyThere, if nobody has answered by then; None if it is not to be run.
    """

    note: str | None
    due_at: int | None


@dataclass(frozen=True, slots=True)
class Ended:
    """The conversation is to be closed; nothing follows."""


@dataclass(frozen=True, slots=True)
class NothingMatched:
    """The script has no answer to this message: its author may want to read it."""


class Limit(StrEnum):
    """What keeps a script from running on."""

    STEPS = "steps"
    MESSAGES = "messages"


@dataclass(frozen=True, slots=True)
class LimitReached:
    """A note to the author: the script was stopped before this step. HandedOver follows."""

    limit: Limit
    topic: str
    step: str


Effect = Said | Remembered | HandedOver | Ended | NothingMatched | LimitReached


@dataclass(frozen=True, slots=True)
class TopicStarted:
    """A topic began, and why."""

    topic: str
    on: On


@dataclass(frozen=True, slots=True)
class StepRun:
    """A step was run."""

    topic: str
    step: str


@dataclass(frozen=True, slots=True)
class AnswerJudged:
    """What was written was taken for the answer to a question, or for none."""

    topic: str
    step: str
    is_valid: bool


@dataclass(frozen=True, slots=True)
class QuestionResumed:
    """A topic that interrupted a question is through, and the question is asked again."""

    topic: str
    step: str


Trace = TopicStarted | StepRun | AnswerJudged | QuestionResumed


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one event: the state after it, what to do in this order, and how it came about."""

    state: State
    effects: tuple[Effect, ...] = ()
    trace: tuple[Trace, ...] = ()
