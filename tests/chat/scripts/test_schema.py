"""The JSON Schema of the format says what reading holds."""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

from tests.contract.documents import ROOT
from tests.support.script_documents import Document, document
from xpressbot.chat.scripts import script
from xpressbot.chat.scripts.json_values import Refused, Unreadable
from xpressbot.chat.scripts.reading import read_script
from xpressbot.chat.scripts.script import Script

SCHEMA: Final[dict[str, Any]] = json.loads((ROOT / "docs" / "script-1.schema.json").read_text(encoding="utf-8"))
DEFINED: Final = SCHEMA["$defs"]


def test_its_limits_are_those_of_the_format() -> None:
    """Each once, where it is stated."""
    whole, option = SCHEMA["properties"], DEFINED["choices"]["properties"]["options"]
    turn = DEFINED["check"]["properties"]["turns"]
    assert [
        whole["format"]["const"],
        whole["nobody_after_minutes"]["maximum"],
        whole["nobody_after_minutes"]["default"],
        whole["topics"]["maxItems"],
        whole["checks"]["maxItems"],
        DEFINED["topic"]["properties"]["starts"]["oneOf"][0]["properties"]["phrases"]["maxItems"],
        DEFINED["steps"]["maxItems"],
        option["maxItems"],
        option["items"]["properties"]["label"]["maxLength"],
        turn["maxItems"],
        turn["items"]["properties"]["write"]["maxLength"],
        turn["items"]["properties"]["said"]["maxItems"],
        turn["items"]["properties"]["said"]["items"]["maxLength"],
        DEFINED["line"]["maxLength"],
        DEFINED["text"]["maxLength"],
        DEFINED["if"]["properties"]["value"]["maxLength"],
    ] == [
        script.FORMAT,
        script.MOST_NOBODY_AFTER_MINUTES,
        script.DEFAULT_NOBODY_AFTER_MINUTES,
        script.MOST_TOPICS,
        script.MOST_CHECKS,
        script.MOST_PHRASES,
        script.MOST_STEPS_IN_A_ROW,
        script.MOST_OPTIONS,
        script.MAX_LINE_LENGTH,
        script.MOST_TURNS,
        script.MAX_TYPED_LENGTH,
        script.MOST_MESSAGES,
        script.MAX_SAID_LENGTH,
        script.MAX_LINE_LENGTH,
        script.MAX_TEXT_LENGTH,
        script.MAX_VALUE_LENGTH,
    ]


def test_its_names_are_those_of_the_format() -> None:
    """Kinds of answers, comparisons and starts."""
    starts = DEFINED["topic"]["properties"]["starts"]["oneOf"]
    assert list(script.Answer) == DEFINED["ask"]["properties"]["answer"]["enum"]
    assert list(script.Comparison) == DEFINED["if"]["properties"]["is"]["enum"]
    assert list(script.On) == [starts[0]["properties"]["on"]["const"], *starts[1]["properties"]["on"]["enum"]]


def keyed(value: Any) -> Iterator[tuple[str, Document]]:
    """Each object of the document with all keys, and where the schema defines it."""
    yield "", value
    for topic in value["topics"]:
        yield "topic", topic
        yield from chain.from_iterable(map(_keyed_step, topic["steps"]))
    for check in value["checks"]:
        yield "check", check


def _keyed_step(step: Document) -> Iterator[tuple[str, Document]]:
    yield step["kind"], step
    inner = [*step.get("then", []), *step.get("else", []), *(one for option in step.get("options", []) for one in option["steps"])]
    yield from chain.from_iterable(map(_keyed_step, inner))


def test_its_keys_are_those_that_are_read_and_the_required_ones_are_asked_for() -> None:
    """Of the document, of topics, of each kind of step, and of checks."""
    met = set()
    for where, _ in keyed(document()):
        defined = DEFINED[where] if where else SCHEMA
        met.add(where)
        for key in defined["properties"]:
            whole = document()
            holder = next(value for name, value in keyed(whole) if name == where)
            assert key in holder
            del holder[key]
            read = read_script(json.dumps(whole))
            if key in defined["required"]:
                assert isinstance(read, Refused)
                assert (Unreadable.MISSING_KEY, key) == (read.problem, read.detail)
            else:
                assert isinstance(read, Script)
    assert met == {"", *DEFINED} - {"id", "field", "line", "text", "steps"}
