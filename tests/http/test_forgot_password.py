"""Asking for a link for a new password: nobody learns from it which addresses have an account (ASVS 6.3.8)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.http.conftest import both_engines
from tests.http.raw_requests import contents, rows, set_cookies, words
from tests.http.test_account_enumeration import statements_of
from tests.support.browser import Browser
from tests.support.databases import SqliteTemplate
from tests.support.installation import Installation, install
from tests.support.people import protected, reset
from xpressbot.entrypoints.http.app import create_app
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.throttling.rules import PASSWORD_REQUEST

PAGE = "/forgot-password"
OF_THE_ADDRESS = {"id", "key", "about", "parameters"}
WHO = {
    "unknown": "nobody@example.com",
    "known": "anna.b@example.com",
    "disabled": "peter9@example.com",
    "invited": "inv.ted@example.com",
    "protected": "mary.x@example.com",
    "reset": "lost.k@example.com",
    "void": "void.k@example.com",
}


@pytest.fixture
def people(installation: Installation) -> Installation:
    """One of each."""
    services = installation.services
    for name in ("known", "disabled", "void"):
        installation.add_account(WHO[name])
    for name in ("protected", "reset"):
        protected(services, WHO[name])
    reset(services, WHO["reset"])
    services.identity.invitations.issue(WHO["invited"])
    services.identity.administration.set_status(WHO["disabled"], AccountStatus.DISABLED)
    return installation


@both_engines
@pytest.mark.parametrize("asked_before", [False, True])
def test_every_address_is_answered_alike(people: Installation, new_browser: Callable[..., Browser], *, asked_before: bool) -> None:
    """ASVS 6.3.8: same status, body, headers, statements and rows for unknown, known, disabled, invited, with 2FA, and reset."""
    seen = {}
    for number, (name, email) in enumerate(WHO.items()):
        if asked_before:
            new_browser(address=f"198.51.{number}.1").post(PAGE, email=email)
        browser, before = new_browser(address=f"198.51.{number}.2"), contents(people)
        with statements_of(people) as statements:
            answer = browser.post(PAGE, email=email)
        after = contents(people)
        written = {
            table: [{column: row[column] for column in row.keys() - OF_THE_ADDRESS} for row in after[table] if row not in before[table]]
            for table in after
        }
        headers = [(header, value) for header, value in answer.headers.multi_items() if header != "x-request-id"]
        seen[name] = (answer.status_code, answer.text, headers, statements, written)
    status, body, _headers, statements, written = seen["unknown"]
    assert (status, bool(statements)) == (200, True)
    assert "Nothing has changed so far" in words(body)
    assert {table for table, changed in written.items() if changed} <= {"outbox", "throttle_bucket"}
    for name, one in seen.items():
        assert one == seen["unknown"], name


@pytest.mark.parametrize(
    "email",
    ["", "anna", "anna@example.com\nbcc: x@y.org", "an\u200bna@example.com", "a" * 300 + "@example.com", "x" * 9000],
)
def test_what_is_no_address_is_refused_and_counted_nowhere(email: str, people: Installation, browser: Browser) -> None:
    """422 beside the field, and no row: a line's end in it, what cannot be seen, 300 characters."""
    before = contents(people)
    answer = browser.post(PAGE, email=email)
    assert answer.status_code == 422
    assert contents(people) == before


def test_a_network_that_asks_too_often_waits(people: Installation, browser: Browser, new_browser: Callable[..., Browser]) -> None:
    """429 with Retry-After, whoever is asked for; other networks go on."""
    answers = [browser.post(PAGE, email=WHO["known"]) for _request in range(PASSWORD_REQUEST.free + 1)]
    assert [answer.status_code for answer in answers] == [200] * PASSWORD_REQUEST.free + [429]
    assert int(answers[-1].headers["retry-after"]) == 3600
    assert "Too many tries from your network." in words(answers[-1].text)
    assert new_browser(address="198.51.100.77").post(PAGE, email=WHO["known"]).status_code == 200
    assert [row["kind"] for row in rows(people, "outbox")].count("password") == 1


def test_the_page_promises_a_mail_where_there_is_a_mail_server(tmp_path: Path, sqlite_template: SqliteTemplate) -> None:
    """And says what to do if none comes."""
    url = "smtp://localhost:1?starttls=no"
    installation = install(tmp_path, sqlite_template.fresh(tmp_path), smtp_url=url, mail_from="bot@example.com")
    browser = Browser(create_app(installation.services), installation.clock)
    assert "You get a mail with a link" in words(browser.get(PAGE).text)
    answer = words(browser.post(PAGE, email=WHO["known"]).text)
    assert "a link for a new password is on its way" in answer
    assert "xpressbot accounts reset-password" not in answer


def test_the_page_says_who_can_help_where_no_mail_is_sent(browser: Browser) -> None:
    """And the sign-in page leads to it."""
    assert f'href="{PAGE}"' in browser.get("/sign-in").text
    assert "xpressbot accounts reset-password" in words(browser.get(PAGE).text)
    answer = browser.post(PAGE, email=WHO["known"])
    assert "xpressbot accounts reset-password" in words(answer.text)
    assert set_cookies(answer) == {}
