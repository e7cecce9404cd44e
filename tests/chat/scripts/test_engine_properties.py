"""What holds for every script and whatever is written to it."""

from hypothesis import given
from hypothesis import strategies as st

from tests.support.scripts import NOW, TYPED, scripts
from xpressbot.chat.scripts.engine import MOST_STEPS_RUN, run
from xpressbot.chat.scripts.events import Ended, Event, HandedOver, Message, NobodyThere, Remembered, Run, Said, StepRun
from xpressbot.chat.scripts.lookup import question_by_id
from xpressbot.chat.scripts.script import MAX_SAID_LENGTH, MOST_MESSAGES, Script
from xpressbot.chat.scripts.state import State, read_state
from xpressbot.foundation.times import HOUR

EVENTS = st.lists(
    st.tuples(
        st.builds(Message, TYPED, st.none() | st.sampled_from(["o1", "o2", "s1"])) | st.just(NobodyThere()),
        st.sampled_from([0, HOUR, 25 * HOUR]),
    ),
    min_size=1,
    max_size=6,
)


def runs(script: Script, events: list[tuple[Event, int]]) -> list[tuple[State, Run]]:
    """Each run with the state before it, as the caller keeps it: written and read back."""
    state, now, done = State(3), NOW, []
    for event, later in events:
        now += later
        after = run(script, state, event, now)
        done.append((state, after))
        state = read_state(after.state.written(), after.state.version)
    return done


@given(scripts(), EVENTS)
def test_the_same_events_have_the_same_effects(script: Script, events: list[tuple[Event, int]]) -> None:
    """A message that is handled again after a crash decides the same."""
    assert runs(script, events) == runs(script, events)


@given(scripts(), EVENTS)
def test_a_run_is_bounded_and_ends_once(script: Script, events: list[tuple[Event, int]]) -> None:
    """In steps, in messages, in their length; nothing follows the end or a person."""
    for _, done in runs(script, events):
        said = [effect.text for effect in done.effects if isinstance(effect, Said)]
        assert sum(isinstance(entry, StepRun) for entry in done.trace) <= MOST_STEPS_RUN
        assert len(said) <= MOST_MESSAGES
        assert all(text.strip() and len(text) <= MAX_SAID_LENGTH for text in said)
        assert not any(isinstance(effect, Ended | HandedOver) for effect in done.effects[:-1])


@given(scripts(), EVENTS)
def test_a_state_can_be_kept_and_gone_on_with(script: Script, events: list[tuple[Event, int]]) -> None:
    """It reads back as itself, names questions of the script alone, and has what was remembered; nothing waits after the end."""
    for before, done in runs(script, events):
        state = done.state
        assert state == read_state(state.written(), state.version)
        for question in (state.question, state.interrupted):
            assert question is None or question_by_id(script, question.topic, question.step) is not None
        remembered = {effect.field: effect.value for effect in done.effects if isinstance(effect, Remembered)}
        assert {**before.fields, **remembered} == dict(state.fields)
        if any(isinstance(effect, Ended | HandedOver) for effect in done.effects):
            assert (state.question, state.interrupted) == (None, None)
