"""What of a script is edited as one piece: a step without the steps inside it, the label of an option, a topic's name and start.

A part is shown as the fields of a form, and read from them again. Its digest says whether it is still what was shown.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, assert_never

from xpressbot.chat.editing.rows import with_rows
from xpressbot.chat.scripts.json_values import Refused
from xpressbot.chat.scripts.reading import read_script
from xpressbot.chat.scripts.script import (
    Answer,
    Ask,
    Choices,
    Comparison,
    End,
    GoTo,
    HandOver,
    If,
    On,
    Option,
    Place,
    Say,
    Script,
    Starts,
    Step,
    Topic,
)
from xpressbot.chat.scripts.writing import written

_DIGEST_LENGTH: Final = 16
_BETWEEN_WORDS: Final = re.compile(r"[\s-]+")
Part = Step | Option | Topic


class PartKind(StrEnum):
    """The kinds of parts. Those of steps are named as in files."""

    SAY = "say"
    ASK = "ask"
    CHOICES = "choices"
    IF = "if"
    GO_TO = "go_to"
    HAND_OVER = "hand_over"
    END = "end"
    OPTION = "option"
    TOPIC = "topic"


_KINDS: Final[Mapping[type[Part], PartKind]] = {
    Say: PartKind.SAY,
    Ask: PartKind.ASK,
    Choices: PartKind.CHOICES,
    If: PartKind.IF,
    GoTo: PartKind.GO_TO,
    HandOver: PartKind.HAND_OVER,
    End: PartKind.END,
    Option: PartKind.OPTION,
    Topic: PartKind.TOPIC,
}


@dataclass(frozen=True, slots=True)
class PartKey:
    """Which part it is. Topics have ids of their own; steps and options share theirs."""

    id: str
    is_topic: bool = False


class UnknownFieldsError(ValueError):
    """The fields are none that a form for this kind of part has."""


def kind_of(part: Part) -> PartKind:
    """The kind of a part."""
    return _KINDS[type(part)]


def key_of(part: Part) -> PartKey:
    """Which part it is."""
    return PartKey(part.id, isinstance(part, Topic))


def fields_of(part: Part) -> Mapping[str, str]:
    """A part as the fields of a form, without white space around them."""
    match part:
        case Say():
            fields = {"text": part.text}
        case Ask():
            fields = {"text": part.text, "into": part.into, "answer": part.answer.value, "again": part.again or ""}
        case Choices():
            fields = {"text": part.text, "into": part.into or "", "again": part.again or ""}
        case If():
            fields = {"field": part.field, "is": part.comparison.value, "value": part.value or ""}
        case GoTo():
            fields = {"topic": part.topic}
        case HandOver():
            fields = {"text": part.text or "", "note": part.note or ""}
        case End():
            fields = {"text": part.text or ""}
        case Option():
            fields = {"label": part.label}
        case Topic():
            fields = {"name": part.name, "on": part.starts.on.value, "phrases": "\n".join(map(str.strip, part.starts.phrases))}
        case _:
            assert_never(part)
    return {name: text.strip() for name, text in fields.items()}


def digest(part: Part) -> str:
    """What two parts have in common that a form shows in the same way. It leads with the kind."""
    shown = json.dumps([kind_of(part), *fields_of(part).values()])
    return f"{kind_of(part)}.{hashlib.sha256(shown.encode()).hexdigest()[:_DIGEST_LENGTH]}"


def part_from(kind: PartKind, part_id: str, fields: Mapping[str, str]) -> Part | Refused:
    """The part that the fields of a form describe, without what stands inside it; or the field that the format refuses, and why.

    The place of a refusal begins with the field's name. Raises UnknownFieldsError where a field is missing, or chooses what a
    form does not offer.
    """
    try:
        part = _described(kind, part_id, {name: text.strip() for name, text in fields.items()})
    except (KeyError, ValueError) as error:
        raise UnknownFieldsError(kind) from error
    topic = part if isinstance(part, Topic) else Topic("topic", "topic", Starts(On.GO_TO), (_step_around(part),))
    found = read_script(written(Script("part", "en", (topic,))))
    if isinstance(found, Refused):
        return Refused(_within_part(part, found.place), found.problem, found.detail)
    return found.topics[0] if isinstance(part, Topic) else _inside(part, found.topics[0].steps[0])


def parts_of(topic: Topic) -> Iterator[Part]:
    """All parts of a topic in the order of reading."""
    yield topic
    yield from _parts_in(topic.steps)


def with_part(script: Script, part: Part) -> Script:
    """The script with this part in the place of the one with its id. What stands inside that stays."""
    if isinstance(part, Topic):
        topics = (replace(one, name=part.name, starts=part.starts) if one.id == part.id else one for one in script.topics)
        return replace(script, topics=tuple(topics))
    return with_rows(script, lambda _, row: tuple(_with_content(step, part) for step in row))


def _described(kind: PartKind, part_id: str, fields: Mapping[str, str]) -> Part:
    part: Part
    match kind:
        case PartKind.SAY:
            part = Say(part_id, fields["text"])
        case PartKind.ASK:
            part = Ask(part_id, fields["text"], _field_name(fields["into"]), Answer(fields["answer"]), fields["again"] or None)
        case PartKind.CHOICES:
            part = Choices(part_id, fields["text"], (), _field_name(fields["into"]) or None, fields["again"] or None)
        case PartKind.IF:
            part = If(part_id, _field_name(fields["field"]), Comparison(fields["is"]), fields["value"] or None)
        case PartKind.GO_TO:
            part = GoTo(part_id, fields["topic"])
        case PartKind.HAND_OVER:
            part = HandOver(part_id, fields["text"] or None, fields["note"] or None)
        case PartKind.END:
            part = End(part_id, fields["text"] or None)
        case PartKind.OPTION:
            part = Option(part_id, fields["label"])
        case PartKind.TOPIC:
            part = Topic(part_id, fields["name"], _starts(On(fields["on"]), fields["phrases"]))
        case _:
            assert_never(kind)
    return part


def _starts(on: On, phrases: str) -> Starts:
    """Phrases stand one on each line. Those of a topic that starts on something else are not kept."""
    lines = (line.strip() for line in phrases.splitlines())
    return Starts(on, tuple(line for line in lines if line) if on is On.PHRASES else ())


def _field_name(typed: str) -> str:
    """The name of a field as it was probably meant: "Your Name" is your_name, "teléfono" is telefono."""
    letters = (letter for letter in unicodedata.normalize("NFD", typed.casefold()) if not unicodedata.combining(letter))
    return _BETWEEN_WORDS.sub("_", "".join(letters).strip(" {}"))


def _step_around(part: Step | Option) -> Step:
    return Choices("around", "", (part,)) if isinstance(part, Option) else part


def _inside(part: Part, step: Step) -> Part:
    return step.options[0] if isinstance(part, Option) and isinstance(step, Choices) else step


def _within_part(part: Part, place: Place) -> Place:
    """topics[0].steps[0].options[0].label of the script around it is label of the part."""
    around = {True: 2, False: 4}[isinstance(part, Topic)] + 2 * isinstance(part, Option)
    path = place.path[around:]
    return Place(path[1:] if path[:1] == ("starts",) else path)


def _parts_in(steps: tuple[Step, ...]) -> Iterator[Part]:
    for step in steps:
        yield step
        match step:
            case Choices():
                for option in step.options:
                    yield option
                    yield from _parts_in(option.steps)
            case If():
                yield from _parts_in(step.then)
                yield from _parts_in(step.otherwise)
            case _:
                pass


def _with_content(step: Step, part: Step | Option) -> Step:
    match step, part:
        case Choices(), Option():
            options = (replace(option, label=part.label) if option.id == part.id else option for option in step.options)
            return replace(step, options=tuple(options))
        case Choices(), Choices() if step.id == part.id:
            return replace(part, options=step.options)
        case If(), If() if step.id == part.id:
            return replace(part, then=step.then, otherwise=step.otherwise)
        case ((Say() | Ask() | GoTo() | HandOver() | End()), (Say() | Ask() | GoTo() | HandOver() | End())) if step.id == part.id:
            return part
        case _:
            return step
