"""What somebody has typed into a form, put into a script that others may have changed since the form was shown.

Only contents travel with a form, never the order of steps: a step that was moved meanwhile takes its new text along.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from xpressbot.chat.editing.parts import (
    Part,
    PartKey,
    PartKind,
    UnknownFieldsError,
    digest,
    key_of,
    kind_of,
    part_from,
    parts_of,
    with_part,
)
from xpressbot.chat.editing.rows import with_rows
from xpressbot.chat.scripts.json_values import Refused, Unreadable
from xpressbot.chat.scripts.reading import read_script
from xpressbot.chat.scripts.script import FIXED, MOST_OPTIONS, Choices, Option, Place, Script, Topic
from xpressbot.chat.scripts.writing import written

SHOWN: Final = "shown"
"""The field with a part's digest as it was shown."""
NEW_OPTION: Final = "option"
"""The field of Choices with the label of an option that is to be added."""
_NAME: Final = re.compile(r"(step|topic)\.([a-z0-9][a-z0-9-]{0,31})\.([a-z]+)")


@dataclass(frozen=True, slots=True)
class Typed:
    """One part of a form: its fields as they were sent, and the digest of the part that they were shown with."""

    key: PartKey
    kind: PartKind
    shown: str
    fields: Mapping[str, str]
    new_option: str = ""


@dataclass(frozen=True, slots=True)
class ChangedByOther:
    """Somebody else has changed the part since. theirs: what it is now."""

    theirs: Part


@dataclass(frozen=True, slots=True)
class RemovedByOther:
    """Somebody else has removed the part since."""


@dataclass(frozen=True, slots=True)
class StartTaken:
    """Another topic starts on this, and only one may."""

    topic: Topic


@dataclass(frozen=True, slots=True)
class Unsaved:
    """What was typed and is not in the script, and why."""

    typed: Typed
    why: ChangedByOther | RemovedByOther | StartTaken | Refused


@dataclass(frozen=True, slots=True)
class Merged:
    """The script with what was typed, the parts that are changed by it, and what was left out."""

    script: Script
    changed: tuple[Part, ...] = ()
    unsaved: tuple[Unsaved, ...] = ()


def typed_parts(fields: Mapping[str, str]) -> tuple[Typed, ...]:
    """The parts among the fields of a form. Raises UnknownFieldsError where one comes without its digest."""
    found: dict[PartKey, dict[str, str]] = defaultdict(dict)
    for name, text in fields.items():
        if match := _NAME.fullmatch(name):
            found[PartKey(match[2], match[1] == "topic")][match[3]] = text
    return tuple(_typed(key, of_part) for key, of_part in found.items())


def merge(script: Script, typed: Sequence[Typed], new_id: Callable[[Script], str]) -> Merged:
    """Put in what was typed, part by part. Where the whole has outgrown the format, none of it is put in."""
    merging = _Merging(script, {key_of(part): part for topic in script.topics for part in parts_of(topic)}, new_id)
    for one in typed:
        merging.take(one)
    merged = Merged(merging.script, tuple(merging.changed), tuple(merging.unsaved))
    if not merged.changed or not isinstance(refused := read_script(written(merged.script)), Refused):
        return merged
    kept_out = tuple(Unsaved(one, refused) for one in typed if one.key in {key_of(part) for part in merged.changed})
    return Merged(script, (), (*merged.unsaved, *kept_out))


@dataclass(slots=True)
class _Merging:
    script: Script
    before: Mapping[PartKey, Part]
    new_id: Callable[[Script], str]
    changed: list[Part] = field(default_factory=list)
    unsaved: list[Unsaved] = field(default_factory=list)

    def take(self, typed: Typed) -> None:
        mine = part_from(typed.kind, typed.key.id, typed.fields)
        if isinstance(mine, Refused):
            self.unsaved.append(Unsaved(typed, mine))
        elif digest(mine) != typed.shown:
            self._put_in(typed, mine)
        if typed.new_option.strip():
            self._add_option(typed)

    def _put_in(self, typed: Typed, mine: Part) -> None:
        now = self._now(typed)
        if now is None:
            self.unsaved.append(Unsaved(typed, RemovedByOther()))
        elif digest(now) == digest(mine):
            pass
        elif digest(now) != typed.shown:
            self.unsaved.append(Unsaved(typed, ChangedByOther(now)))
        elif taken_by := _start_taken(self.script, mine):
            self.unsaved.append(Unsaved(typed, StartTaken(taken_by)))
        else:
            self.script = with_part(self.script, mine)
            self.changed.append(mine)

    def _add_option(self, typed: Typed) -> None:
        option = part_from(PartKind.OPTION, self.new_id(self.script), {"label": typed.new_option})
        now = self._now(typed)
        if isinstance(option, Refused):
            self.unsaved.append(Unsaved(typed, replace(option, place=Place((NEW_OPTION,)))))
        elif not isinstance(now, Choices):
            self.unsaved.append(Unsaved(typed, RemovedByOther()))
        elif len(now.options) >= MOST_OPTIONS:
            self.unsaved.append(Unsaved(typed, Refused(Place((NEW_OPTION,)), Unreadable.TOO_MANY, str(MOST_OPTIONS))))
        elif isinstance(option, Option):
            self.script = with_option(self.script, now.id, option)
            self.changed.append(option)

    def _now(self, typed: Typed) -> Part | None:
        part = self.before.get(typed.key)
        return part if part is not None and kind_of(part) is typed.kind else None


def with_option(script: Script, choices_id: str, option: Option) -> Script:
    """The script with one option more at the end of a question."""
    return with_rows(
        script,
        lambda _, row: tuple(
            replace(step, options=(*step.options, option)) if isinstance(step, Choices) and step.id == choices_id else step for step in row
        ),
    )


def _start_taken(script: Script, part: Part) -> Topic | None:
    if not isinstance(part, Topic) or part.starts.on not in FIXED:
        return None
    return next((topic for topic in script.topics if topic.starts.on is part.starts.on and topic.id != part.id), None)


def _typed(key: PartKey, fields: dict[str, str]) -> Typed:
    shown, new_option = fields.pop(SHOWN, ""), fields.pop(NEW_OPTION, "")
    kind = next((kind for kind in PartKind if kind == shown.partition(".")[0]), None)
    if kind is None or key.is_topic != (kind is PartKind.TOPIC):
        raise UnknownFieldsError(key)
    return Typed(key, kind, shown, fields, new_option)
