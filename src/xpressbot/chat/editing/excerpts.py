"""What a change of a draft says of the part that was changed."""

from typing import Final, assert_never

from xpressbot.chat.bots.draft_changes import Change, ChangeKind
from xpressbot.chat.editing.parts import Part, kind_of
from xpressbot.chat.scripts.lookup import topic_by_id
from xpressbot.chat.scripts.script import Ask, Choices, End, GoTo, HandOver, If, Option, Say, Script, Topic

_MAX_SUBJECT_LENGTH: Final = 60


def change_of(kind: ChangeKind, part: Part, script: Script) -> Change:
    """What was done to a part of a script."""
    return Change(kind, excerpt(part, script), kind_of(part))


def excerpt(part: Part, script: Script) -> str:
    """The beginning of what a part says or is called, in its author's words; empty where it has none. script: which the part is of."""
    match part:
        case Say() | Ask() | Choices() | HandOver() | End():
            subject = part.text or ""
        case If():
            subject = part.field
        case GoTo():
            topic = topic_by_id(script, part.topic)
            subject = part.topic if topic is None else topic.name
        case Option():
            subject = part.label
        case Topic():
            subject = part.name
        case _:
            assert_never(part)
    line = " ".join(subject.split())
    return line if len(line) <= _MAX_SUBJECT_LENGTH else f"{line[: _MAX_SUBJECT_LENGTH - 1].rstrip()}…"
