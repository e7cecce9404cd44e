"""Reading a script of format 1: a value with all its limits kept, or what is refused and where.

What a script lacks before it can be published, such as a text that is still empty, is no matter here: problems.py finds that.
"""

import re
from enum import StrEnum
from typing import Final, assert_never

from xpressbot.chat.scripts.json_values import JsonValue, RefusalError, Refused, Unreadable, read_json
from xpressbot.chat.scripts.script import (
    DEFAULT_NOBODY_AFTER_MINUTES,
    FIXED,
    FORMAT,
    MAX_LINE_LENGTH,
    MAX_SAID_LENGTH,
    MAX_TEXT_LENGTH,
    MAX_TYPED_LENGTH,
    MAX_VALUE_LENGTH,
    MOST_BYTES,
    MOST_CHECKS,
    MOST_INDENTATION,
    MOST_MESSAGES,
    MOST_NOBODY_AFTER_MINUTES,
    MOST_OPTIONS,
    MOST_PHRASES,
    MOST_STEPS,
    MOST_STEPS_IN_A_ROW,
    MOST_TOPICS,
    MOST_TURNS,
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
    Place,
    Say,
    Script,
    Starts,
    Step,
    Topic,
    Turn,
)
from xpressbot.chat.scripts.writing import written

_ID: Final = re.compile("[a-z0-9][a-z0-9-]{0,31}")
_FIELD: Final = re.compile("[a-z][a-z0-9_]{0,31}")
_LANGUAGE: Final = re.compile("(?!.{36})[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,4}")
"""A tag of at most 35 characters, for which RFC 5646, section 4.4.1, has room made."""


class StepKind(StrEnum):
    """How a file names the kinds of steps."""

    SAY = "say"
    ASK = "ask"
    CHOICES = "choices"
    IF = "if"
    GO_TO = "go_to"
    HAND_OVER = "hand_over"
    END = "end"


def read_script(data: bytes | str) -> Script | Refused:
    """The script that a file holds, or the first thing for which it is refused. Never raises.

    Refused is all that the format does not name, and what goes beyond its limits: among them MOST_BYTES for the file and for the
    script as written() writes it, MOST_STEPS in all, MOST_INDENTATION, and ids that stand twice.
    """
    try:
        script = _Reading().script(read_json(data, MOST_BYTES))
    except RefusalError as error:
        return error.refused
    if len(written(script).encode()) > MOST_BYTES:
        return Refused(Place(), Unreadable.TOO_LARGE, str(MOST_BYTES))
    return script


class _Reading:
    """One reading, and what it has met so far: ids, and topics that start on what only one may."""

    def __init__(self) -> None:
        self._topic_ids: Final[set[str]] = set()
        self._ids: Final[set[str]] = set()
        self._fixed: Final[set[On]] = set()
        self._steps = 0

    def script(self, document: JsonValue) -> Script:
        if (stated := document.part("format")).value != FORMAT:
            stated.refuse(Unreadable.UNKNOWN_FORMAT, FORMAT)
        parts = document.parts(("format", "name", "language", "topics"), ("nobody_after_minutes", "checks"))
        minutes, checks = parts.get("nobody_after_minutes"), parts.get("checks")
        return Script(
            parts["name"].line(MAX_LINE_LENGTH),
            parts["language"].matching(_LANGUAGE, Unreadable.NOT_A_LANGUAGE),
            tuple(self._topic(topic) for topic in parts["topics"].items(MOST_TOPICS, least=1)),
            minutes.whole_number(1, MOST_NOBODY_AFTER_MINUTES) if minutes else DEFAULT_NOBODY_AFTER_MINUTES,
            tuple(_check(check) for check in checks.items(MOST_CHECKS)) if checks else (),
        )

    def _topic(self, topic: JsonValue) -> Topic:
        parts = topic.parts(("id", "name", "starts", "steps"))
        return Topic(
            _unique_id(parts["id"], self._topic_ids),
            parts["name"].line(MAX_LINE_LENGTH),
            self._starts(parts["starts"]),
            self._row(parts["steps"], indentation=0),
        )

    def _starts(self, starts: JsonValue) -> Starts:
        on = starts.part("on").one_of(On)
        if on is On.PHRASES:
            phrases = starts.parts(("on", "phrases"))["phrases"].items(MOST_PHRASES)
            return Starts(on, tuple(phrase.line(MAX_LINE_LENGTH) for phrase in phrases))
        fixed = starts.parts(("on",))["on"]
        if on in FIXED and on in self._fixed:
            fixed.refuse(Unreadable.DOUBLED_START, on)
        self._fixed.add(on)
        return Starts(on)

    def _row(self, steps: JsonValue, indentation: int) -> tuple[Step, ...]:
        return tuple(self._step(step, indentation) for step in steps.items(MOST_STEPS_IN_A_ROW))

    def _step(self, step: JsonValue, indentation: int) -> Step:
        if indentation > MOST_INDENTATION:
            step.refuse(Unreadable.INDENTED_TOO_DEEP, MOST_INDENTATION)
        self._steps += 1
        if self._steps > MOST_STEPS:
            step.refuse(Unreadable.TOO_MANY, MOST_STEPS)
        read: Step
        match kind := step.part("kind").one_of(StepKind):
            case StepKind.SAY:
                parts = step.parts(("id", "kind", "text"))
                read = Say(self._new_id(parts["id"]), _text(parts["text"]))
            case StepKind.ASK:
                read = self._ask(step)
            case StepKind.CHOICES:
                read = self._choices(step, indentation)
            case StepKind.IF:
                read = self._if(step, indentation)
            case StepKind.GO_TO:
                parts = step.parts(("id", "kind", "topic"))
                read = GoTo(self._new_id(parts["id"]), _id(parts["topic"]))
            case StepKind.HAND_OVER:
                parts = step.parts(("id", "kind"), ("text", "note"))
                read = HandOver(self._new_id(parts["id"]), _optional_text(parts.get("text")), _optional_text(parts.get("note")))
            case StepKind.END:
                parts = step.parts(("id", "kind"), ("text",))
                read = End(self._new_id(parts["id"]), _optional_text(parts.get("text")))
            case _:
                assert_never(kind)
        return read

    def _ask(self, step: JsonValue) -> Ask:
        parts = step.parts(("id", "kind", "text", "into", "answer"), ("again",))
        return Ask(
            self._new_id(parts["id"]),
            _text(parts["text"]),
            _field(parts["into"]),
            parts["answer"].one_of(Answer),
            _optional_text(parts.get("again")),
        )

    def _choices(self, step: JsonValue, indentation: int) -> Choices:
        parts = step.parts(("id", "kind", "text", "options"), ("into", "again"))
        into = parts.get("into")
        return Choices(
            self._new_id(parts["id"]),
            _text(parts["text"]),
            tuple(self._option(option, indentation) for option in parts["options"].items(MOST_OPTIONS)),
            _field(into) if into else None,
            _optional_text(parts.get("again")),
        )

    def _option(self, option: JsonValue, indentation: int) -> Option:
        parts = option.parts(("id", "label", "steps"))
        return Option(
            self._new_id(parts["id"]),
            parts["label"].line(MAX_LINE_LENGTH, may_be_blank=True),
            self._row(parts["steps"], indentation + 1),
        )

    def _if(self, step: JsonValue, indentation: int) -> If:
        parts = step.parts(("id", "kind", "field", "is", "then", "else"), ("value",))
        value = parts.get("value")
        return If(
            self._new_id(parts["id"]),
            _field(parts["field"]),
            parts["is"].one_of(Comparison),
            value.text(MAX_VALUE_LENGTH) if value else None,
            self._row(parts["then"], indentation + 1),
            self._row(parts["else"], indentation + 1),
        )

    def _new_id(self, value: JsonValue) -> str:
        return _unique_id(value, self._ids)


def _check(check: JsonValue) -> Check:
    parts = check.parts(("name", "turns"))
    return Check(parts["name"].line(MAX_LINE_LENGTH), tuple(_turn(turn) for turn in parts["turns"].items(MOST_TURNS)))


def _turn(turn: JsonValue) -> Turn:
    parts = turn.parts(("write", "said"))
    said = tuple(text.text(MAX_SAID_LENGTH) for text in parts["said"].items(MOST_MESSAGES))
    return Turn(parts["write"].text(MAX_TYPED_LENGTH), said)


def _unique_id(value: JsonValue, met: set[str]) -> str:
    found = _id(value)
    if found in met:
        value.refuse(Unreadable.DOUBLED_ID, found)
    met.add(found)
    return found


def _id(value: JsonValue) -> str:
    return value.matching(_ID, Unreadable.NOT_AN_ID)


def _field(value: JsonValue) -> str:
    return value.matching(_FIELD, Unreadable.NOT_A_FIELD)


def _text(value: JsonValue) -> str:
    return value.text(MAX_TEXT_LENGTH)


def _optional_text(value: JsonValue | None) -> str | None:
    return None if value is None else _text(value)
