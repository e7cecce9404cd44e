"""The script editor over HTTP: one form for a topic, saved by each of its buttons."""

import re
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from tests.http.raw_requests import contents, send, words
from tests.support.actors import ANNA
from tests.support.bots import make_bot, replace_draft
from tests.support.browser import Browser
from tests.support.editor_page import fields_shown, script_of, text_of
from tests.support.installation import Installation
from tests.support.restaurant import a_script, form_of
from xpressbot.chat.bots.store import Bot
from xpressbot.chat.editing.edits import RemoveTopic
from xpressbot.chat.editing.merging import typed_parts
from xpressbot.chat.scripts.script import MOST_TURNS, Choices, On, Option, Say, Script, Starts, Topic
from xpressbot.entrypoints.http.script_forms import EDITOR_FORM

FORM = form_of(a_script(), "hours")


def test_the_form_holds_the_topic_and_nothing_else(signed_in: Browser, topic_page: str) -> None:
    """Each part with its digest; what comes back from it changes nothing."""
    shown = fields_shown(signed_in.get(topic_page).text)
    del shown["for"]
    assert shown == {**FORM, "write": ""}


def test_each_button_saves_first(signed_in: Browser, topic_page: str, installation: Installation, bot: Bot) -> None:
    """And then does what it says, and leads to where it was done."""
    answer = signed_in.post(topic_page, {**FORM, "step.s1.text": "We open at 10.", "do": "down:s1"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{topic_page}#step-s1")
    assert text_of(installation, bot, "s1") == "We open at 10."
    assert [step.id for step in script_of(installation, bot).topics[0].steps] == ["s2", "s1", "s3", "s5"]
    assert signed_in.post(topic_page, {**FORM, "step.s2.text": "How many?"}).headers["location"] == topic_page
    assert text_of(installation, bot, "s2") == "How many?"


def test_save_is_the_first_button_of_the_form(signed_in: Browser, topic_page: str) -> None:
    """Enter in a field presses the first one (HTML, implicit submission)."""
    page = signed_in.get(topic_page).text
    form = page[page.index('class="editor"') :]
    first = re.search(r"<button[^>]*>", form)
    assert first is not None
    assert 'name="do" value="save"' in first[0]


@pytest.mark.parametrize("kind", ["say", "ask", "choices", "if", "go_to", "hand_over", "end"])
def test_a_step_of_each_kind_is_added_and_shown(kind: str, signed_in: Browser, topic_page: str) -> None:
    """With empty fields that come back as they are."""
    answer = signed_in.post(topic_page, {**FORM, "do": f"add:{kind}:option:o2"})
    page = signed_in.get(topic_page)
    assert page.status_code == 200
    added = answer.headers["location"].rpartition("#step-")[2]
    assert fields_shown(page.text)[f"step.{added}.shown"].startswith(f"{kind}.")
    assert signed_in.post(topic_page, fields_shown(page.text)).headers["location"] == topic_page


def test_what_was_done_can_be_undone_from_the_page(signed_in: Browser, topic_page: str, installation: Installation, bot: Bot) -> None:
    """It is named; Undo leads back, Redo forth; a stale button undoes nothing."""
    signed_in.post(topic_page, {**FORM, "do": "remove:s1"})
    page = signed_in.get(topic_page).text
    assert "Removed: Say “Hello! We open at 9.”" in words(page)
    assert 'value="undo:2"' in page
    assert signed_in.post(topic_page, {**FORM, "do": "undo:2"}).status_code == 303
    assert script_of(installation, bot) == a_script()
    page = signed_in.get(topic_page).text
    assert "Undone: Removed: Say “Hello! We open at 9.”" in words(page)
    stale = signed_in.post(topic_page, {**FORM, "do": "undo:2"})
    assert (stale.status_code, "nothing was undone" in stale.text) == (409, True)
    assert signed_in.post(topic_page, {**FORM, "do": "redo:3"}).status_code == 303
    assert len(script_of(installation, bot).topics[0].steps) == 3


def test_two_editors_of_one_topic_lose_nothing(
    signed_in: Browser, topic_page: str, installation: Installation, bot: Bot, new_browser: Callable[..., Browser]
) -> None:
    """409 with both texts; what was typed stays in its field; everything else is saved; saving again decides."""
    other = new_browser()
    other.sign_in()
    assert other.post(topic_page, {**FORM, "step.s1.text": "Theirs <b>"}).status_code == 303
    answer = signed_in.post(topic_page, {**FORM, "step.s1.text": "Mine", "step.s2.text": "How many?", "do": "remove:s3"})
    assert answer.status_code == 409
    assert "Somebody else has written this meanwhile: What the bot says Theirs <b>" in words(answer.text)
    shown = fields_shown(answer.text)
    assert (shown["step.s1.text"], shown["step.s2.text"]) == ("Mine", "How many?")
    assert (text_of(installation, bot, "s1"), text_of(installation, bot, "s2")) == ("Theirs <b>", "How many?")
    assert text_of(installation, bot, "s3")
    theirs = signed_in.post(topic_page, {**shown, "do": "theirs:step:s1"})
    assert theirs.status_code == 303
    assert text_of(installation, bot, "s1") == "Theirs <b>"
    assert signed_in.post(topic_page, shown).status_code == 303
    assert text_of(installation, bot, "s1") == "Mine"


def test_text_for_what_is_gone_is_given_back(signed_in: Browser, topic_page: str, installation: Installation, bot: Bot) -> None:
    """A step, and a whole topic that somebody else has removed."""
    signed_in.post(topic_page, {**FORM, "do": "remove:s1"})
    answer = signed_in.post(topic_page, {**FORM, "step.s1.text": "Written in vain?"})
    assert (answer.status_code, "Written in vain?" in answer.text) == (409, True)
    installation.services.chat.editing.edit(ANNA, bot.id, (), RemoveTopic("hours"))
    answer = signed_in.post(topic_page, {**FORM, "step.s2.text": "And this?"})
    assert (answer.status_code, "And this?" in answer.text, "This topic was removed" in answer.text) == (409, True, True)
    assert signed_in.post(topic_page, FORM).status_code == 303
    assert signed_in.get(topic_page).status_code == 404


@pytest.mark.parametrize("now", [Choices("s1", "Which?", (Option("o9", "This"),)), Choices("c9", "Which?", (Option("s1", "This"),))])
def test_text_for_a_step_that_is_of_another_kind_now_is_given_back(
    now: Choices, signed_in: Browser, topic_page: str, installation: Installation, bot: Bot
) -> None:
    """Ids are those of the file that somebody has imported since the page was shown."""
    imported = Script("Other", "en", (Topic("hours", "Hours", Starts(On.NOTHING_MATCHED), (now,)),))
    replace_draft(installation.services, bot.id, imported)
    answer = signed_in.post(topic_page, {**FORM, "step.s1.text": "Written in vain?"})
    assert (answer.status_code, "Written in vain?" in answer.text) == (409, True)
    shown = fields_shown(answer.text)
    assert shown["step.s1.shown"].partition(".")[0] == ("choices" if now.id == "s1" else "option")
    assert "Written in vain?" not in shown.values()


def test_an_archived_bot_saves_nothing_and_gives_everything_back(
    signed_in: Browser, topic_page: str, installation: Installation, bot: Bot
) -> None:
    """The form is as it was."""
    installation.services.chat.bots.archive(ANNA, bot.id)
    answer = signed_in.post(topic_page, {**FORM, "step.s1.text": "Kept here", "do": "remove:s2"})
    assert answer.status_code == 409
    assert fields_shown(answer.text)["step.s1.text"] == "Kept here"
    assert script_of(installation, bot) == a_script()


def test_what_the_format_refuses_stands_at_its_field(signed_in: Browser, topic_page: str, installation: Installation, bot: Bot) -> None:
    """422 with the typed text; the rest is saved."""
    answer = signed_in.post(topic_page, {**FORM, "step.s2.into": "2nd!", "step.s1.text": "Saved", "step.s4.text": "z" * 2001})
    assert answer.status_code == 422
    shown = fields_shown(answer.text)
    assert (shown["step.s2.into"], shown["step.s4.text"]) == ("2nd!", "z" * 2001)
    assert 'id="step.s2.into-error"' in answer.text
    assert 'id="step.s4.text-error"' in answer.text
    assert text_of(installation, bot, "s1") == "Saved"


ODD = {
    "an unknown edit": {"do": "explode"},
    "an edit without a step": {"do": "remove:"},
    "an edit on no id": {"do": "remove:../s1"},
    "a step of no kind": {"do": "add:option:after:s1"},
    "a step in no row": {"do": "add:say:nowhere:s1"},
    "an undo of no number": {"do": "undo:x"},
    "an undo of a huge number": {"do": f"undo:{'9' * 40}"},
    "a move to nowhere": {"do": "move:s1", "to": "s1"},
    "their text of nothing": {"do": "theirs:s1"},
    "a part without its digest": {"step.s1.shown": ""},
    "a digest of a kind with other fields": {"step.s1.shown": "ask.0123456789abcdef"},
    "a digest of no kind": {"step.s1.shown": "shout.0"},
    "an answer that there is not": {"step.s2.answer": "poem"},
    "a comparison that there is not": {"step.s5.is": "like"},
    "a start that there is not": {"topic.hours.on": "full_moon"},
    "too long a turn": {"turn.0": "x" * 501},
    "too many turns": {f"turn.{number}": "x" for number in range(MOST_TURNS + 1)},
}


@pytest.mark.parametrize("name", ODD)
def test_a_form_that_is_none_of_ours_is_422_and_saves_nothing(
    name: str, signed_in: Browser, topic_page: str, installation: Installation
) -> None:
    """Also what else is in it."""
    before = contents(installation)
    answer = signed_in.post(topic_page, {**FORM, "step.s4.text": "Not saved", **ODD[name]})
    assert answer.status_code == 422, name
    assert contents(installation) == before


def test_a_missing_field_is_422(signed_in: Browser, topic_page: str, installation: Installation) -> None:
    """A form that was cut off would empty a step."""
    before = contents(installation)
    assert signed_in.post(topic_page, {name: text for name, text in FORM.items() if name != "step.s1.text"}).status_code == 422
    assert contents(installation) == before


def test_ids_that_are_not_in_the_topic_change_nothing_unseen(
    signed_in: Browser, topic_page: str, installation: Installation, bot: Bot
) -> None:
    """A step of another topic is that step, if its digest is right; a foreign id is nothing that could be saved."""
    elsewhere = form_of(a_script(), "rest")
    assert signed_in.post(topic_page, {**elsewhere, "step.s9.text": "Pardon?"}).status_code == 303
    assert text_of(installation, bot, "s9") == "Pardon?"
    answer = signed_in.post(topic_page, {"step.nobodys.shown": "say.0123456789abcdef", "step.nobodys.text": "Hm", "do": "remove:nobodys"})
    assert (answer.status_code, "Hm" in answer.text) == (409, True)
    assert signed_in.post(topic_page, {"do": "remove:nobodys"}).status_code == 409


def test_the_form_takes_a_thousand_fields_and_800_kib(signed_in: Browser, topic_page: str) -> None:
    """One more is refused, and so is one byte more. The hidden field of the page counts."""
    assert (EDITOR_FORM.fields, EDITOR_FORM.body_bytes) == (1000, 800 * 1024)
    fields = {f"extra{number}": "" for number in range(EDITOR_FORM.fields - 1)}
    assert signed_in.post(topic_page, fields).status_code == 303
    assert signed_in.post(topic_page, {**fields, "one": "more"}).status_code == 422
    hidden = len(urlencode(signed_in.filled(topic_page))) + 1
    for size, status in ((EDITOR_FORM.body_bytes, 303), (EDITOR_FORM.body_bytes + 1, 413)):
        body = b"x=" + b"y" * (size - hidden - 2)
        assert send(signed_in, topic_page, body).status_code == status, size


def test_a_long_topic_in_hindi_fits_into_its_form(signed_in: Browser, topic_page: str, installation: Installation, bot: Bot) -> None:
    """A browser sends each of its characters as nine."""
    script = a_script(*(Say(f"a{number}", "न" * 2000) for number in range(25)))
    replace_draft(installation.services, bot.id, script)
    form = form_of(script, "hours") | {"step.a24.text": "नमस्ते"}
    assert len(urlencode(form)) > 2 * 200 * 1024
    assert signed_in.post(topic_page, form).status_code == 303
    assert text_of(installation, bot, "a24") == "नमस्ते"


@pytest.mark.parametrize("body", [b"do=save&do=save", b"do=%ff", b"do", b"&&&"])
def test_forms_that_cannot_be_read_are_422(body: bytes, signed_in: Browser, topic_page: str) -> None:
    """As at every other form."""
    assert send(signed_in, topic_page, body).status_code == 422


def test_markup_is_text_everywhere(signed_in: Browser, installation: Installation) -> None:
    """In fields, bubbles, legends, buttons, titles, the dialogue and the last change."""
    markup = "<img src=x onerror=alert(1)>\"'&{{7*7}}"
    script = Script(
        "<b>Bot</b>",
        "en",
        (
            Topic("hours", f"Hours {markup}"[:80], Starts(On.PHRASES, ("hours", markup)), (Say("s1", markup), Choices("s2", markup, ()))),
            Topic("rest", markup, Starts(On.NOTHING_MATCHED), (Say("s9", markup),)),
        ),
    )
    bot = make_bot(installation.services, script)
    topic_page = f"/bots/{bot.id}/topics/hours"
    form = form_of(script, "hours") | {"step.s2.option": markup}
    pages = [signed_in.post(topic_page, {**form, "do": "try", "write": f"hours {markup}"}), signed_in.get(f"/bots/{bot.id}")]
    pages += [signed_in.get(topic_page), signed_in.get(topic_page, params={"turn": markup, "moving": "s1"})]
    for page in pages:
        assert page.status_code == 200
        assert "<img" not in page.text
        assert "<b>Bot" not in page.text
        assert "49" not in re.findall(r"onerror=alert\(1\)&gt;[^<]{0,40}", page.text)


def test_a_text_that_begins_with_line_breaks_keeps_them(signed_in: Browser, topic_page: str, installation: Installation, bot: Bot) -> None:
    """Within the text; around it they are not kept, so that a form that comes back changes nothing."""
    signed_in.post(topic_page, {**FORM, "step.s1.text": "\r\nOne\r\n\r\n  Two\r\n"})
    assert text_of(installation, bot, "s1") == "One\n\n  Two"
    shown = fields_shown(signed_in.get(topic_page).text)
    before = contents(installation)
    assert signed_in.post(topic_page, shown).status_code == 303
    assert contents(installation) == before


def test_a_step_is_moved_to_a_place_that_is_chosen(signed_in: Browser, topic_page: str, installation: Installation, bot: Bot) -> None:
    """The page asks where, without losing what was typed."""
    answer = signed_in.post(topic_page, {**FORM, "step.s1.text": "Moved", "do": "choose:s1"})
    assert answer.headers["location"] == f"{topic_page}?moving=s1#step-s1"
    page = signed_in.get(answer.headers["location"].partition("#")[0]).text
    offered = re.findall(r'<option value="((?:topic|option|then|else):[^"]+)"', page)
    assert offered == ["option:o1", "option:o2", "then:s5", "else:s5", "topic:bye", "topic:rest"]
    assert signed_in.post(topic_page, {**fields_shown(page), "do": "move:s1", "to": "topic:bye"}).status_code == 303
    assert script_of(installation, bot).topics[1].steps[-1] == Say("s1", "Moved")


def test_problems_stand_at_their_step_and_at_the_top(signed_in: Browser, topic_page: str) -> None:
    """A draft with errors is saved all the same."""
    assert signed_in.post(topic_page, {**FORM, "step.s1.text": "", "step.o1.label": ""}).status_code == 303
    page = signed_in.get(topic_page).text
    assert '<a href="#step-s1">This step says nothing. Write its text.</a>' in page
    assert words(page).count("This option has no label.") == 2


def test_a_topic_with_more_fields_than_a_form_takes_can_still_be_changed(signed_in: Browser, installation: Installation) -> None:
    """What is beyond is shown as text, and has its buttons."""
    rows = tuple(Choices(f"c{row}", "?", tuple(Option(f"o{row}-{place}", f"Option {place}") for place in range(10))) for row in range(50))
    bot = make_bot(installation.services, a_script(*rows))
    topic_page = f"/bots/{bot.id}/topics/hours"
    page = signed_in.get(topic_page).text
    shown = fields_shown(page)
    assert len(shown) <= EDITOR_FORM.fields
    assert signed_in.post(topic_page, {**shown, "step.c0.text": "Changed"}).status_code == 303
    assert text_of(installation, bot, "c0") == "Changed"
    assert "step.c49.text" not in shown
    assert 'value="remove:c49"' in page


def test_there_is_no_editor_of_a_bot_that_there_is_not(signed_in: Browser, bot: Bot) -> None:
    """404 for each, and for a topic that there is not."""
    for topic_page in (f"/bots/{'0' * 32}/topics/hours", f"/bots/{bot.id}/topics/nothing", f"/bots/{bot.id}/topics/Hours"):
        assert signed_in.get(topic_page).status_code == 404
    assert signed_in.post(f"/bots/{'0' * 32}/topics/hours", FORM).status_code == 404
    assert signed_in.post(f"/bots/{'0' * 32}/topics", do="add", name="x").status_code == 404


def test_the_editor_reads_back_each_part_that_its_page_shows(signed_in: Browser, topic_page: str) -> None:
    """Nothing of what the page sends is of another shape."""
    shown = fields_shown(signed_in.get(topic_page).text)
    assert {one.key.id for one in typed_parts(shown)} == {"hours", "s1", "s2", "s3", "o1", "s4", "o2", "s5", "s6", "s7"}
