"""Replaying what was typed from the start of a script: for trying it out, and for checks of what it says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xpressbot.chat.scripts.engine import run
from xpressbot.chat.scripts.events import Ended, HandedOver, Message, Run, Said
from xpressbot.chat.scripts.script import Check, Script, Turn
from xpressbot.chat.scripts.state import State
from xpressbot.foundation.times import SECOND


@dataclass(frozen=True, slots=True)
class Replayed:
    """One turn: what was typed, and what the script did; run is None if the script had already handed over to a person."""

    write: str
    run: Run | None

    @property
    def said(self) -> tuple[str, ...]:
        """The messages of the script in this turn."""
        return tuple(effect.text for effect in self.run.effects if isinstance(effect, Said)) if self.run else ()


@dataclass(frozen=True, slots=True)
class Difference:
    """A turn in which a script says something other than a check expects. turn: counted from 0."""

    turn: int
    write: str
    expected: tuple[str, ...]
    said: tuple[str, ...]


def replayed(script: Script, typed: Sequence[str]) -> tuple[Replayed, ...]:
    """What a script does when one person types this, a message a second, and nobody else is there.

    A message after the script has ended the conversation begins it anew, with what is remembered.
    """
    return tuple(_replayed(script, typed))


def differences(script: Script, check: Check) -> tuple[Difference, ...]:
    """In which turns the script says something other than the check expects; none if it passes."""
    turns = replayed(script, [turn.write for turn in check.turns])
    return tuple(
        Difference(i, turn.write, expected.said, turn.said)
        for i, (expected, turn) in enumerate(zip(check.turns, turns, strict=True))
        if turn.said != expected.said
    )


def recorded(script: Script, name: str, typed: Sequence[str]) -> Check:
    """A check that expects what the script says now."""
    return Check(name, tuple(Turn(turn.write, turn.said) for turn in replayed(script, typed)))


def _replayed(script: Script, typed: Sequence[str]) -> Iterator[Replayed]:
    state = State(version=0)
    is_handed_over = False
    for i, text in enumerate(typed):
        if is_handed_over:
            yield Replayed(text, None)
            continue
        done = run(script, state, Message(text), i * SECOND)
        yield Replayed(text, done)
        is_handed_over = any(isinstance(effect, HandedOver) for effect in done.effects)
        has_ended = any(isinstance(effect, Ended) for effect in done.effects)
        state = done.state.started_over(state.version) if has_ended else done.state
