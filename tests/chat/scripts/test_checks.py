"""Replaying what was typed, and what differs from what a check expects."""

from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from tests.support.scripts import TYPED, script, scripts, topic
from xpressbot.chat.scripts.checks import Difference, differences, recorded, replayed
from xpressbot.chat.scripts.events import HandedOver
from xpressbot.chat.scripts.script import Answer, Ask, Check, End, HandOver, On, Say, Script, Turn

SHOP: Final = script(
    topic(
        "welcome",
        On.FIRST_MESSAGE,
        Say("w1", "Welcome {{name}}"),
        Ask("w2", "Your name?", "name", Answer.TEXT),
        Say("w3", "Hello {{name}}"),
    ),
    topic("bye", ["bye"], End("b1", "Bye")),
    topic("help", ["help"], HandOver("p1", "One moment")),
)


def said(*typed: str) -> list[tuple[str, ...]]:
    return [turn.said for turn in replayed(SHOP, typed)]


def test_each_message_is_answered_where_the_one_before_left_the_script() -> None:
    """As a customer would see it."""
    assert said("Hi", "Anna") == [("Welcome ", "Your name?"), ("Hello Anna",)]


def test_after_the_end_the_next_message_begins_anew() -> None:
    """With what is remembered."""
    assert said("Hi", "Anna", "bye", "Hi") == [("Welcome ", "Your name?"), ("Hello Anna",), ("Bye",), ("Welcome Anna", "Your name?")]


def test_after_handing_over_the_script_is_silent() -> None:
    """Nobody takes over, and nothing is run."""
    turns = replayed(SHOP, ["help", "help", "bye"])
    assert [turn.said for turn in turns] == [("One moment",), (), ()]
    assert turns[0].run is not None
    assert isinstance(turns[0].run.effects[-1], HandedOver)
    assert [turn.run for turn in turns[1:]] == [None, None]


def test_what_differs_is_told_by_turn() -> None:
    """With what was expected and what is said now."""
    check = Check("Hello", (Turn("Hi", ("Welcome ", "Your name?")), Turn("Anna", ("Good day Anna",)), Turn("bye", ())))
    assert differences(SHOP, check) == (
        Difference(1, "Anna", ("Good day Anna",), ("Hello Anna",)),
        Difference(2, "bye", (), ("Bye",)),
    )
    assert differences(SHOP, Check("Nothing")) == ()


@given(scripts(), st.lists(TYPED, max_size=6))
def test_a_recorded_check_passes(script: Script, typed: list[str]) -> None:
    """The same script says the same again, whatever is typed."""
    check = recorded(script, "Recorded", typed)
    assert typed == [turn.write for turn in check.turns]
    assert differences(script, check) == ()
