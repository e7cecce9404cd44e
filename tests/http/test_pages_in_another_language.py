"""Every page in a language in which each text stands in brackets: none stands outside, and nothing asked for is repeated."""

import json
import re
from enum import EnumType
from html.parser import HTMLParser
from typing import get_args

import pytest

from tests.support.browser import Browser
from tests.support.databases import SqliteTemplate
from tests.support.every_page import OWNER, Page, every_page
from tests.support.installation import PASSWORD, Installation
from tests.support.pseudo_locale import LANGUAGES, PSEUDO, RIGHT_TO_LEFT, stretched
from xpressbot.entrypoints.http.app import create_app
from xpressbot.entrypoints.http.factor_presentation import FactorPresentation
from xpressbot.entrypoints.http.factors.registry import FACTOR_PAGES, FACTORS
from xpressbot.entrypoints.http.pages import all_pages
from xpressbot.entrypoints.http.rendering import load_static_files
from xpressbot.entrypoints.messages.event_words import event_title
from xpressbot.entrypoints.messages.refusals import ToldRefusal, address_problem_text, refusal_text, weak_password_text
from xpressbot.entrypoints.messages.translation import ENGLISH, Texts
from xpressbot.identity.accounts.rules.address import AddressProblem
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.links.charges import LinkThrottleRefusal
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.passwords.rules import PasswordWeakness, WeakPassword
from xpressbot.identity.throttling.charges import ThrottleRefusal

PAGES = all_pages(FACTORS, FACTOR_PAGES)

SPOKEN = {
    "aria-label",
    "title",
    "alt",
    "placeholder",
    "data-copied",
    "data-failed",
    "data-waiting",
    "data-over",
    "data-enough",
    "data-missing",
}
"""Attributes whose values people read or hear."""
SILENT = {"script", "style", "svg", "time"}
VOID = {"meta", "link", "input", "path", "br", "img", "rect", "circle"}
TOLD: list[ToldRefusal] = [reason for part in get_args(ToldRefusal) for reason in (part if isinstance(part, EnumType) else get_args(part))]
WITH_A_TIME = {ThrottleRefusal.THROTTLED, ThrottleRefusal.ADDRESS_THROTTLED, LinkThrottleRefusal.LINK_THROTTLED}
NAME = "XpressBot"
"""The product's name is the same in every language."""


class Readable(HTMLParser):
    """Collects what is to be translated: text, and attributes with words in them, without translate="no" on any ancestor."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, bool]] = []
        self.language: dict[str, str | None] = {}
        self.text = ""
        self.attributes: list[str] = []
        self.script_attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "html":
            self.language = attributes
        self.attributes += [attributes[name] or "" for name in SPOKEN & set(attributes)]
        is_read = tag not in SILENT and attributes.get("translate") != "no" and (not self._open or self._open[-1][1])
        if tag not in VOID:
            self._open.append((tag, is_read))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][1]:
            self.text += data


def outside(text: str) -> str:
    """The letters that stand in no brackets."""
    depth, found = 0, ""
    for character in text.replace(NAME, " "):
        depth += {"[": 1, "]": -1}.get(character, 0)
        found += character if depth == 0 and (character.isalpha() or character.isspace()) else ""
    assert depth == 0, text
    return " ".join(found.split())


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, sqlite_template: SqliteTemplate) -> list[Page]:
    place = tmp_path_factory.mktemp("pages")
    return every_page(place, sqlite_template.fresh(place), PSEUDO)


def test_no_text_stands_outside_brackets(pages: list[Page]) -> None:
    """Neither between tags nor in what screen readers and the page's script say; names and codes are marked as no text."""
    found = {}
    for page in pages:
        if not page.html.startswith("<!doctype html>"):
            continue
        parsed = Readable()
        parsed.feed(page.html)
        assert (parsed.language["lang"], parsed.language["dir"]) == ("de", "ltr"), page.name
        parts = [parsed.text, *parsed.attributes]
        if left := " | ".join(filter(None, map(outside, parts))):
            found[page.name] = left
    assert found == {}


def test_a_space_stands_between_the_sentences_of_a_paragraph(pages: list[Page]) -> None:
    """A template's tags take the line break after them away, and the space with it. Links beside each other are no sentences."""
    found = {}
    for page in pages:
        for paragraph in re.findall(r"(?s)<p\b[^>]*>(.*?)</p>", page.html):
            text = re.sub("<[^>]*>", "", paragraph.replace("<a ", " <a "))
            if "][" in text or "UTC.[" in text:
                found[page.name] = text
    assert found == {}


def test_the_walk_sees_every_page_and_status(pages: list[Page]) -> None:
    """Each page is opened, each form sent, and each status that a page can have is among the answers."""
    requests = {tuple(re.sub(r"\b[0-9a-f]{32}\b", "ID", page.name.split("?")[0]).split()[:2]) for page in pages}
    of_programs = {("POST", "/account/export")}
    assert {
        (page.method, re.sub(r"\{\w+:slug\}", "hours", re.sub(r"\{\w+:id\}", "ID", page.path))) for page in PAGES
    } - requests == of_programs
    statuses = {page.status for page in pages}
    assert statuses >= {200, 401, 403, 404, 405, 409, 410, 413, 415, 421, 422, 429, 500, 503}


def test_the_file_of_recovery_codes_is_in_the_language_of_the_page(pages: list[Page]) -> None:
    """Its sentences, and nothing of the codes."""
    file = next(page.html for page in pages if page.name.startswith("POST /account/2fa/recovery-codes/download"))
    assert [outside(re.sub("[0-9A-Z]{4}-[0-9A-Z-]{14}", "", line)) for line in file.splitlines()] == [""] * len(file.splitlines())


@pytest.mark.parametrize("kind", [*EventKind, None])
def test_every_event_has_a_title_in_every_language(kind: EventKind | None) -> None:
    """The dashboard of the walk has had only some of them."""
    assert outside(event_title(PSEUDO, kind)) == ""


@pytest.mark.parametrize("reason", TOLD)
def test_every_refusal_that_is_told_has_a_sentence_in_every_language(reason: ToldRefusal) -> None:
    """With a time or a number of tries; without them, but for those that always come with a time."""
    for denied in (
        *([] if reason in WITH_A_TIME else [Denied(reason), Denied(reason, tries_left=1)]),
        Denied(reason, retry_at=60_000_000, tries_left=1),
    ):
        assert outside(re.sub("<time.*?</time>", "", str(refusal_text(PSEUDO, denied)))) == ""


@pytest.mark.parametrize("reason", ProofRefusal)
@pytest.mark.parametrize("factor", tuple(FACTORS), ids=lambda factor: factor.kind)
def test_every_kind_says_in_every_language_why_a_proof_was_refused(factor: FactorPresentation, reason: ProofRefusal) -> None:
    """With a time or an offset of a clock, and without them."""
    for denied in (
        Denied(reason),
        Denied(reason, retry_at=60_000_000),
        Denied(reason, clock_offset_seconds=-90),
        Denied(reason, clock_offset_seconds=90),
    ):
        sentence = str(factor.refusal(PSEUDO, denied, 0))
        assert sentence
        assert outside(sentence) == ""


def test_every_weakness_and_problem_has_a_sentence_in_every_language() -> None:
    """Of passwords and addresses."""
    assert {outside(weak_password_text(PSEUDO, WeakPassword(weakness, 15))) for weakness in PasswordWeakness} == {""}
    assert {outside(address_problem_text(PSEUDO, problem)) for problem in AddressProblem} == {""}


def test_the_pages_script_has_no_words_of_its_own() -> None:
    """What it puts on a page is handed to it: it sets no text that is a literal with a letter in it."""
    script = load_static_files()["page.js"].content.decode()
    assert re.findall(r"""(?:textContent|innerText|title|placeholder)\s*=\s*["'`][^"'`]*[A-Za-z]""", script) == []


@pytest.mark.parametrize(
    ("asked", "lang", "direction"),
    [("de", "de", "ltr"), ("ar", "ar", "rtl"), ("fr", "en", "ltr"), (None, "en", "ltr"), ("<b>de</b>", "en", "ltr")],
)
def test_a_page_and_an_error_say_which_language_they_are_in(
    asked: str | None, lang: str, direction: str, installation: Installation
) -> None:
    """In the document and in its headers; caches are told what it depends on."""
    browser = Browser(create_app(installation.services, LANGUAGES), installation.clock, language=asked)
    for path, status in (("/sign-in", 200), ("/no/such/page", 404)):
        response = browser.get(path)
        assert response.status_code == status
        assert f'<html lang="{lang}" dir="{direction}">' in response.text
        assert response.headers["content-language"] == lang
        assert "accept-language" in response.headers["vary"].lower()
        assert response.headers["cache-control"] == "no-store"
        assert "<b>" not in response.text


def test_a_fault_is_told_in_the_language_of_the_page_that_could_not_be_built(installation: Installation) -> None:
    """The 500 has no page to take it from."""
    installation.add_account()
    browser = Browser(create_app(installation.services, LANGUAGES), installation.clock, language="de")
    browser.sign_in()
    with installation.services.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE session SET expires_at = 'no-such-time'")
    response = browser.get("/account")
    assert response.status_code == 500
    assert stretched("Something went wrong") in response.text


@pytest.mark.parametrize("texts", [ENGLISH, PSEUDO, RIGHT_TO_LEFT])
def test_a_used_code_is_read_whatever_language_its_list_was_in(texts: Texts, installation: Installation) -> None:
    """A line of a page in one language, pasted into a page in another."""
    app = create_app(installation.services, LANGUAGES)
    installation.add_account()
    owner = Browser(app, installation.clock)
    owner.sign_in()
    owner.enable_2fa()
    code = owner.recovery_codes()[0]
    owner.post("/account/2fa/recovery-codes/continue")
    waiting = Browser(app, installation.clock)
    waiting.sign_in(OWNER, PASSWORD)
    assert waiting.post("/sign-in/recovery-code", code=f"{code} {texts.gettext('used')}").status_code == 303


def test_no_other_word_behind_a_code_is_forgiven(installation: Installation) -> None:
    """A mark of a language that is not served is no mark."""
    installation.add_account()
    owner = Browser(create_app(installation.services), installation.clock)
    owner.sign_in()
    owner.enable_2fa()
    code = owner.recovery_codes()[0]
    owner.post("/account/2fa/recovery-codes/continue")
    waiting = Browser(create_app(installation.services), installation.clock)
    waiting.sign_in(OWNER, PASSWORD)
    assert waiting.post("/sign-in/recovery-code", code=f"{code} {PSEUDO.gettext('used')}").status_code == 422


def test_the_script_is_given_a_sentence_for_each_number_of_missing_characters(pages: list[Page]) -> None:
    """Plural forms differ between languages, so that the server makes all of them."""
    page = next(page.html for page in pages if page.name.startswith("GET /welcome?token=") and "data-missing" in page.html)
    parsed = Readable()
    parsed.feed(page)
    sentences = next(json.loads(value) for value in parsed.attributes if value.startswith('["'))
    assert (len(sentences), sentences[0], sentences[1]) == (
        15,
        stretched("%(count)s more character") % {"count": 1},
        stretched("%(count)s more characters") % {"count": 2},
    )
