"""Bots as files by the pages: downloading, and what an upload may be."""

import httpx
import pytest

from tests.chat.bots.test_exchange import BAD_FILES
from tests.http.conftest import both_engines
from tests.http.raw_requests import contents
from tests.support.actors import ANNA
from tests.support.bots import hours_script, make_bot, publish, replace_draft
from tests.support.browser import Browser
from tests.support.installation import Installation
from xpressbot.chat.scripts.reading import read_script
from xpressbot.chat.scripts.writing import written

FILE = written(hours_script("From 8 to 6.")).encode()
WORDS = {
    "another format": "This is not the format that XpressBot reads: xpressbot-script/1.",
    "cut off": "This file is not valid JSON",
    "an unknown step": "One of these must stand here: say, ask, choices",
    "NaN": "A whole number must stand here: 1-1440.",
    "deep": "Too many brackets stand within each other in this file",
    "not UTF-8": "This file is no text in UTF-8.",
}
PLACES = {"an unknown step": "topics[0].steps[0].kind", "NaN": "nobody_after_minutes", "another format": "format"}


def upload(browser: Browser, data: bytes, bot: str = "", **fields: str) -> httpx.Response:
    """Send a file as the page's form does."""
    return browser.upload("/bots/import", data, bot=bot, **fields)


@both_engines
def test_a_file_becomes_a_bot_and_the_draft_of_another(signed_in: Browser, installation: Installation) -> None:
    """And goes out as it came in."""
    answer = upload(signed_in, FILE)
    assert answer.status_code == 303, answer.text
    path = answer.headers["location"]
    exported = signed_in.get(f"{path}/export")
    assert exported.content == FILE
    assert exported.headers["content-disposition"] == 'attachment; filename="shop.json"'
    assert exported.headers["content-type"] == "application/json"
    bot = make_bot(installation.services)
    assert upload(signed_in, FILE, bot.id).headers["location"] == f"/bots/{bot.id}"
    home = installation.services.chat.bot_overview.home(bot.id)
    assert home is not None
    assert (home.script, home.bot.draft_revision) == (hours_script("From 8 to 6."), 2)


def test_a_published_version_is_downloaded_by_its_number(signed_in: Browser, installation: Installation) -> None:
    """A name without letters a to z gives a plain file name."""
    services = installation.services
    bot = make_bot(services, name='दुकान"; x=1')
    publish(services, bot.id)
    replace_draft(services, bot.id, hours_script("From 8 to 6."))
    answer = signed_in.get(f"/bots/{bot.id}/export?version=1")
    assert answer.headers["content-disposition"] == 'attachment; filename="x-1-1.json"'
    script = read_script(answer.content)
    assert script == read_script(written(hours_script()).replace('"Shop"', '"दुकान\\"; x=1"'))
    assert signed_in.get(f"/bots/{bot.id}/export?version=2").status_code == 404


@pytest.mark.parametrize("bad", WORDS)
def test_a_bad_file_is_refused_in_words_with_the_place(signed_in: Browser, installation: Installation, bad: str) -> None:
    """422 beside the field, for a new bot and for one that there is, and nothing is made."""
    bot = make_bot(installation.services)
    for bot_id in ("", bot.id):
        answer = upload(signed_in, BAD_FILES[bad][0], bot_id)
        assert (answer.status_code, WORDS[bad] in answer.text, PLACES.get(bad, "") in answer.text) == (422, True, True), answer.text
    assert [listed.bot for listed in installation.services.chat.bot_overview.bots()] == [bot]


def test_a_file_that_is_too_large_is_refused(signed_in: Browser, installation: Installation) -> None:
    """In words up to 256 KiB; beyond, it is not even read."""
    answer = upload(signed_in, b" " * (200 * 1024 + 1))
    assert (answer.status_code, "This script is too large" in answer.text) == (422, True)
    assert upload(signed_in, b" " * 256 * 1024).status_code == 413
    assert upload(signed_in, BAD_FILES["large"][0]).status_code == 413
    assert not installation.services.chat.bot_overview.bots()


def test_no_file_is_told(signed_in: Browser) -> None:
    answer = upload(signed_in, b"")
    assert (answer.status_code, "Choose a file." in answer.text) == (422, True)


def test_an_archived_bot_takes_no_file(signed_in: Browser, installation: Installation) -> None:
    bot = make_bot(installation.services)
    installation.services.chat.bots.archive(ANNA, bot.id)
    answer = upload(signed_in, FILE, bot.id)
    assert (answer.status_code, "This bot is archived." in answer.text) == (409, True)
    assert upload(signed_in, FILE, "0" * 32).status_code == 404
    assert upload(signed_in, FILE, "../etc").status_code == 404


@both_engines
def test_a_file_for_what_is_no_bot_is_404(signed_in: Browser, installation: Installation) -> None:
    before = contents(installation)
    for bot in ("\0", "a\0b", "0" * 32, "x" * 5000):
        assert upload(signed_in, FILE, bot).status_code == 404
    assert contents(installation) == before


def _raw(browser: Browser, body: bytes, content_type: str) -> int:
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": browser.url, "Content-Type": content_type}
    return browser.request("POST", "/bots/import", content=body, headers=headers).status_code


def test_the_route_takes_multipart_alone_and_each_field_once(signed_in: Browser) -> None:
    """Any other kind is 415, a damaged body 422, as for all forms."""
    part = b'--x\r\nContent-Disposition: form-data; name="for"\r\n\r\n1\r\n'
    file = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n{}\r\n'
    kind = "multipart/form-data; boundary=x"
    assert _raw(signed_in, b"for=1&bot=", "application/x-www-form-urlencoded") == 415
    assert _raw(signed_in, part + b"--x--\r\n", f"{kind}; charset=utf-7") == 415
    assert _raw(signed_in, part + part + b"--x--\r\n", kind) == 422
    assert _raw(signed_in, part + file + file + b"--x--\r\n", kind) == 422
    assert (
        _raw(signed_in, part.replace(b"for", b"a") + b"".join(part.replace(b"for", b"f%d" % i) for i in range(4)) + b"--x--\r\n", kind)
        == 422
    )
    assert _raw(signed_in, part + b"--x--\r\n", "multipart/form-data") == 422
    assert _raw(signed_in, b"no parts at all", kind) == 422
    assert _raw(signed_in, b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n", kind) == 422


def test_no_other_route_takes_multipart(signed_in: Browser) -> None:
    """415 for the form that makes a bot."""
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": signed_in.url}
    sent = {"for": signed_in.form_for("/bots/new") or "", "name": "x"}
    assert signed_in.request("POST", "/bots/new", data=sent, files={"file": b"x"}, headers=headers).status_code == 415


def test_an_upload_of_another_person_is_refused(signed_in: Browser, installation: Installation) -> None:
    """The form says whom it was shown to, also with a file in it."""
    assert upload(signed_in, FILE, **{"for": ""}).status_code == 422
    assert not installation.services.chat.bot_overview.bots()
