"""The server's clock was a year ahead, and is right again: what people see, and that nothing of that time opens anything."""

import re
from collections.abc import Callable

import pytest

from tests.http.conftest import RE_ENROLMENT, Protected, both_engines
from tests.http.raw_requests import LINK_COOKIE, SESSION_COOKIE, refusal, rows, words
from tests.support import labels
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.browser import Browser
from tests.support.installation import PASSWORD, Installation
from tests.support.people import invitation, welcome_link
from tests.support.people import reset as reset_by_the_operator

YEAR = 24 * 365
CHANGED = "The server's clock was changed after you signed in, so that sign-in no longer counts. Sign in again."
AHEAD = "That code is right, but this server's clock was ahead when you last used your app, so codes from it are refused for now."
DEAD_LINK = "The clock of this server was changed after this link was made, so the link no longer works."


@both_engines
def test_a_session_of_the_future_opens_nothing_and_the_person_is_told(
    installation: Installation, new_browser: Callable[..., Browser]
) -> None:
    """Page, form and API; signing in again is the way on, and nothing is said any more."""
    installation.add_account()
    browser = new_browser()
    installation.clock.advance(hours=YEAR)
    assert browser.sign_in().headers["location"] == "/"
    installation.clock.advance(hours=-YEAR)
    assert browser.who() is None
    assert browser.post("/account/2fa/start").headers["location"] == "/sign-in?next=/account"
    page = browser.follow(browser.get("/"))
    assert CHANGED in words(page.text)
    assert browser.follow(browser.sign_in()).status_code == 200
    assert browser.who() is not None
    assert CHANGED not in words(new_browser().get("/sign-in").text)
    assert [row["authenticated_at"] for row in rows(installation, "session")] == [installation.clock.now()]


def test_a_session_from_a_node_two_minutes_ahead_goes_on(signed_in: Browser, installation: Installation) -> None:
    """Small differences do not matter, neither to a page nor to "Confirm it's you"."""
    installation.clock.advance(minutes=-2)
    assert signed_in.get("/").status_code == 200
    assert signed_in.post("/account/2fa/start").headers["location"] == "/account/2fa/setup"


def test_a_person_who_is_not_signed_in_is_told_nothing_of_clocks(browser: Browser, signed_in: Browser, installation: Installation) -> None:
    """An unknown token, and a session that has simply ended."""
    installation.clock.advance(hours=25)
    assert CHANGED not in words(signed_in.get("/sign-in").text)
    browser.cookies.set(SESSION_COOKIE, "A" * 43)
    assert CHANGED not in words(browser.get("/sign-in").text)


@both_engines
@pytest.mark.parametrize("way", ["code", "recovery-code"])
def test_a_sign_in_begun_in_the_future_starts_again_and_says_why(
    way: str, protected: Protected, installation: Installation, new_browser: Callable[..., Browser]
) -> None:
    """Neither page of the second step takes it; the code that was typed is not used up."""
    browser = new_browser()
    installation.clock.advance(hours=YEAR)
    browser.sign_in()
    installation.clock.advance(hours=-YEAR, minutes=5)
    code = protected.phone.code() if way == "code" else protected.codes[0]
    for response in (browser.get(f"/sign-in/{way}"), browser.post(f"/sign-in/{way}", code=code)):
        assert response.headers["location"] == "/sign-in?reason=clock_was_changed"
        assert CHANGED in words(browser.follow(response).text)
    browser.sign_in()
    assert browser.post(f"/sign-in/{way}", code=code).headers["location"] == "/"


@pytest.fixture
def refused(protected: Protected, installation: Installation, new_browser: Callable[..., Browser]) -> Browser:
    """Anna's browser at the code page, after she has signed in with a code while the clock was a year ahead."""
    installation.clock.advance(hours=YEAR)
    before = new_browser()
    before.sign_in()
    assert before.post("/sign-in/code", code=protected.phone.code()).headers["location"] == "/"
    installation.clock.advance(hours=-YEAR)
    browser = new_browser()
    assert browser.sign_in().headers["location"] == "/sign-in/code"
    return browser


@both_engines
def test_a_right_code_says_that_the_server_was_wrong_and_never_to_wait_a_year(protected: Protected, refused: Browser) -> None:
    """What helps is named: a recovery code now, the operator for the codes."""
    response = refused.post("/sign-in/code", code=protected.phone.next_code())
    assert response.status_code == 401
    assert refusal(response).startswith(AHEAD)
    assert "recovery code, and ask the operator of this XpressBot" in refusal(response)
    assert re.search(r"\d{5,} seconds|already used", words(response.text)) is None
    assert "retry-after" not in response.headers
    assert refused.who() is None


def test_a_wrong_code_says_nothing_of_the_server(refused: Browser) -> None:
    """An attacker who guesses learns only what a right code would tell."""
    assert labels.WRONG_CODE in refusal(refused.post("/sign-in/code", code="000000"))


@both_engines
def test_a_recovery_code_signs_in_meanwhile(protected: Protected, refused: Browser) -> None:
    """And at "Confirm it's you" the sentence is the same, and a recovery code does."""
    assert refused.post("/sign-in/recovery-code", code=protected.codes[0]).headers["location"] == "/"
    refused.clock.advance(minutes=10)
    response = refused.post("/account/confirm-identity", password=PASSWORD, code=protected.phone.code(), next="/account")
    assert refusal(response).startswith(AHEAD)
    again = refused.post("/account/confirm-identity", password=PASSWORD, code=protected.codes[1], next="/account")
    assert again.headers["location"] == "/account"


@both_engines
def test_once_the_operator_has_put_it_right_the_next_code_signs_in(
    protected: Protected, refused: Browser, installation: Installation
) -> None:
    """The one that was refused stays so; the person finds on the dashboard what was done."""
    code = protected.phone.next_code()
    refused.post("/sign-in/code", code=code)
    installation.services.identity.administration.reset_clock("anna@example.com")
    assert "already used" in refusal(refused.post("/sign-in/code", code=code))
    assert refused.post("/sign-in/code", code=protected.phone.next_code()).headers["location"] == "/"
    assert "Repaired by the operator after the server's clock was ahead" in words(refused.get("/").text)


@both_engines
def test_a_link_of_the_future_says_why_it_opens_nothing(installation: Installation, browser: Browser) -> None:
    """For an invitation and for the first account; a link that was used or is unknown has its own words."""
    installation.clock.advance(hours=YEAR)
    links = {"/welcome": welcome_link(installation.services), "/link/invite": invitation(installation.services)}
    installation.clock.advance(hours=-YEAR)
    for path, token in links.items():
        page = browser.get(path, params={"token": token.text})
        assert page.status_code == 410
        assert DEAD_LINK in words(page.text)
    unknown = browser.get("/link/invite", params={"token": "A" * 43})
    assert "This is not a link for this page" in words(unknown.text)


@both_engines
def test_a_reset_of_the_future_is_done_again(protected: Protected, installation: Installation, new_browser: Callable[..., Browser]) -> None:
    """Opened or pasted, its link says why; the one of a second reset works."""
    installation.clock.advance(hours=YEAR)
    link = reset_by_the_operator(installation.services)
    installation.clock.advance(hours=-YEAR)
    browser = new_browser()
    assert browser.sign_in().headers["location"] == RE_ENROLMENT
    assert DEAD_LINK in words(browser.get(RE_ENROLMENT, params={"token": link.text}).text)
    pasted = browser.post(RE_ENROLMENT, link=link.text)
    assert pasted.status_code == 410
    assert DEAD_LINK in words(pasted.text)
    second = reset_by_the_operator(installation.services)
    browser.sign_in()
    assert browser.get(RE_ENROLMENT, params={"token": second.text}).headers["location"] == RE_ENROLMENT
    assert isinstance(browser.enable_2fa(), AuthenticatorApp)


@both_engines
def test_a_sign_in_after_a_reset_that_was_begun_in_the_future_starts_again(
    protected: Protected, installation: Installation, new_browser: Callable[..., Browser]
) -> None:
    """From the page that asks for the link, and from the set-up."""
    link = reset_by_the_operator(installation.services)
    browser = new_browser()
    installation.clock.advance(hours=1)
    browser.sign_in()
    browser.get(RE_ENROLMENT, params={"token": link.text})
    assert browser.post("/account/2fa/start").headers["location"] == "/account/2fa/setup"
    installation.clock.advance(hours=-1)
    assert browser.get("/account/2fa/setup").headers["location"] == "/sign-in?next=/account/2fa/setup&reason=clock_was_changed"
    browser.cookies.delete(LINK_COOKIE)
    assert browser.get(RE_ENROLMENT).headers["location"] == "/sign-in?reason=clock_was_changed"


def test_codes_that_were_shown_in_the_future_are_seen_by_no_one_after_it(signed_in: Browser, installation: Installation) -> None:
    """A clock that was ahead for a moment: the session that saw them is void, and the next one sees them masked."""
    installation.clock.advance(minutes=4)
    signed_in.enable_2fa()
    assert signed_in.recovery_codes()
    installation.clock.advance(minutes=-4)
    path = "/account/2fa/recovery-codes"
    assert signed_in.get(path).headers["location"] == f"/sign-in?next={path}"
