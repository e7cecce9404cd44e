"""Ready scripts are what an author would be proud of: they have no problems, their checks pass, and they say the same in each language."""

from itertools import chain

import pytest

from xpressbot.chat.scripts.checks import differences
from xpressbot.chat.scripts.engine import run
from xpressbot.chat.scripts.events import NobodyThere, Said
from xpressbot.chat.scripts.problems import problems_of
from xpressbot.chat.scripts.ready_scripts import READY_LANGUAGES, ReadyScript, ready_script
from xpressbot.chat.scripts.script import HandOver, On, Script, Step, steps_of
from xpressbot.chat.scripts.state import State
from xpressbot.entrypoints.messages.catalogues import load_languages

each = pytest.mark.parametrize("which", ReadyScript)
each_language = pytest.mark.parametrize("language", READY_LANGUAGES)


def test_there_is_one_in_each_language_of_the_product() -> None:
    """A dashboard in Hindi makes a bot that speaks Hindi."""
    assert {texts.tag for texts in load_languages()} == set(READY_LANGUAGES)


@each
@each_language
def test_it_has_neither_errors_nor_warnings(which: ReadyScript, language: str) -> None:
    """It can be published as it is."""
    script = ready_script(which, language)
    assert problems_of(script) == ()
    assert language == script.language


@each
@each_language
def test_its_checks_pass(which: ReadyScript, language: str) -> None:
    """And each of their turns is answered."""
    script = ready_script(which, language)
    assert len(script.checks) >= 3
    for check in script.checks:
        assert differences(script, check) == ()
        assert all(turn.said for turn in check.turns)


@each
@each_language
def test_it_answers_whatever_comes_and_leads_to_a_person(which: ReadyScript, language: str) -> None:
    """Also when nobody is there: who has left an address is told that, who has not is asked for one."""
    script = ready_script(which, language)
    assert {On.FIRST_MESSAGE, On.NOTHING_MATCHED, On.NOBODY_THERE} <= {topic.starts.on for topic in script.topics}
    assert any(isinstance(step, HandOver) for step in chain.from_iterable(map(steps_of, script.topics)))
    asked = run(script, State(1), NobodyThere(), now=0)
    assert any(isinstance(effect, Said) for effect in asked.effects)
    assert asked.state.question is not None
    fields = {"email": "anna@example.com", "correo": "anna@example.com"}
    known = run(script, State(1, fields=fields), NobodyThere(), now=0)
    assert any("anna@example.com" in effect.text for effect in known.effects if isinstance(effect, Said))
    assert known.state.question is None


@each
def test_it_is_the_same_script_in_each_language(which: ReadyScript) -> None:
    """Topics and steps in the same order, so that a mend of one is not forgotten in the others."""

    def shape(script: Script) -> list[tuple[str, On, list[tuple[str, type[Step]]]]]:
        return [(topic.id, topic.starts.on, [(step.id, type(step)) for step in steps_of(topic)]) for topic in script.topics]

    english, *others = (shape(ready_script(which, language)) for language in READY_LANGUAGES)
    assert all(english == other for other in others)


def test_a_region_is_ignored_and_other_languages_get_english() -> None:
    """As the pages do."""
    assert ready_script(ReadyScript.ORDER, "es-MX") is ready_script(ReadyScript.ORDER, "es")
    assert ready_script(ReadyScript.ORDER, "fr") is ready_script(ReadyScript.ORDER, "en")
