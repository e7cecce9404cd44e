"""Where a conversation stands: which version it goes on with, and how that is kept."""

import json
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.scripts import NOW, Talk, script, topic
from xpressbot.chat.scripts.script import Answer, Ask, Say, Script
from xpressbot.chat.scripts.state import OVER_AFTER, OpenQuestion, State, read_state

FULL: Final = State(4, OpenQuestion("order", "q1", 1), OpenQuestion("hours", "q2"), {"name": "अनीता"}, NOW)


def test_a_state_before_its_first_event_and_after_a_day_is_over() -> None:
    """Until then the conversation keeps its version."""
    assert State(1).is_over(NOW)
    assert not FULL.is_over(NOW + OVER_AFTER)
    assert FULL.is_over(NOW + OVER_AFTER + 1)


def test_starting_over_keeps_what_is_remembered() -> None:
    """With another version, as before the first event."""
    assert FULL.started_over(5) == State(5, fields={"name": "अनीता"})


def test_handing_back_forgets_the_question() -> None:
    """What was asked before a person wrote would surprise; version, fields and time stay."""
    assert FULL.handed_back() == State(4, fields={"name": "अनीता"}, last_event_at=NOW)


def order(question: str) -> Script:
    return script(topic("order", ["order"], Ask("q1", question, "count", Answer.NUMBER), Say("q2", question)))


def test_a_conversation_ends_on_the_version_on_which_it_began() -> None:
    """Published and rolled back meanwhile: it goes on by the version in its state, and the next one by the newest."""
    versions = {1: order("First?"), 2: order("Second?"), 3: order("First?")}
    talk = Talk(versions[1])
    assert talk.write("order") == ["First?"]
    talk.script = versions[talk.state.version]
    assert talk.write("3") == ["First?"]
    talk.now += OVER_AFTER + 1
    assert talk.state.is_over(talk.now)
    talk.state = talk.state.started_over(max(versions))
    talk.script = versions[talk.state.version]
    assert (talk.write("order"), talk.state.version) == (["First?"], 3)


@pytest.mark.parametrize("state", [State(4), FULL])
def test_a_state_is_kept_as_json(state: State) -> None:
    """Its version stands beside it."""
    assert state == read_state(state.written(), 4)
    assert state.written().isascii()
    assert "version" not in json.loads(state.written())


@pytest.mark.parametrize("field", ["question", "interrupted", "fields", "last_event_at"])
@pytest.mark.parametrize("value", [True, 1.5, "x", [], {"topic": None}, {"topic": "a", "step": 1, "tries": 0}, {"a": 1}])
def test_what_is_no_state_is_one_before_the_first_event(field: str, value: object) -> None:
    """A customer is answered whatever stands in the row."""
    kept = json.loads(FULL.written()) | {field: value}
    assert State(9) == read_state(json.dumps(kept), 9)


@pytest.mark.parametrize("text", [None, "", "{", "[" * 100_000, "null", "1", "{}"])
def test_what_is_no_json_of_a_state_is_one_before_the_first_event(text: str | None) -> None:
    """Also where there is nothing yet."""
    assert State(9) == read_state(text, 9)


@given(st.text())
def test_reading_a_state_never_raises(text: str) -> None:
    """Whatever it is."""
    assert isinstance(read_state(text, 1), State)
