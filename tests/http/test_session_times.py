"""Pages say until when one is signed in, and "Stay signed in" uses the session on."""

import pytest

from tests.http.conftest import Protected
from tests.http.raw_requests import SESSION_COOKIE, moment_shown, rows, set_cookies, words
from tests.support.browser import Browser
from tests.support.installation import Installation
from xpressbot.entrypoints.http.factors.registry import FACTOR_PAGES, FACTORS
from xpressbot.entrypoints.http.pages import all_pages
from xpressbot.entrypoints.http.paths import REQUIRED_PATH
from xpressbot.entrypoints.http.routing import SignedInPage

STAY = "/account/sessions/stay"


def is_plain(path: str) -> bool:
    """Not the page about one row, nor that of a person who must set up 2FA."""
    return "{" not in path and path != REQUIRED_PATH


PATHS = [
    page.path
    for page in all_pages(FACTORS, FACTOR_PAGES)
    if isinstance(page, SignedInPage) and page.method == "GET" and is_plain(page.path)
]


@pytest.mark.parametrize("path", PATHS)
def test_each_page_of_a_signed_in_person_says_when_the_session_locks_and_ends(path: str, protected: Protected) -> None:
    """In words that need no script, and how many seconds are left for the script to count (WCAG 2.2.1)."""
    browser = protected.browser
    browser.clock.advance(minutes=2)
    if path == "/account/2fa/setup":
        browser.post("/account/2fa/start", lost="no")
    response = browser.get(path)
    assert response.status_code == 200
    page = words(response.text)
    assert f"You are signed in until {moment_shown(browser.me()['expires_at'])}." in page
    assert "Without use, the session locks at" in page
    assert 'data-seconds-left="3600" data-warned-before="300"' in response.text
    assert f'<input type="hidden" name="next" value="{path}">' in response.text


def test_a_page_that_is_only_shown_to_a_refused_form_leads_back_to_its_own_address(signed_in: Browser) -> None:
    """The answer to a form is no page that GET opens."""
    response = signed_in.post("/account/confirm-identity", password="")
    assert response.status_code == 422
    assert '<input type="hidden" name="next" value="/account/confirm-identity">' in response.text


def test_staying_signed_in_moves_the_lock_and_not_the_end(installation: Installation, signed_in: Browser) -> None:
    """The token stays, nothing is recorded, and the browser is back on its page."""
    (before,) = rows(installation, "session")
    events = len(rows(installation, "security_event"))
    signed_in.clock.advance(minutes=58)
    response = signed_in.post(STAY, next="/account")
    assert (response.status_code, response.headers["location"]) == (303, "/account")
    assert SESSION_COOKIE not in set_cookies(response)
    (after,) = rows(installation, "session")
    assert after == {**before, "last_used_at": installation.clock.now()}
    assert len(rows(installation, "security_event")) == events
    signed_in.clock.advance(minutes=59)
    assert signed_in.who() is not None


@pytest.mark.parametrize("next_path", ["https://evil.example", STAY, ""])
def test_staying_signed_in_leads_to_pages_of_ours_alone(next_path: str, signed_in: Browser) -> None:
    """Anything else is the dashboard."""
    assert signed_in.post(STAY, next=next_path).headers["location"] == "/"


def test_nobody_stays_signed_in_beyond_twenty_four_hours(signed_in: Browser) -> None:
    """In the last hour nothing is offered, since nothing would help (ASVS 7.3.2)."""
    for _ in range(24):
        assert signed_in.post(STAY).status_code == 303
        signed_in.clock.advance(minutes=59)
    page = signed_in.get("/account").text
    assert "Stay signed in" not in page
    assert "the session locks at" not in page
    assert "Finish what you are doing, then sign in again." in words(page)
    signed_in.clock.advance(minutes=24)
    assert signed_in.post(STAY).headers["location"].startswith("/sign-in?")


def test_a_session_that_is_locked_already_does_not_stay(signed_in: Browser) -> None:
    """It asks for the password, and nothing was used on."""
    signed_in.clock.advance(minutes=60)
    assert signed_in.post(STAY, next="/").headers["location"] == "/sign-in/unlock?next=/account/sessions"
    assert signed_in.who() is None
