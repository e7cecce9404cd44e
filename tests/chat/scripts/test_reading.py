"""Files are read within the limits of format 1; whatever else they hold is refused with its place, and never raised."""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.script_documents import Document, document
from tests.support.scripts import scripts
from xpressbot.chat.scripts.json_values import MOST_NESTING, Refused, Unreadable
from xpressbot.chat.scripts.reading import read_script
from xpressbot.chat.scripts.script import MOST_BYTES, Say, Script, steps_of
from xpressbot.chat.scripts.writing import written

STEPS: Final = ("topics", 0, "steps")


def changed(*path: str | int, to: object) -> Document:
    """The document with another value at a place."""
    whole = document()
    around: Any = whole
    for name in path[:-1]:
        around = around[name]
    if isinstance(around, list) and path[-1] == len(around):
        around.append(to)
    else:
        around[path[-1]] = to
    return whole


def without(*path: str | int) -> Document:
    """The document without what stands at a place."""
    whole = document()
    around: Any = whole
    for name in path[:-1]:
        around = around[name]
    del around[path[-1]]
    return whole


def say(number: int) -> Document:
    return {"id": f"x{number}", "kind": "say", "text": ""}


def deep(indentation: int) -> list[Document]:
    """A step that stands so deep within others."""
    row: list[Document] = [say(99)]
    for i in range(indentation):
        row = [{"id": f"d{i}", "kind": "if", "field": "count", "is": "set", "then": [], "else": row}]
    return row


def refusal(data: object) -> Refused:
    read = read_script(data if isinstance(data, (str, bytes)) else json.dumps(data))
    assert isinstance(read, Refused), read
    return read


def test_each_step_and_each_key_is_read() -> None:
    """What is written of a script is what was read."""
    read = read_script(json.dumps(document()))
    assert isinstance(read, Script)
    assert document() == json.loads(written(read))


def test_what_may_be_left_out_is_none_or_the_default() -> None:
    """Minutes, checks, again, into, value, text and note."""
    whole = without("nobody_after_minutes")
    del whole["checks"], whole["topics"][0]["steps"][1]["again"], whole["topics"][0]["steps"][2]["into"]
    del whole["topics"][0]["steps"][2]["again"], whole["topics"][0]["steps"][3]["value"]
    del whole["topics"][0]["steps"][3]["then"][0]["text"], whole["topics"][0]["steps"][3]["then"][0]["note"]
    del whole["topics"][0]["steps"][3]["else"][0]["text"]
    read = read_script(json.dumps(whole))
    assert isinstance(read, Script)
    assert read.nobody_after_minutes == 5
    assert whole == json.loads(written(read))


def test_a_draft_of_right_shape_is_read_with_what_publishing_refuses() -> None:
    """Empty texts and labels, no options, no phrases, jumps to nowhere."""
    whole = changed(*STEPS, 0, "text", to="")
    whole["topics"][0]["starts"]["phrases"] = []
    whole["topics"][0]["steps"][2]["options"][0]["label"] = ""
    whole["topics"][0]["steps"].append({"id": "s9", "kind": "choices", "text": "", "options": []})
    whole["topics"][0]["steps"].append({"id": "s10", "kind": "go_to", "topic": "nowhere"})
    assert isinstance(read_script(json.dumps(whole)), Script)


@pytest.mark.parametrize(
    ("data", "problem", "detail"),
    [
        ("", Unreadable.NOT_JSON, "1"),
        ('{\n"a": 1,\n"b": "c', Unreadable.NOT_JSON, "3"),
        (json.dumps(document())[:-20], Unreadable.NOT_JSON, "1"),
        ('{"format": "xpressbot-script/1",}', Unreadable.NOT_JSON, "1"),
        ("{} {}", Unreadable.NOT_JSON, "1"),
        ("\x00", Unreadable.NOT_JSON, "1"),
        ("'", Unreadable.NOT_JSON, "1"),
        ('"\\', Unreadable.NOT_JSON, "1"),
        (json.dumps(document()).encode("utf-16"), Unreadable.NOT_UTF8, ""),
        (b'{"format": "caf\xe9"}', Unreadable.NOT_UTF8, ""),
        (b"\xed\xa0\x80", Unreadable.NOT_UTF8, ""),
        (b" " * (MOST_BYTES + 1), Unreadable.TOO_LARGE, "204800"),
        ("\u0905" * (MOST_BYTES // 3 + 1), Unreadable.TOO_LARGE, "204800"),
        ("[" * 100_000, Unreadable.NESTED_TOO_DEEP, "64"),
        ('{"a":' * 30_000, Unreadable.NESTED_TOO_DEEP, "64"),
        ("[" * (MOST_NESTING + 1) + "]" * (MOST_NESTING + 1), Unreadable.NESTED_TOO_DEEP, "64"),
        ("[" * MOST_NESTING + "]" * MOST_NESTING, Unreadable.NOT_AN_OBJECT, ""),
        ("null", Unreadable.NOT_AN_OBJECT, ""),
        ("NaN", Unreadable.NOT_AN_OBJECT, ""),
        ("-Infinity", Unreadable.NOT_AN_OBJECT, ""),
        ("1" * 100_000, Unreadable.NOT_AN_OBJECT, ""),
        ("1e999", Unreadable.NOT_AN_OBJECT, ""),
        ('"' + "[" * 100 + '"', Unreadable.NOT_AN_OBJECT, ""),
        ('"\ud800"', Unreadable.NOT_AN_OBJECT, ""),
        ("{}", Unreadable.MISSING_KEY, "format"),
    ],
)
def test_a_file_that_is_no_document_is_refused_as_a_whole(data: str | bytes, problem: Unreadable, detail: str) -> None:
    """Cut off, in another encoding, too large, too deep, or with another value where the document should stand."""
    refused = refusal(data)
    assert (problem, detail, "") == (refused.problem, refused.detail, str(refused.place))


@pytest.mark.parametrize(
    ("data", "place", "problem", "detail"),
    [
        (changed("format", to="xpressbot-script/2"), "format", Unreadable.UNKNOWN_FORMAT, "xpressbot-script/1"),
        (changed("colour", to="red"), "", Unreadable.UNKNOWN_KEY, "colour"),
        (changed("\ud800" + "k" * 99, to=1), "", Unreadable.UNKNOWN_KEY, "\ufffd" + "k" * 39),
        (without("topics"), "", Unreadable.MISSING_KEY, "topics"),
        (changed("name", to=" "), "name", Unreadable.EMPTY, ""),
        (changed("name", to="x" * 81), "name", Unreadable.TOO_LONG, "80"),
        (changed("name", to="a\nb"), "name", Unreadable.BAD_CHARACTER, "U+000A"),
        (changed("name", to="a\u2028b"), "name", Unreadable.BAD_CHARACTER, "U+2028"),
        (changed("name", to=7), "name", Unreadable.NOT_A_TEXT, ""),
        (changed("language", to="English"), "language", Unreadable.NOT_A_LANGUAGE, ""),
        (changed("language", to="en\n"), "language", Unreadable.NOT_A_LANGUAGE, ""),
        (changed("nobody_after_minutes", to=0), "nobody_after_minutes", Unreadable.NOT_A_NUMBER, "1-1440"),
        (changed("nobody_after_minutes", to=1441), "nobody_after_minutes", Unreadable.NOT_A_NUMBER, "1-1440"),
        (changed("nobody_after_minutes", to=True), "nobody_after_minutes", Unreadable.NOT_A_NUMBER, "1-1440"),
        (changed("nobody_after_minutes", to=5.5), "nobody_after_minutes", Unreadable.NOT_A_NUMBER, "1-1440"),
        (changed("nobody_after_minutes", to=float("nan")), "nobody_after_minutes", Unreadable.NOT_A_NUMBER, "1-1440"),
        (changed("nobody_after_minutes", to=float("inf")), "nobody_after_minutes", Unreadable.NOT_A_NUMBER, "1-1440"),
        (changed("nobody_after_minutes", to=10**4000), "nobody_after_minutes", Unreadable.NOT_A_NUMBER, "1-1440"),
        (changed("topics", to={}), "topics", Unreadable.NOT_A_LIST, ""),
        (changed("topics", to=[]), "topics", Unreadable.EMPTY, ""),
        (changed("topics", to=[None] * 101), "topics[100]", Unreadable.TOO_MANY, "100"),
        (changed("topics", 1, to="t2"), "topics[1]", Unreadable.NOT_AN_OBJECT, ""),
        (changed("topics", 1, "id", to="T2"), "topics[1].id", Unreadable.NOT_AN_ID, ""),
        (changed("topics", 1, "id", to="x" * 33), "topics[1].id", Unreadable.NOT_AN_ID, ""),
        (changed("topics", 1, "id", to=None), "topics[1].id", Unreadable.NOT_A_TEXT, ""),
        (changed("topics", 1, "id", to="t1"), "topics[1].id", Unreadable.DOUBLED_ID, "t1"),
        (changed("topics", 1, "starts", "phrases", to=[]), "topics[1].starts", Unreadable.UNKNOWN_KEY, "phrases"),
        (changed("topics", 0, "starts", "phrases", to=["x"] * 31), "topics[0].starts.phrases[30]", Unreadable.TOO_MANY, "30"),
        (changed("topics", 0, "starts", "phrases", 0, to=""), "topics[0].starts.phrases[0]", Unreadable.EMPTY, ""),
        (without("topics", 0, "starts", "phrases"), "topics[0].starts", Unreadable.MISSING_KEY, "phrases"),
        (
            changed("topics", 1, "starts", "on", to="mondays"),
            "topics[1].starts.on",
            Unreadable.NOT_ONE_OF,
            "phrases, first_message, nothing_matched, nobody_there, go_to",
        ),
        (changed("topics", 1, "starts", "on", to=[]), "topics[1].starts.on", Unreadable.NOT_ONE_OF, None),
        (
            changed("topics", 2, to={"id": "t3", "name": "Other", "starts": {"on": "nothing_matched"}, "steps": []}),
            "topics[2].starts.on",
            Unreadable.DOUBLED_START,
            "nothing_matched",
        ),
        (changed(*STEPS, 0, "kind", to="shout"), "topics[0].steps[0].kind", Unreadable.NOT_ONE_OF, None),
        (without(*STEPS, 0, "kind"), "topics[0].steps[0]", Unreadable.MISSING_KEY, "kind"),
        (changed(*STEPS, 0, "again", to=""), "topics[0].steps[0]", Unreadable.UNKNOWN_KEY, "again"),
        (without(*STEPS, 0, "text"), "topics[0].steps[0]", Unreadable.MISSING_KEY, "text"),
        (changed(*STEPS, 0, "text", to="x" * 2001), "topics[0].steps[0].text", Unreadable.TOO_LONG, "2000"),
        (changed(*STEPS, 0, "text", to="a\x00"), "topics[0].steps[0].text", Unreadable.BAD_CHARACTER, "U+0000"),
        (changed(*STEPS, 0, "text", to="\ud83d"), "topics[0].steps[0].text", Unreadable.BAD_CHARACTER, "U+D83D"),
        (changed(*STEPS, 1, "into", to="My name"), "topics[0].steps[1].into", Unreadable.NOT_A_FIELD, ""),
        (changed(*STEPS, 1, "answer", to="date"), "topics[0].steps[1].answer", Unreadable.NOT_ONE_OF, "text, number, email, phone, yes_no"),
        (changed(*STEPS, 1, "id", to="o1"), "topics[0].steps[2].options[0].id", Unreadable.DOUBLED_ID, "o1"),
        (changed(*STEPS, 3, "then", 0, "id", to="s1"), "topics[0].steps[3].then[0].id", Unreadable.DOUBLED_ID, "s1"),
        (changed(*STEPS, 2, "options", to=[None] * 11), "topics[0].steps[2].options[10]", Unreadable.TOO_MANY, "10"),
        (changed(*STEPS, 2, "options", 0, "label", to="x" * 81), "topics[0].steps[2].options[0].label", Unreadable.TOO_LONG, "80"),
        (changed(*STEPS, 3, "value", to="x" * 201), "topics[0].steps[3].value", Unreadable.TOO_LONG, "200"),
        (changed(*STEPS, 3, "is", to="like"), "topics[0].steps[3].is", Unreadable.NOT_ONE_OF, None),
        (changed(*STEPS, to=[say(i) for i in range(51)]), "topics[0].steps[50]", Unreadable.TOO_MANY, "50"),
        (changed(*STEPS, to=deep(4)), "topics[0].steps[0].else[0].else[0].else[0].else[0]", Unreadable.INDENTED_TOO_DEEP, "3"),
        (changed("checks", to=[None] * 51), "checks[50]", Unreadable.TOO_MANY, "50"),
        (changed("checks", 0, "turns", to=[None] * 51), "checks[0].turns[50]", Unreadable.TOO_MANY, "50"),
        (changed("checks", 0, "turns", 0, "write", to="x" * 501), "checks[0].turns[0].write", Unreadable.TOO_LONG, "500"),
        (changed("checks", 0, "turns", 0, "said", to=[""] * 11), "checks[0].turns[0].said[10]", Unreadable.TOO_MANY, "10"),
        (changed("checks", 0, "turns", 0, "said", 0, to="x" * 4097), "checks[0].turns[0].said[0]", Unreadable.TOO_LONG, "4096"),
    ],
)
def test_what_the_format_does_not_have_is_refused_with_its_place(
    data: Document, place: str, problem: Unreadable, detail: str | None
) -> None:
    """Unknown, missing and doubled names, wrong types, and one more than each limit."""
    refused = refusal(data)
    assert (place, problem) == (str(refused.place), refused.problem)
    assert detail is None or detail == refused.detail


def test_a_key_that_stands_twice_is_refused() -> None:
    """Of two texts nobody could say which one counts."""
    twice = json.dumps(document()).replace('"text": "Hello"', '"text": "Hello", "text": "Bye"')
    refused = refusal(twice)
    assert (refused.problem, str(refused.place), refused.detail) == (Unreadable.DOUBLED_KEY, "topics[0].steps[0]", "text")


def test_a_thousand_steps_are_read_and_one_more_is_not() -> None:
    """Counted at all indentations together."""

    def of_steps(count: int) -> Document:
        rows = [[say(i) for i in range(start, min(start + 50, count))] for start in range(0, count, 50)]
        topics = [{"id": f"t{i}", "name": "Row", "starts": {"on": "go_to"}, "steps": row} for i, row in enumerate(rows)]
        return {"format": "xpressbot-script/1", "name": "Long", "language": "en", "topics": topics}

    read = read_script(json.dumps(of_steps(1000)))
    assert isinstance(read, Script)
    assert sum(len(topic.steps) for topic in read.topics) == 1000
    refused = refusal(of_steps(1001))
    assert (refused.problem, str(refused.place), refused.detail) == (Unreadable.TOO_MANY, "topics[20].steps[0]", "1000")


def test_steps_three_deep_are_read() -> None:
    """An If in an If in an If."""
    assert isinstance(read_script(json.dumps(changed(*STEPS, to=deep(3)))), Script)


def test_a_file_in_which_the_written_script_would_be_too_large_is_refused() -> None:
    """Else a draft could be saved that could not be downloaded and uploaded again."""
    whole = changed("topics", 0, "starts", "phrases", to=["x"])
    whole["topics"] += [
        {"id": f"n{i}", "name": "N", "starts": {"on": "go_to"}, "steps": [say(i * 50 + j) for j in range(40)]} for i in range(25)
    ]
    del whole["topics"][0]
    del whole["topics"][0]
    for step in (step for topic in whole["topics"] for step in topic["steps"]):
        step["text"] = "x" * 135
    compact = json.dumps(whole, separators=(",", ":"))
    assert len(compact) <= MOST_BYTES
    assert refusal(compact).problem is Unreadable.TOO_LARGE


def test_a_byte_order_mark_and_line_breaks_of_other_systems_are_read() -> None:
    """Editors of Windows write them."""
    data = json.dumps(changed(*STEPS, 0, "text", to="a\r\nb\rc\td")).encode("utf-8-sig")
    read = read_script(data)
    assert isinstance(read, Script)
    assert read.topics[0].steps[0] == Say("s1", "a\nb\nc\td")


@given(scripts())
def test_what_is_written_is_read_back_as_the_same(script: Script) -> None:
    """Scripts of any shape, and the text that is written of them is one."""
    text = written(script)
    assert script == read_script(text) == read_script(text.encode())
    assert len({step.id for topic in script.topics for step in steps_of(topic)}) == text.count('"kind": ')


ANY_JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def _places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [path] * bool(path) + [place for name, part in inner for place in _places(part, (*path, name))]


@given(st.binary(max_size=200) | ANY_JSON.map(lambda value: json.dumps(value).encode()), st.sampled_from([bytes, bytes.decode]))
def test_reading_never_raises(data: bytes, form: Callable[[bytes], str | bytes]) -> None:
    """Neither on bytes nor on JSON of any shape."""
    try:
        given_data = form(data)
    except UnicodeDecodeError:
        given_data = data
    assert isinstance(read_script(given_data), Script | Refused)


@settings(max_examples=300)
@given(st.sampled_from(_places(document())), ANY_JSON)
def test_reading_a_script_with_something_else_at_any_place_never_raises(path: tuple[str | int, ...], value: object) -> None:
    """It is still a script that can be written and read back, or is refused at this place or around it."""
    read = read_script(json.dumps(changed(*path, to=value)))
    if isinstance(read, Script):
        assert read == read_script(written(read))
    else:
        shared = min(len(path), len(read.place.path))
        assert path[:shared] == read.place.path[:shared] or read.problem in {Unreadable.DOUBLED_ID, Unreadable.DOUBLED_START}
