"""Steps as they begin in the editor."""

from itertools import count
from typing import Final, assert_never

from xpressbot.chat.editing.parts import PartKind
from xpressbot.chat.scripts.fields import fields_of
from xpressbot.chat.scripts.script import Answer, Ask, Choices, Comparison, End, GoTo, HandOver, If, Say, Script, Step, Topic, steps_of

_FIELD: Final = "answer"


def new_step(kind: PartKind, step_id: str, script: Script, topic: Topic) -> Step:
    """A step as it begins: of right shape, and empty where its author is to write."""
    step: Step
    match kind:
        case PartKind.SAY:
            step = Say(step_id, "")
        case PartKind.ASK:
            step = Ask(step_id, "", _free_field(script), Answer.TEXT)
        case PartKind.CHOICES:
            step = Choices(step_id, "", ())
        case PartKind.IF:
            step = If(step_id, _last_field(script, topic), Comparison.SET)
        case PartKind.GO_TO:
            step = GoTo(step_id, next((one.id for one in script.topics if one.id != topic.id), topic.id))
        case PartKind.HAND_OVER:
            step = HandOver(step_id)
        case PartKind.END:
            step = End(step_id)
        case PartKind.OPTION | PartKind.TOPIC:
            raise ValueError(kind)
        case _:
            assert_never(kind)
    return step


def _free_field(script: Script) -> str:
    taken = fields_of(script)
    return _FIELD if _FIELD not in taken else next(name for number in count(2) if (name := f"{_FIELD}_{number}") not in taken)


def _last_field(script: Script, topic: Topic) -> str:
    """What a new If most probably asks about."""
    here = [step.into for step in steps_of(topic) if isinstance(step, Ask | Choices) and step.into]
    return here[-1] if here else min(fields_of(script), default=_FIELD)
