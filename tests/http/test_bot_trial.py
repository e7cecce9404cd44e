"""The dialogue beside the script editor that tries the draft out, and keeping it as a check."""

from tests.http.raw_requests import words
from tests.support.browser import Browser
from tests.support.editor_page import fields_shown, script_of, text_of
from tests.support.installation import Installation
from tests.support.restaurant import a_script, form_of
from xpressbot.chat.bots.store import Bot
from xpressbot.chat.scripts.script import MOST_TURNS

FORM = form_of(a_script(), "hours")


def test_the_draft_is_tried_out_beside_it(signed_in: Browser, topic_page: str, installation: Installation, bot: Bot) -> None:
    """What was typed travels in hidden fields; what is changed is saved before; options can be tapped; steps that ran are named."""
    page = signed_in.post(topic_page, {**FORM, "step.s1.text": "Hi there", "do": "try", "write": "When are you open?"})
    assert page.status_code == 200
    assert text_of(installation, bot, "s1") == "Hi there"
    assert "You: When are you open? Bot: Hi there Bot: How many people?" in words(page.text)
    assert f'href="#step-{"s1"}"' in page.text
    page = signed_in.post(topic_page, {**fields_shown(page.text), "do": "save", "write": "8"})
    assert page.status_code == 200, "Enter in the field presses Save"
    assert 'value="say:Inside"' in page.text
    assert "guests 8" in words(page.text)
    page = signed_in.post(topic_page, {**fields_shown(page.text), "do": "say:Inside"})
    assert "Bot: A person will call. Handed over to a person. Note for the person: 8 guests" in words(page.text)
    page = signed_in.post(topic_page, {**fields_shown(page.text), "do": "try", "write": "Hello?"})
    assert "A person has the conversation" in words(page.text)
    assert "turn.3" in fields_shown(page.text)
    assert signed_in.post(topic_page, {**fields_shown(page.text), "do": "over"}).headers["location"] == topic_page


def test_the_dialogue_stays_when_something_is_done_to_the_topic(signed_in: Browser, topic_page: str) -> None:
    """In the address, as far as it can be long; it is replayed with what the draft is then."""
    form = {**FORM, "turn.0": "opening hours", "turn.1": "8"}
    answer = signed_in.post(topic_page, {**form, "do": "down:s1"})
    assert answer.headers["location"] == f"{topic_page}?turn=opening+hours&turn=8#step-s1"
    assert "guests 8" in words(signed_in.get(answer.headers["location"].partition("#")[0]).text)
    long = {f"turn.{number}": "x" * 500 for number in range(10)}
    assert signed_in.post(topic_page, {**FORM, **long, "do": "up:s1"}).headers["location"] == f"{topic_page}#step-s1"
    assert signed_in.get(topic_page, params={"turn": "x" * 501}).status_code == 200


def test_a_dialogue_has_an_end(signed_in: Browser, topic_page: str) -> None:
    """What is too long or too much stays in its field."""
    full = {f"turn.{number}": "x" for number in range(MOST_TURNS)}
    for fields, write in (({}, "y" * 501), (full, "one more")):
        page = signed_in.post(topic_page, {**FORM, **fields, "do": "try", "write": write})
        assert (page.status_code, fields_shown(page.text)["write"]) == (422, write)
        assert len([name for name in fields_shown(page.text) if name.startswith("turn.")]) == len(fields)


def test_a_dialogue_is_kept_as_a_check(signed_in: Browser, topic_page: str, installation: Installation, bot: Bot) -> None:
    """With its name; a second of this name, and one without, are refused at the field."""
    form = {**FORM, "turn.0": "opening hours", "check": "Hours", "do": "keep"}
    assert "Kept as “Hours”." in words(signed_in.post(topic_page, form).text)
    (check,) = script_of(installation, bot).checks
    assert (check.name, [turn.write for turn in check.turns]) == ("Hours", ["opening hours"])
    for fields in (form, {**form, "check": " "}, {**FORM, "check": "Other", "do": "keep"}):
        page = signed_in.post(topic_page, fields)
        assert page.status_code == 422
    assert len(script_of(installation, bot).checks) == 1
