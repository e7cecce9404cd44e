"""What a script does with one event: from a state to the next, and what is to be done. Pure, bounded, and never raising.

A conversation that waits for a person, or that a person has, is not run: its caller decides that.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final, assert_never

from xpressbot.chat.scripts import answers
from xpressbot.chat.scripts.events import (
    AnswerJudged,
    Effect,
    Ended,
    Event,
    HandedOver,
    Limit,
    LimitReached,
    Message,
    NobodyThere,
    NothingMatched,
    OfferedOption,
    QuestionResumed,
    Remembered,
    Run,
    Said,
    StepRun,
    TopicStarted,
    Trace,
)
from xpressbot.chat.scripts.fields import filled
from xpressbot.chat.scripts.lookup import question_by_id, steps_after, topic_by_id, topic_on
from xpressbot.chat.scripts.matching import matching_topic
from xpressbot.chat.scripts.script import (
    MAX_SAID_LENGTH,
    MOST_MESSAGES,
    Ask,
    Choices,
    End,
    GoTo,
    HandOver,
    If,
    On,
    Question,
    Say,
    Script,
    Step,
    Topic,
)
from xpressbot.chat.scripts.state import OpenQuestion, State
from xpressbot.foundation.times import MINUTE

MOST_STEPS_RUN: Final = 50
"""Steps that one event may run. Only go_to makes a loop, and a loop without a question ends here."""
MOST_TRIES: Final = 2
"""Answers to a question that were none, then nothing matched."""
_BLANK_QUESTION: Final = "…"
"""Said for a question of which its fields leave nothing: it has to be asked all the same."""


def run(script: Script, state: State, event: Event, now: int) -> Run:
    """Run a script on an event that was received at `now`, in microseconds.

    The same arguments give the same result. It holds at most MOST_STEPS_RUN steps and MOST_MESSAGES messages: what goes on
    beyond is stopped and handed over to a person, with a LimitReached for the author. A state that names a question which the
    script does not have begins anew, as one does that is over.
    """
    walk = _Walk(script, now, dict(state.fields), due_at=_due_at(script, event, now))
    match event:
        case Message():
            walk.receive(state, event)
        case NobodyThere():
            if not walk.start_fixed(On.NOBODY_THERE):
                return Run(state)
        case _:
            assert_never(event)
    walk.go_on()
    after = State(state.version, walk.question, walk.interrupted, walk.fields, last_event_at=now)
    return Run(after, tuple(walk.effects), tuple(walk.trace))


@dataclass(slots=True)
class _Walk:
    """One run: where it is, what is still to be run, and what has come of it."""

    script: Script
    now: int
    fields: dict[str, str]
    due_at: int | None
    topic: str = ""
    pending: deque[Step] = field(default_factory=deque)
    question: OpenQuestion | None = None
    interrupted: OpenQuestion | None = None
    steps: int = 0
    messages: int = 0
    is_through: bool = False
    effects: list[Effect] = field(default_factory=list)
    trace: list[Trace] = field(default_factory=list)

    def receive(self, state: State, message: Message) -> None:
        """Find out what a message is: an answer, the beginning of a topic, or nothing that the script knows."""
        asked = self._found(state.question)
        if state.is_over(self.now) or (state.question is not None and asked is None):
            self._start_matching(message, is_first=True)
        elif state.question is None or asked is None:
            self._start_matching(message, is_first=False)
        else:
            self.interrupted = state.interrupted
            self._judge(state.question, *asked, message)

    def start_fixed(self, on: On) -> bool:
        """Start the topic for what has no phrases, if the script has one."""
        topic = topic_on(self.script, on)
        if topic is not None:
            self._start(topic, on)
        return topic is not None

    def go_on(self) -> None:
        """Run what is pending, up to a question, the end of the topic or a limit."""
        while not self.is_through:
            if not self.pending:
                self._come_back()
                return
            step = self.pending.popleft()
            if self.steps == MOST_STEPS_RUN:
                self._stop_at(Limit.STEPS, step)
                return
            self.steps += 1
            self.trace.append(StepRun(self.topic, step.id))
            self._run(step)

    def _start_matching(self, message: Message, *, is_first: bool) -> None:
        topic = matching_topic(self.script.topics, message.text)
        if topic is not None:
            self._start(topic, On.PHRASES)
        elif not (is_first and self.start_fixed(On.FIRST_MESSAGE)):
            self.effects.append(NothingMatched())
            self.start_fixed(On.NOTHING_MATCHED)

    def _judge(self, question: OpenQuestion, topic: Topic, step: Question, message: Message) -> None:
        following = self._answer(step, message)
        self.trace.append(AnswerJudged(topic.id, step.id, is_valid=following is not None))
        self.topic = topic.id
        if following is not None:
            self.pending.extend((*following, *(steps_after(topic.steps, step.id) or ())))
        elif (matched := matching_topic(self.script.topics, message.text)) is not None:
            if self.interrupted is None and matched.id != topic.id:
                self.interrupted = question
            self._start(matched, On.PHRASES)
        elif question.tries + 1 < MOST_TRIES:
            self._ask(step, question.tries + 1)
        else:
            self.effects.append(NothingMatched())
            if not self.start_fixed(On.NOTHING_MATCHED):
                self._ask(step, question.tries)

    def _answer(self, step: Question, message: Message) -> tuple[Step, ...] | None:
        """Remember the answer, and return the steps that it leads to; None if it is none."""
        match step:
            case Ask():
                following: tuple[Step, ...] = ()
                value = answers.valid_answer(step.answer, message.text, self.script.language)
            case Choices():
                option = answers.chosen(step.options, message, self.script.language)
                value, following = (option.label, option.steps) if option else (None, ())
            case _:
                assert_never(step)
        if value is None:
            return None
        if step.into is not None:
            self.fields[step.into] = value
            self.effects.append(Remembered(step.into, value))
        return following

    def _start(self, topic: Topic, on: On) -> None:
        self.trace.append(TopicStarted(topic.id, on))
        if self.interrupted is not None and self.interrupted.topic == topic.id:
            self.interrupted = None
        self.topic = topic.id
        self.pending = deque(topic.steps)

    def _run(self, step: Step) -> None:
        match step:
            case Say():
                self._say(step, step.text)
            case Ask() | Choices():
                self._ask(step, tries=0)
            case If():
                chosen = step.then if answers.holds(step, self.fields, self.script.language) else step.otherwise
                self.pending.extendleft(reversed(chosen))
            case GoTo():
                self._go_to(step.topic)
            case HandOver():
                self._say(step, step.text or "")
                self._finish(HandedOver(filled(step.note, self.fields)[:MAX_SAID_LENGTH] if step.note else None, self.due_at))
            case End():
                self._say(step, step.text or "")
                self._finish(Ended())
            case _:
                assert_never(step)

    def _go_to(self, topic_id: str) -> None:
        topic = topic_by_id(self.script, topic_id)
        if topic is None:
            self.pending.clear()
        else:
            self._start(topic, On.GO_TO)

    def _say(self, step: Step, text: str, options: tuple[OfferedOption, ...] = ()) -> None:
        said = filled(text, self.fields)[:MAX_SAID_LENGTH]
        if not said.strip():
            return
        if self.messages == MOST_MESSAGES:
            self._stop_at(Limit.MESSAGES, step)
            return
        self.messages += 1
        self.effects.append(Said(said, options))

    def _ask(self, step: Question, tries: int) -> None:
        """Ask, or ask again, and wait for the answer."""
        text = step.text if not tries else step.again or step.text
        offered = tuple(OfferedOption(option.id, option.label) for option in step.options) if isinstance(step, Choices) else ()
        self._say(step, text if filled(text, self.fields).strip() else _BLANK_QUESTION, offered)
        if not self.is_through:
            self.question = OpenQuestion(self.topic, step.id, tries)
            self.is_through = True

    def _come_back(self) -> None:
        """Ask the question that this topic interrupted once more, if there is one."""
        question, self.interrupted = self.interrupted, None
        if question is not None and (asked := self._found(question)) is not None:
            self.trace.append(QuestionResumed(question.topic, question.step))
            self.topic = question.topic
            self._ask(asked[1], tries=0)
            if self.question is not None:
                self.question = question

    def _stop_at(self, limit: Limit, step: Step) -> None:
        self.effects.append(LimitReached(limit, self.topic, step.id))
        self._finish(HandedOver(None, self.due_at))

    def _finish(self, effect: HandedOver | Ended) -> None:
        """Nothing follows. If a limit has already ended the run, this was its last effect."""
        if not self.is_through:
            self.effects.append(effect)
            self.interrupted = None
            self.is_through = True

    def _found(self, question: OpenQuestion | None) -> tuple[Topic, Question] | None:
        return question_by_id(self.script, question.topic, question.step) if question is not None else None


def _due_at(script: Script, event: Event, now: int) -> int | None:
    """When nobody is there for what is handed over now. A script that runs because nobody was there does not wait again."""
    if isinstance(event, NobodyThere) or topic_on(script, On.NOBODY_THERE) is None:
        return None
    return now + script.nobody_after_minutes * MINUTE
