"""Scripts of bots: built in few words, talked to, and of any shape."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Final

from hypothesis import strategies as st

from xpressbot.chat.scripts.engine import run
from xpressbot.chat.scripts.events import Effect, Event, Message, Run, Said
from xpressbot.chat.scripts.script import (
    Answer,
    Ask,
    Check,
    Choices,
    Comparison,
    End,
    GoTo,
    HandOver,
    If,
    On,
    Option,
    Say,
    Script,
    Starts,
    Step,
    Topic,
    Turn,
)
from xpressbot.chat.scripts.state import State

NOW: Final = 1_700_000_000_000_000


def phrases(*texts: str) -> Starts:
    """The topic starts on these."""
    return Starts(On.PHRASES, texts)


def topic(topic_id: str, starts: On | Sequence[str], *steps: Step) -> Topic:
    """A topic; a list of phrases starts it on these."""
    when = Starts(starts) if isinstance(starts, On) else phrases(*starts)
    return Topic(topic_id, topic_id.capitalize(), when, steps)


def script(*topics: Topic, language: str = "en", nobody_after_minutes: int = 5) -> Script:
    """A script that is called Shop."""
    return Script("Shop", language, topics, nobody_after_minutes)


def said(effects: Sequence[Effect]) -> list[str]:
    """The texts of the messages among effects."""
    return [effect.text for effect in effects if isinstance(effect, Said)]


@dataclass
class Talk:
    """One conversation with a script."""

    script: Script
    state: State = field(default_factory=lambda: State(version=1))
    now: int = NOW
    last: Run = field(init=False)

    def send(self, event: Event) -> Run:
        """What the script does with an event."""
        self.last = run(self.script, self.state, event, self.now)
        self.state = self.last.state
        return self.last

    def send_text(self, text: str) -> Run:
        """What it does with a message."""
        return self.send(Message(text))

    def write(self, text: str, option: str | None = None) -> list[str]:
        """What it says to a message."""
        return said(self.send(Message(text, option)).effects)


_TEXTS: Final = st.sampled_from(["", "  ", "Hello", "Hello {{name}}", "{{ count }}{{", "मदद", "¿Sí?", "a\nb", "{{name}}" * 200]) | st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=20
)
_LINES: Final = st.sampled_from(["hours", "opening hours", "open", "मदद चाहिए", "café", "!", "1"]) | st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), min_size=1, max_size=10
).filter(lambda text: bool(text.strip()))
_FIELDS: Final = st.sampled_from(["name", "count", "a"])
_TOPIC_IDS: Final = ("t0", "t1", "t2", "t3")
_MAYBE_TEXT: Final = st.none() | _TEXTS
TYPED: Final = _LINES | _TEXTS | st.sampled_from(["yes", "no", "2", "12,5", "a@example.com", "0151 2345678", "one"])
"""What customers write."""


def _steps(indentation: int) -> st.SearchStrategy[tuple[Step, ...]]:
    kinds: list[st.SearchStrategy[Step]] = [
        st.builds(Say, st.just(""), _TEXTS),
        st.builds(Ask, st.just(""), _TEXTS, _FIELDS, st.sampled_from(Answer), _MAYBE_TEXT),
        st.builds(GoTo, st.just(""), st.sampled_from([*_TOPIC_IDS, "missing"])),
        st.builds(HandOver, st.just(""), _MAYBE_TEXT, _MAYBE_TEXT),
        st.builds(End, st.just(""), _MAYBE_TEXT),
    ]
    if indentation < 3:
        inner = _steps(indentation + 1)
        options = st.lists(st.builds(Option, st.just(""), _LINES | st.just(""), inner), max_size=3).map(tuple)
        kinds += [
            st.builds(Choices, st.just(""), _TEXTS, options, st.none() | _FIELDS, _MAYBE_TEXT),
            st.builds(If, st.just(""), _FIELDS, st.sampled_from(Comparison), st.none() | _TEXTS.map(lambda text: text[:200]), inner, inner),
        ]
    return st.lists(st.one_of(kinds), max_size=4 if indentation == 0 else 2).map(tuple)


_STEPS: Final = _steps(0)
_STARTS: Final = st.lists(_LINES, max_size=3).map(lambda lines: Starts(On.PHRASES, tuple(lines)))
_TURNS: Final = st.lists(st.builds(Turn, TYPED.map(lambda text: text[:500]), st.lists(_TEXTS, max_size=2).map(tuple)), max_size=3).map(
    tuple
)
_CHECKS: Final = st.lists(st.builds(Check, _LINES, _TURNS), max_size=2).map(tuple)


def _numbered(steps: tuple[Step, ...], numbers: "count[int]") -> tuple[Step, ...]:
    def numbered(step: Step) -> Step:
        step = replace(step, id=f"s{next(numbers)}")
        if isinstance(step, Choices):
            options = tuple(replace(one, id=f"o{next(numbers)}", steps=_numbered(one.steps, numbers)) for one in step.options)
            step = replace(step, options=options)
        if isinstance(step, If):
            step = replace(step, then=_numbered(step.then, numbers), otherwise=_numbered(step.otherwise, numbers))
        return step

    return tuple(map(numbered, steps))


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    """A script that keeps the limits of the format, with whatever problems."""
    numbers = count()
    fixed = draw(st.permutations([On.FIRST_MESSAGE, On.NOTHING_MATCHED, On.NOBODY_THERE]))
    topics = []
    for i, topic_id in enumerate(_TOPIC_IDS[: draw(st.integers(1, len(_TOPIC_IDS)))]):
        others = [Starts(On.GO_TO), *([Starts(fixed[i])] if i < len(fixed) else [])]
        topics.append(Topic(topic_id, draw(_LINES), draw(_STARTS | st.sampled_from(others)), _numbered(draw(_STEPS), numbers)))
    return Script(
        draw(_LINES),
        draw(st.sampled_from(["en", "es", "hi", "de-AT"])),
        tuple(topics),
        draw(st.sampled_from([1, 5, 1440])),
        draw(_CHECKS),
    )
