"""Which topic a message is about, in the scripts of three languages; and that long messages take no more than their length."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

import pytest

from tests.support.scripts import topic
from xpressbot.chat.scripts import matching
from xpressbot.chat.scripts.matching import matching_topic, words
from xpressbot.chat.scripts.script import On


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Opening-Hours, please!", ("opening", "hours", "please")),
        ("¿A QUÉ hora ABRÍS?", ("a", "que", "hora", "abris")),
        ("El Niño", ("el", "nino")),
        ("Straße", ("strasse",)),
        ("\ufb01ne \uff37\uff49\uff44\uff45 \u2460", ("fine", "wide", "1")),
        ("कब खुलता है?", ("कब", "खुलता", "है")),
        ("हिन्दी में", ("हिन्दी", "में")),
        ("क\u094d\u200dष", words("क्ष")),
        ("ख़रीदना", words("ख\u093cरीदना")),
        ("e\u0301te\u0301", ("ete",)),
        ("Й и И", ("\u0438\u0306", "и", "и")),
        ("co\u00adoperate", ("cooperate",)),
        ("👍🏽 ok", ("ok",)),
        ("7\ufe0f\u20e3", ("7",)),
        ("2,5 kg", ("2", "5", "kg")),
        ("a_b", ("a", "b")),
        ("", ()),
        ("?! …", ()),
    ],
)
def test_words_are_letters_marks_and_digits(text: str, found: tuple[str, ...]) -> None:
    """Case folded and by NFKC; only Latin letters lose their accents, and nothing cuts a Hindi word apart."""
    assert found == words(text)


HOURS: Final = topic("hours", ["opening hours", "when are you open", "¿a qué hora abren?", "कब खुलता है"])
OPEN: Final = topic("open", ["open"])
ALSO_OPEN: Final = topic("also", ["open", "opening hours"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Your opening hours?", "hours"),
        ("OPENING\nHOURS", "hours"),
        ("hours opening", None),
        ("opening the hours", None),
        ("reopening hours", None),
        ("A que hora abren hoy", "hours"),
        ("दुकान कब खुलता है?", "hours"),
        ("कब खुलता", None),
        ("are you open", "open"),
        ("open? when are you open", "hours"),
        ("open", "open"),
        ("", None),
    ],
)
def test_a_phrase_matches_where_its_words_stand_in_a_row(text: str, expected: str | None) -> None:
    """Of several topics the one with the longest phrase wins, of these the first."""
    found = matching_topic((OPEN, HOURS, ALSO_OPEN), text)
    assert expected == (found.id if found else None)


def test_a_phrase_without_words_and_a_topic_without_phrases_match_nothing() -> None:
    """Neither the empty message nor any other."""
    topics = (topic("smile", ["🙂"]), topic("first", On.FIRST_MESSAGE), topic("none", []))
    assert [matching_topic(topics, text) for text in ("🙂", "", "first")] == [None, None, None]


def lines_run(function: Callable[[], object]) -> int:
    """How many lines of the matching are run: work that no machine's speed changes."""
    count = 0

    def local(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        count += event == "line"
        return local

    def enter(frame: FrameType, event: str, argument: Any) -> Any:
        return local(frame, event, argument) if frame.f_code.co_filename == matching.__file__ else None

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        function()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("word", ["opening ", "कब ", "a ", "é", "\u0301", "?", "opening hour "])
def test_the_work_grows_with_the_length_of_a_message_alone(word: str) -> None:
    """100 kB against 100 topics: twice the message is twice the work, and 100 topics are no more than one."""
    many = tuple(topic(f"t{i}", [f"opening hours {i} {j}" for j in range(30)]) for i in range(100))
    one = (topic("t", ["opening hours now"]),)
    text = word * (50_000 // len(word.encode()))
    for topics in (many, one):
        matching_topic(topics, "warm up the phrases")

    half, whole = lines_run(lambda: matching_topic(many, text)), lines_run(lambda: matching_topic(many, text * 2))
    assert whole <= 2 * half + 100
    assert whole <= lines_run(lambda: matching_topic(one, text * 2)) + 100


def test_no_phrase_makes_a_message_of_its_own_words_much_dearer() -> None:
    """Each word of the message is looked at once for each word of the longest phrase, which has at most 40."""
    repeated = (topic("t", ["a " * 39 + "b"]),)
    matching_topic(repeated, "warm up the phrases")
    short, long = lines_run(lambda: matching_topic(repeated, "a " * 1_000)), lines_run(lambda: matching_topic(repeated, "a " * 2_000))
    assert long <= 2.1 * short


def test_marks_in_a_row_are_bounded() -> None:
    """Normalising sorts them in time that grows with the square of their number."""
    assert [len(word) for word in words("क" + "\u0301\u0323" * 50_000)] == [31]
