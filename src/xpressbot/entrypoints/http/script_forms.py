"""What the forms of the script editor ask for: the text in their fields, and what the button says that was pressed.

A form that none of our pages sends ends in HTTPException 422, and nothing of it is saved.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from starlette.exceptions import HTTPException

from xpressbot.chat.editing.editing import Redo, Undo
from xpressbot.chat.editing.edits import AddStep, AddTopic, Edit, MoveTo, Remove, RemoveTopic, Shift, ShiftTopic
from xpressbot.chat.editing.merging import Typed, typed_parts
from xpressbot.chat.editing.parts import PartKey, PartKind, UnknownFieldsError
from xpressbot.chat.editing.rows import Row, RowOf
from xpressbot.chat.scripts.script import MAX_TYPED_LENGTH, MOST_BYTES, MOST_TURNS
from xpressbot.entrypoints.http.forms import FormLimits

EDITOR_FORM: Final = FormLimits(fields=1000, body_bytes=4 * MOST_BYTES)
"""A whole topic is one form. A browser sends each byte of a script in Hindi as three, and the names of fields besides."""
TURN: Final = "turn."
_ID: Final = re.compile("[a-z0-9][a-z0-9-]{0,31}")
_REVISION: Final = re.compile("[0-9]{1,9}")
_BY: Final = {"up": -1, "down": 1}
_WITHOUT_EDIT: Final = frozenset({"save", "try", "say", "over", "keep", "theirs", "choose", "publish"})
"""Buttons that do nothing to the topic once it is saved."""
_STEP_KINDS: Final = frozenset(PartKind) - {PartKind.OPTION, PartKind.TOPIC}


class Trial(Enum):
    """What is to be done with the dialogue that tries the draft out."""

    AS_BEFORE = auto()
    GO_ON = auto()
    START_OVER = auto()
    KEEP = auto()


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent.

    choosing: the id of a step that is to be moved, whose destination is still to be chosen. turns: what was typed to try the draft
    out, the newest last. unsent: what was typed after it, and is too long or too much. publishes: whether the page that publishes the
    draft is asked for.
    """

    typed: tuple[Typed, ...]
    edit: Edit | Undo | Redo | None = None
    choosing: str | None = None
    trial: Trial = Trial.AS_BEFORE
    turns: tuple[str, ...] = ()
    unsent: str = ""
    publishes: bool = False


def read_sent(fields: Mapping[str, str]) -> Sent:
    """What a topic's form asks for. What stands in the field for trying out is written, whichever button was pressed to save."""
    pressed, _, rest = fields.get("do", "save").partition(":")
    turns = _turns(fields)
    wrote = rest if pressed == "say" else fields.get("write", "").strip()
    fits = len(turns) < MOST_TURNS and len(wrote) <= MAX_TYPED_LENGTH
    trial = {"over": Trial.START_OVER, "keep": Trial.KEEP}.get(pressed, Trial.AS_BEFORE)
    if pressed in {"try", "say"} or (pressed == "save" and wrote):
        trial = Trial.GO_ON
        turns = (*turns, wrote) if wrote and fits else turns
    try:
        typed = typed_parts(fields)
    except UnknownFieldsError:
        raise HTTPException(422) from None
    if pressed == "theirs":
        typed = tuple(one for one in typed if one.key != _key(rest))
    return Sent(
        typed,
        None if pressed in _WITHOUT_EDIT else _edit(pressed, rest, fields),
        _id(rest) if pressed == "choose" else None,
        trial,
        () if trial is Trial.START_OVER else turns,
        "" if fits or trial is not Trial.GO_ON else wrote,
        publishes=pressed == "publish",
    )


def read_edit_of_topics(fields: Mapping[str, str], name: str) -> Edit | Undo | Redo:
    """What the list of topics asks for. name: of a topic that is to be added, as it is kept."""
    match fields.get("do", "").split(":"):
        case ["add"]:
            return AddTopic(name)
        case ["remove", topic]:
            return RemoveTopic(_id(topic))
        case [("up" | "down") as way, topic]:
            return ShiftTopic(_id(topic), _BY[way])
        case [way, revision]:
            return _travel(way, revision)
        case _:
            raise HTTPException(422)


def usable_turns(turns: list[str]) -> tuple[str, ...]:
    """What an address says was typed; nothing where it says too much."""
    are_usable = len(turns) <= MOST_TURNS and all(0 < len(turn) <= MAX_TYPED_LENGTH for turn in turns)
    return tuple(turns) if are_usable else ()


def _edit(pressed: str, rest: str, fields: Mapping[str, str]) -> Edit | Undo | Redo:
    match [pressed, *rest.split(":")]:
        case ["add", kind, "after", step]:
            return AddStep(_kind(kind), _id(step))
        case ["add", kind, of, row_id]:
            return AddStep(_kind(kind), _row(of, row_id))
        case ["remove", part]:
            return Remove(_id(part))
        case [("up" | "down") as way, part]:
            return Shift(_id(part), _BY[way])
        case ["move", step]:
            of, _, row_id = fields.get("to", "").partition(":")
            return MoveTo(_id(step), _row(of, row_id))
        case [way, revision]:
            return _travel(way, revision)
        case _:
            raise HTTPException(422)


def _travel(way: str, revision: str) -> Undo | Redo:
    if way not in {"undo", "redo"} or not _REVISION.fullmatch(revision):
        raise HTTPException(422)
    return Undo(int(revision)) if way == "undo" else Redo(int(revision))


def _turns(fields: Mapping[str, str]) -> tuple[str, ...]:
    found: list[str] = []
    while (turn := fields.get(f"{TURN}{len(found)}")) is not None:
        found.append(turn)
    if len(found) > MOST_TURNS or any(len(turn) > MAX_TYPED_LENGTH for turn in found):
        raise HTTPException(422)
    return tuple(found)


def _key(text: str) -> PartKey:
    of, _, part_id = text.partition(":")
    if of not in {"step", "topic"}:
        raise HTTPException(422)
    return PartKey(_id(part_id), of == "topic")


def _row(of: str, row_id: str) -> Row:
    found = next((member for member in RowOf if member == of), None)
    if found is None:
        raise HTTPException(422)
    return Row(found, _id(row_id))


def _kind(text: str) -> PartKind:
    found = next((kind for kind in _STEP_KINDS if kind == text), None)
    if found is None:
        raise HTTPException(422)
    return found


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise HTTPException(422)
    return text
