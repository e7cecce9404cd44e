"""The dialogue that tries a draft out, as the editor shows it: what was typed, what the bot says to it, and which steps that came from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from xpressbot.chat.editing.excerpts import excerpt
from xpressbot.chat.editing.parts import kind_of, parts_of
from xpressbot.chat.scripts.checks import Replayed, replayed
from xpressbot.chat.scripts.events import (
    AnswerJudged,
    Effect,
    Ended,
    HandedOver,
    Limit,
    LimitReached,
    NothingMatched,
    OfferedOption,
    QuestionResumed,
    Remembered,
    Said,
    StepRun,
    TopicStarted,
    Trace,
)
from xpressbot.chat.scripts.lookup import topic_by_id
from xpressbot.chat.scripts.script import Script
from xpressbot.entrypoints.messages.script_words import step_named
from xpressbot.entrypoints.messages.translation import Texts


@dataclass(frozen=True, slots=True)
class SaidView:
    """A message of the bot, with the options that can be tapped."""

    text: str
    options: Sequence[OfferedOption]


@dataclass(frozen=True, slots=True)
class TraceView:
    """Something that ran: in which topic, and the step, if it is about one."""

    topic: str
    step: str | None
    text: str


@dataclass(frozen=True, slots=True)
class TurnView:
    """What was typed, and what came of it. notes: what customers do not see."""

    write: str
    said: Sequence[SaidView]
    notes: Sequence[str]
    trace: Sequence[TraceView]


@dataclass(frozen=True, slots=True)
class TrialView:
    """The whole dialogue. fields: what the bot remembers in the end."""

    turns: Sequence[TurnView]
    fields: Mapping[str, str]


def trial_of(texts: Texts, script: Script, typed: Sequence[str]) -> TrialView:
    """Replay what was typed from the start of the script."""
    turns = replayed(script, typed)
    words = _Words(texts, script)
    runs = [turn.run for turn in turns if turn.run is not None]
    return TrialView([words.turn(turn) for turn in turns], runs[-1].state.fields if runs else {})


class _Words:
    """The turns of one script in one language."""

    def __init__(self, texts: Texts, script: Script) -> None:
        self._texts, self._script = texts, script
        self._steps = {part.id: part for topic in script.topics for part in parts_of(topic) if part is not topic}

    def turn(self, turn: Replayed) -> TurnView:
        if turn.run is None:
            note = self._texts.gettext("A person has the conversation: the bot says nothing.")
            return TurnView(turn.write, (), (note,), ())
        said = [SaidView(effect.text, effect.options) for effect in turn.run.effects if isinstance(effect, Said)]
        notes = [note for effect in turn.run.effects for note in self._notes(effect)]
        return TurnView(turn.write, said, notes, [self._ran(one) for one in turn.run.trace])

    def _notes(self, effect: Effect) -> Iterator[str]:
        texts = self._texts
        match effect:
            case NothingMatched():
                yield texts.gettext("Nothing matched this message.")
            case HandedOver():
                yield texts.gettext("Handed over to a person.")
                if effect.note:
                    yield texts.gettext("Note for the person: %(note)s") % {"note": effect.note}
            case Ended():
                yield texts.gettext("The conversation is closed.")
            case LimitReached():
                yield (
                    texts.gettext("The bot was stopped here: it ran through too many steps without a question.")
                    if effect.limit is Limit.STEPS
                    else texts.gettext("The bot was stopped here: it said too much at once.")
                )
            case Said() | Remembered():
                pass
            case unknown:
                assert_never(unknown)

    def _ran(self, trace: Trace) -> TraceView:
        texts = self._texts
        match trace:
            case TopicStarted():
                topic = topic_by_id(self._script, trace.topic)
                name = trace.topic if topic is None else topic.name
                return TraceView(trace.topic, None, texts.gettext("Topic “%(name)s”") % {"name": name})
            case StepRun():
                return TraceView(trace.topic, trace.step, self._step(trace.step))
            case AnswerJudged():
                said = texts.gettext("Taken as the answer to: %(step)s") if trace.is_valid else texts.gettext("No answer to: %(step)s")
                return TraceView(trace.topic, trace.step, said % {"step": self._step(trace.step)})
            case QuestionResumed():
                return TraceView(trace.topic, trace.step, texts.gettext("Back to: %(step)s") % {"step": self._step(trace.step)})
            case unknown:
                assert_never(unknown)

    def _step(self, step_id: str) -> str:
        part = self._steps[step_id]
        return step_named(self._texts, kind_of(part), excerpt(part, self._script))
