"""The rows in which steps stand: a topic's own, one for each option, and two for each If. Each has a name, and can be changed by it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from xpressbot.chat.scripts.script import Choices, If, Script, Step, Topic


class RowOf(StrEnum):
    """What a row stands in."""

    TOPIC = "topic"
    OPTION = "option"
    THEN = "then"
    ELSE = "else"


@dataclass(frozen=True, slots=True)
class Row:
    """Which row it is. id: of the topic, of the option, or of the If."""

    of: RowOf
    id: str


RowChange = Callable[[Row, tuple[Step, ...]], tuple[Step, ...]]


def with_rows(script: Script, change: RowChange) -> Script:
    """The script with a change made to each of its rows, the outer before those inside."""
    topics = (replace(topic, steps=_changed(Row(RowOf.TOPIC, topic.id), topic.steps, change)) for topic in script.topics)
    return replace(script, topics=tuple(topics))


def rows_of(topic: Topic) -> Iterator[tuple[Row, tuple[Step, ...]]]:
    """All rows of a topic, in the order of reading."""
    return _rows(Row(RowOf.TOPIC, topic.id), topic.steps)


def inner_rows(step: Step) -> tuple[tuple[Row, tuple[Step, ...]], ...]:
    """The rows directly inside a step."""
    match step:
        case Choices():
            return tuple((Row(RowOf.OPTION, option.id), option.steps) for option in step.options)
        case If():
            return (Row(RowOf.THEN, step.id), step.then), (Row(RowOf.ELSE, step.id), step.otherwise)
        case _:
            return ()


def _rows(name: Row, steps: tuple[Step, ...]) -> Iterator[tuple[Row, tuple[Step, ...]]]:
    yield name, steps
    for step in steps:
        for inner, row in inner_rows(step):
            yield from _rows(inner, row)


def _changed(name: Row, steps: tuple[Step, ...], change: RowChange) -> tuple[Step, ...]:
    return tuple(_with_changed_rows(step, change) for step in change(name, steps))


def _with_changed_rows(step: Step, change: RowChange) -> Step:
    match step:
        case Choices():
            options = (replace(option, steps=_changed(Row(RowOf.OPTION, option.id), option.steps, change)) for option in step.options)
            return replace(step, options=tuple(options))
        case If():
            then = _changed(Row(RowOf.THEN, step.id), step.then, change)
            return replace(step, then=then, otherwise=_changed(Row(RowOf.ELSE, step.id), step.otherwise, change))
        case _:
            return step
