"""What can be done to a script besides writing into it: steps, options and topics are added, removed and moved."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeVar, assert_never

from xpressbot.chat.editing.new_steps import new_step
from xpressbot.chat.editing.parts import Part, PartKind, parts_of
from xpressbot.chat.editing.rows import Row, inner_rows, rows_of, with_rows
from xpressbot.chat.scripts.lookup import topic_by_id
from xpressbot.chat.scripts.script import Choices, On, Option, Script, Starts, Step, Topic

_MAX_ID_LENGTH: Final = 32
_NOT_IN_ID: Final = re.compile("[^a-z0-9]+")
T = TypeVar("T", Step, Option, Topic)


class EditRefusal(StrEnum):
    """Why nothing was done."""

    NOT_THERE = "not_there"
    """Somebody else has removed what it was to be done to."""
    INTO_ITSELF = "into_itself"
    LAST_TOPIC = "last_topic"
    CHANGED_SINCE = "changed_since"
    """There is a newer change than the one that was to be undone."""
    NOT_KEPT = "not_kept"
    """The draft to go back to is older than those that are kept."""


@dataclass(frozen=True, slots=True)
class AddStep:
    """Add a step after the step of this id, or at the end of a row. kind: of a step."""

    kind: PartKind
    at: str | Row


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove the step or the option of this id, with all that stands in it."""

    id: str


@dataclass(frozen=True, slots=True)
class Shift:
    """Move a step within its row, or an option within its question: by -1 up, by 1 down."""

    id: str
    by: int


@dataclass(frozen=True, slots=True)
class MoveTo:
    """Move a step to the end of another row."""

    id: str
    row: Row


@dataclass(frozen=True, slots=True)
class AddTopic:
    """Add a topic at the end. The name is its first phrase, too, and as far as it is ASCII its id."""

    name: str


@dataclass(frozen=True, slots=True)
class RemoveTopic:
    """Remove a topic with all its steps."""

    id: str


@dataclass(frozen=True, slots=True)
class ShiftTopic:
    """Move a topic among the others: by -1 up, by 1 down."""

    id: str
    by: int


Edit = AddStep | Remove | Shift | MoveTo | AddTopic | RemoveTopic | ShiftTopic


@dataclass(frozen=True, slots=True)
class Done:
    """The script after an edit, the part that it was done to, and the id of the step or the topic where to look at it."""

    script: Script
    part: Part
    at: str


def do(script: Script, edit: Edit, new_id: Callable[[Script], str]) -> Done | EditRefusal:
    """Do it. Whether the script is still within the limits of the format, read_script knows."""
    done: Done | EditRefusal
    match edit:
        case AddStep():
            done = _add_step(script, edit, new_id(script))
        case Remove():
            done = _remove(script, edit.id)
        case Shift():
            done = _shift(script, edit)
        case MoveTo():
            done = _move(script, edit)
        case AddTopic():
            topic = Topic(_topic_id(script, edit.name, new_id(script)), edit.name, Starts(On.PHRASES, (edit.name,)))
            done = Done(replace(script, topics=(*script.topics, topic)), topic, topic.id)
        case RemoveTopic():
            done = _remove_topic(script, edit.id)
        case ShiftTopic():
            topics = _shifted(script.topics, edit.id, edit.by)
            done = _done(replace(script, topics=topics), topic_by_id(script, edit.id))
        case _:
            assert_never(edit)
    return done


def find_part(script: Script, part_id: str) -> Step | Option | None:
    """The step or the option of this id."""
    found = (part for topic in script.topics for part in parts_of(topic) if not isinstance(part, Topic) and part.id == part_id)
    return next(found, None)


def free_id(script: Script, wanted: str) -> str:
    """The wanted id of a step or an option, or one that begins with it, if the script has that already."""
    return _free(wanted, {part.id for topic in script.topics for part in parts_of(topic) if not isinstance(part, Topic)})


def _topic_id(script: Script, name: str, otherwise: str) -> str:
    """The name in small letters, as far as these are ASCII."""
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    wanted = _NOT_IN_ID.sub("-", folded).strip("-")[: _MAX_ID_LENGTH - 4].strip("-") or f"topic-{otherwise}"
    return _free(wanted, {topic.id for topic in script.topics})


def _free(wanted: str, taken: AbstractSet[str]) -> str:
    return next(each for each in (wanted, *(f"{wanted}-{number}" for number in range(2, len(taken) + 3))) if each not in taken)


def _add_step(script: Script, edit: AddStep, step_id: str) -> Done | EditRefusal:
    topic = next((topic for topic in script.topics if _has(topic, edit.at)), None)
    if topic is None:
        return EditRefusal.NOT_THERE
    step = new_step(edit.kind, step_id, script, topic)

    def added(name: Row, row: tuple[Step, ...]) -> tuple[Step, ...]:
        if name == edit.at:
            return (*row, step)
        place = next((i for i, one in enumerate(row, 1) if one.id == edit.at), None)
        return row if place is None else (*row[:place], step, *row[place:])

    return Done(with_rows(script, added), step, step.id)


def _has(topic: Topic, at: str | Row) -> bool:
    return any(name == at or any(step.id == at for step in row) for name, row in rows_of(topic))


def _remove(script: Script, part_id: str) -> Done | EditRefusal:
    part = find_part(script, part_id)
    if part is None:
        return EditRefusal.NOT_THERE
    return Done(_without(script, part_id), part, _before(script, part_id))


def _without(script: Script, part_id: str) -> Script:
    def remaining(_: Row, row: tuple[Step, ...]) -> tuple[Step, ...]:
        return tuple(_without_option(step, part_id) for step in row if step.id != part_id)

    return with_rows(script, remaining)


def _without_option(step: Step, option_id: str) -> Step:
    if not isinstance(step, Choices):
        return step
    return replace(step, options=tuple(option for option in step.options if option.id != option_id))


def _before(script: Script, part_id: str) -> str:
    """The id of the part that is read before this one."""
    for topic in script.topics:
        ids = [part.id for part in parts_of(topic)]
        if part_id in ids[1:]:
            return ids[ids.index(part_id, 1) - 1]
    return part_id


def _shift(script: Script, edit: Shift) -> Done | EditRefusal:
    def shifted(_: Row, row: tuple[Step, ...]) -> tuple[Step, ...]:
        moved = _shifted(row, edit.id, edit.by)
        return tuple(
            replace(step, options=_shifted(step.options, edit.id, edit.by)) if isinstance(step, Choices) else step for step in moved
        )

    return _done(with_rows(script, shifted), find_part(script, edit.id))


def _shifted(items: Sequence[T], item_id: str, by: int) -> tuple[T, ...]:
    """The items with one of them moved. The first does not go up, the last not down."""
    place = next((i for i, item in enumerate(items) if item.id == item_id), None)
    if place is None or not 0 <= place + by < len(items):
        return tuple(items)
    moved = list(items)
    moved.insert(place + by, moved.pop(place))
    return tuple(moved)


def _move(script: Script, edit: MoveTo) -> Done | EditRefusal:
    step = find_part(script, edit.id)
    if step is None or isinstance(step, Option) or not any(_has(topic, edit.row) for topic in script.topics):
        return EditRefusal.NOT_THERE
    if edit.row in {name for name, _ in _rows_inside(step)}:
        return EditRefusal.INTO_ITSELF
    moved = with_rows(_without(script, edit.id), lambda name, row: (*row, step) if name == edit.row else row)
    return _done(moved, step)


def _rows_inside(step: Step) -> Sequence[tuple[Row, tuple[Step, ...]]]:
    return [found for row in inner_rows(step) for found in (row, *(deeper for one in row[1] for deeper in _rows_inside(one)))]


def _remove_topic(script: Script, topic_id: str) -> Done | EditRefusal:
    topic = topic_by_id(script, topic_id)
    if topic is None:
        return EditRefusal.NOT_THERE
    if len(script.topics) == 1:
        return EditRefusal.LAST_TOPIC
    remaining = tuple(one for one in script.topics if one.id != topic_id)
    return Done(replace(script, topics=remaining), topic, topic_id)


def _done(script: Script, part: Part | None) -> Done | EditRefusal:
    return EditRefusal.NOT_THERE if part is None else Done(script, part, part.id)
