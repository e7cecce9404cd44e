"""The pages of bots: the list, making, renaming, archiving and bringing back."""

import re

from tests.http.conftest import both_engines
from tests.support.bots import UNKNOWN
from tests.support.browser import Browser


def made(browser: Browser, name: str = "Clinic", language: str = "en") -> str:
    """Make a bot by its page, and return the path of its home."""
    answer = browser.post("/bots/new", form=UNKNOWN, name=name, language=language, script="blank")
    assert answer.status_code == 303, answer.text
    found = re.match(r"/bots/[0-9a-f]{32}(?=/topics/)", answer.headers["location"])
    assert found is not None
    return found[0]


@both_engines
def test_a_bot_is_made_renamed_archived_and_brought_back(signed_in: Browser) -> None:
    """Each step shows on the list, and an archived bot stands in the archive alone."""
    path = made(signed_in)
    home = signed_in.get(path).text
    assert [text in home for text in ("Clinic", "Not published yet", "Greeting")] == [True] * 3
    assert signed_in.post(f"{path}/rename", name="  Front   desk ").headers["location"] == path
    assert "Front desk" in signed_in.get("/bots").text
    assert signed_in.post(f"{path}/archive").headers["location"] == "/bots"
    assert "Front desk" not in signed_in.get("/bots").text
    assert "Front desk" in signed_in.get("/bots/archived").text
    assert "Bring back" in signed_in.get(path).text
    assert signed_in.post(f"{path}/restore").headers["location"] == path
    assert "Front desk" in signed_in.get("/bots").text


def test_a_name_that_shows_nothing_is_told_beside_the_field(signed_in: Browser) -> None:
    """Making and renaming refuse it with 422."""
    for name in ("", "   ", "x" * 81, "a\x00b", "\u202eabc"):
        assert signed_in.post("/bots/new", form=UNKNOWN, name=name, language="en", script="blank").status_code == 422
    path = made(signed_in)
    answer = signed_in.post(f"{path}/rename", name="x" * 81)
    assert (answer.status_code, 'aria-invalid="true"' in answer.text) == (422, True)
    assert "Clinic" in signed_in.get(path).text


@both_engines
def test_a_form_that_is_sent_twice_makes_one_bot(signed_in: Browser) -> None:
    """A double click; after Back with another name it is another bot."""
    form = dict(re.findall(r'name="(form|language)" value="([^"]*)"', signed_in.get("/bots/new").text)) | {"script": "blank"}
    paths = [signed_in.post("/bots/new", form, name=name, language="en").headers["location"] for name in ("Clinic", "Clinic", "Shop")]
    assert (paths[0] == paths[1], paths[1] == paths[2]) == (True, False)
    assert len(re.findall(r'href="/bots/[0-9a-f]{32}"', signed_in.get("/bots").text)) == 2
    assert signed_in.get("/bots/record").text.count("Clinic") == 1
    assert signed_in.post("/bots/new", form, form="x", name="Clinic", language="en").status_code == 422


def test_a_language_that_there_is_not_is_no_form_of_ours(signed_in: Browser) -> None:
    """422, and no bot."""
    assert signed_in.post("/bots/new", form=UNKNOWN, name="Clinic", language="xx", script="blank").status_code == 422
    assert "There is no bot yet" in signed_in.get("/bots").text


def test_a_new_bot_has_sentences_where_there_is_nothing_to_count(signed_in: Browser) -> None:
    """No message that it missed and no check: neither stands there as a number."""
    home = signed_in.get(made(signed_in)).text
    assert "No message of the last 7 days was left without a topic" in home
    assert "No dialogue is expected of it yet" in home


def test_names_are_shown_as_text(signed_in: Browser) -> None:
    """Markup in a name is written out wherever the name stands."""
    path = made(signed_in, "<b>Clinic</b>")
    pages = [
        "/bots",
        *(f"{path}{page}" for page in ("", "/settings", "/publish", "/versions", "/checks", "/missed")),
        f"/bots/import?bot={path[6:]}",
    ]
    for page in pages:
        answer = signed_in.get(page)
        assert answer.status_code == 200, page
        assert ("<b>Clinic" in answer.text, "&lt;b&gt;Clinic" in answer.text) == (False, True), page


def test_a_bot_that_there_is_not_is_no_page(signed_in: Browser) -> None:
    """404 for each page and form about it."""
    path = made(signed_in)
    gone = f"/bots/{'0' * 32}"
    for page in ("", "/settings", "/publish", "/versions", "/roll-back?number=1", "/checks", "/missed", "/export"):
        assert signed_in.get(gone + page).status_code == 404, page
    assert signed_in.get(f"{path}/roll-back?number=1").status_code == 404
    assert signed_in.get(f"/bots/import?bot={'0' * 32}").status_code == 404
    shown = signed_in.form_for(f"{path}/rename") or ""
    for form in ("/rename", "/archive", "/restore", "/publish", "/roll-back"):
        fields = {"for": shown, "name": "x", "revision": "1", "newest": "0", "number": "1"}
        assert signed_in.post(gone + form, fields).status_code == 404, form
