"""Writing a script as JSON of format 1, always in the same order of keys, so that two texts differ only where the scripts do."""

import json
from collections.abc import Mapping
from typing import Any, assert_never

from xpressbot.chat.scripts.script import (
    DEFAULT_NOBODY_AFTER_MINUTES,
    FORMAT,
    Ask,
    Check,
    Choices,
    End,
    GoTo,
    HandOver,
    If,
    On,
    Option,
    Say,
    Script,
    Step,
    Topic,
)


def written(script: Script) -> str:
    """The script as JSON. read_script gives the same script for it, if the script keeps the limits of the format."""
    return json.dumps(_script(script), ensure_ascii=False, indent=1) + "\n"


def _script(script: Script) -> Mapping[str, Any]:
    minutes = script.nobody_after_minutes
    return {
        "format": FORMAT,
        "name": script.name,
        "language": script.language,
        **({} if minutes == DEFAULT_NOBODY_AFTER_MINUTES else {"nobody_after_minutes": minutes}),
        "topics": [_topic(topic) for topic in script.topics],
        **({"checks": [_check(check) for check in script.checks]} if script.checks else {}),
    }


def _topic(topic: Topic) -> Mapping[str, Any]:
    phrases = {"phrases": topic.starts.phrases} if topic.starts.on is On.PHRASES else {}
    return {"id": topic.id, "name": topic.name, "starts": {"on": topic.starts.on, **phrases}, "steps": _row(topic.steps)}


def _row(steps: tuple[Step, ...]) -> list[Mapping[str, Any]]:
    return [_step(step) for step in steps]


def _step(step: Step) -> Mapping[str, Any]:
    rest: Mapping[str, Any]
    match step:
        case Say():
            rest = {"kind": "say", "text": step.text}
        case Ask():
            rest = {"kind": "ask", "text": step.text, "into": step.into, "answer": step.answer, **_stated(again=step.again)}
        case Choices():
            stated = _stated(into=step.into, again=step.again)
            rest = {"kind": "choices", "text": step.text, **stated, "options": [_option(option) for option in step.options]}
        case If():
            asked = {"kind": "if", "field": step.field, "is": step.comparison, **_stated(value=step.value)}
            rest = {**asked, "then": _row(step.then), "else": _row(step.otherwise)}
        case GoTo():
            rest = {"kind": "go_to", "topic": step.topic}
        case HandOver():
            rest = {"kind": "hand_over", **_stated(text=step.text, note=step.note)}
        case End():
            rest = {"kind": "end", **_stated(text=step.text)}
        case _:
            assert_never(step)
    return {"id": step.id, **rest}


def _option(option: Option) -> Mapping[str, Any]:
    return {"id": option.id, "label": option.label, "steps": _row(option.steps)}


def _check(check: Check) -> Mapping[str, Any]:
    return {"name": check.name, "turns": [{"write": turn.write, "said": turn.said} for turn in check.turns]}


def _stated(**values: str | None) -> Mapping[str, str]:
    """Those that are there. Only what may be left out is asked."""
    return {name: value for name, value in values.items() if value is not None}
