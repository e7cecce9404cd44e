"""The page of one's own sessions, and signing out other browsers there."""

import re
from collections.abc import Callable

import pytest

from tests.http.conftest import Protected, both_engines
from tests.http.raw_requests import field_error, refusal, rows, tries, words
from tests.support.browser import Browser
from tests.support.installation import PASSWORD, Installation
from xpressbot.identity.audit.rules.event import TEAM, EventKind
from xpressbot.identity.sessions.rules.session import MOST_PER_ACCOUNT

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
PATH, END, END_OTHERS = "/account/sessions", "/account/sessions/end", "/account/sessions/end-others"


@pytest.fixture
def laptop(protected: Protected, new_browser: Callable[..., Browser]) -> Browser:
    """Another browser in which Anna has signed in with a recovery code, ten minutes after the first."""
    protected.browser.clock.advance(minutes=10)
    browser = new_browser(address="198.51.100.4", user_agent=CHROME)
    browser.sign_in()
    assert browser.post("/sign-in/recovery-code", code=protected.codes[0]).status_code == 303
    return browser


def other_ids(browser: Browser) -> list[str]:
    """The ids of the other sessions that the page lists."""
    return re.findall(r'<article class="card" aria-labelledby="session-(\w+)">', browser.get(PATH).text)


def kinds(installation: Installation) -> list[str]:
    return [row["kind"] for row in rows(installation, "security_event") if row["subject"] != TEAM]


def test_the_page_says_of_each_browser_what_a_person_knows_it_by(protected: Protected, laptop: Browser) -> None:
    """Browser, address, how it was proven, and which is this one; the full name that the browser gives stands there, too."""
    page = words(protected.browser.get(PATH).text)
    own, _, other = page.partition("Sign out here")
    assert "This browser: Firefox on Linux Address 192.0.2.7" in own
    assert "Proven by Password and code from your app" in own
    assert "Chrome on Windows Address 198.51.100.4" in other
    assert "Proven by Password and recovery code" in other
    assert CHROME in other
    assert "This browser, and 1 other one." in words(protected.browser.get("/account").text)


def test_signing_out_all_others_stands_before_the_list(protected: Protected, laptop: Browser) -> None:
    """With twenty sessions the list is several screens long."""
    page = protected.browser.get(PATH).text
    assert page.index(f'action="{END_OTHERS}"') < page.index('aria-labelledby="session-')


def test_another_browser_is_signed_out_with_the_password_alone(installation: Installation, protected: Protected, laptop: Browser) -> None:
    """Also with 2FA on, since a person who has lost the phone must be able to (ASVS 7.5.2, 7.4.5). This session goes on as it is."""
    protected.browser.clock.advance(minutes=6)
    (session,) = other_ids(protected.browser)
    before = rows(installation, "account")
    assert field_error(protected.browser.post(END, session=session), f"password-{session}") == "Enter your password."
    assert laptop.who() is not None
    response = protected.browser.post(END, session=session, password=PASSWORD)
    assert (response.status_code, response.headers["location"]) == (303, PATH)
    assert (laptop.who(), other_ids(protected.browser)) == (None, [])
    assert protected.browser.me()["aal"] == 2
    event = next(row for row in rows(installation, "security_event") if row["kind"] == EventKind.SESSION_ENDED_ELSEWHERE)
    assert (event["target"], event["actor"]) == (session, before[0]["id"])
    assert rows(installation, "account") == before
    assert tries(installation, "step_up") == 0


def test_with_a_fresh_proof_no_password_is_asked_for(protected: Protected, laptop: Browser) -> None:
    """Confirmed a moment ago is enough."""
    assert 'name="password"' not in laptop.get(PATH).text
    (session,) = other_ids(laptop)
    assert laptop.post(END, session=session).headers["location"] == PATH
    assert protected.browser.who() is None


def test_wrong_passwords_share_their_count_with_step_up(installation: Installation, protected: Protected, laptop: Browser) -> None:
    """Two here and three at "Confirm it's you" end the session, and the other one stays."""
    browser = protected.browser
    (session,) = other_ids(browser)
    for left in ("4 more tries", "3 more tries"):
        response = browser.post(END, session=session, password="wrong")
        assert response.status_code == 401
        assert left in field_error(response, f"password-{session}")
    for _ in range(3):
        response = browser.post("/account/confirm-identity", password="wrong", code=protected.phone.code())
    assert response.headers["location"] == "/sign-in?reason=session_ended"
    assert browser.who() is None
    assert laptop.who() is not None
    assert EventKind.SESSION_ENDED_ELSEWHERE not in kinds(installation)


def test_the_last_wrong_password_ends_this_session_and_no_other(protected: Protected, laptop: Browser) -> None:
    """The fifth one; whoever holds this browser does not seem to be its person."""
    responses = [protected.browser.post(END_OTHERS, password="wrong") for _ in range(5)]
    assert [response.status_code for response in responses] == [401, 401, 401, 401, 303]
    assert (protected.browser.who(), laptop.who() is None) == (None, False)


@pytest.mark.parametrize("case", ["somebody else's", "nobody's", "malformed", "missing", "ended"])
@both_engines
def test_a_session_id_that_is_not_of_this_account_changes_nothing(
    case: str, installation: Installation, protected: Protected, laptop: Browser, new_browser: Callable[..., Browser]
) -> None:
    """404 with the list, and nobody is signed out."""
    installation.add_account("berta@example.com", "Berta")
    berta = new_browser(address="203.0.113.9")
    berta.sign_in("berta@example.com")
    listed = other_ids(laptop)
    of_berta = next(row["id"] for row in rows(installation, "session") if row["address"] == "203.0.113.9")
    ids = {"somebody else's": of_berta, "nobody's": "0" * 32, "malformed": "\0' OR 1=1", "missing": "", "ended": listed[0]}
    if case == "ended":
        protected.browser.post("/sign-out")
    before = rows(installation, "session")
    response = laptop.post(END, session=ids[case])
    assert (response.status_code, refusal(response)) == (404, "That browser is not in your list: it has been signed out already.")
    assert rows(installation, "session") == before
    assert (berta.who() is None, laptop.who() is None) == (False, False)
    assert EventKind.SESSION_ENDED_ELSEWHERE not in kinds(installation)


def test_ending_this_very_session_is_the_sign_out(installation: Installation, protected: Protected, laptop: Browser) -> None:
    """No password is asked for, the cookie goes, and the event is that of a sign-out."""
    (own,) = {row["id"] for row in rows(installation, "session")} - set(other_ids(protected.browser))
    response = protected.browser.post(END, session=own)
    assert response.headers["location"] == "/sign-in"
    assert "Max-Age=0" in response.headers["set-cookie"]
    assert protected.browser.who() is None
    assert kinds(installation)[-1] == EventKind.SIGNED_OUT
    assert laptop.who() is not None


def test_all_others_are_signed_out_at_once_and_read_of_it(
    installation: Installation, protected: Protected, laptop: Browser, new_browser: Callable[..., Browser]
) -> None:
    """One event says how many; every session but the one that did it tells of it. Without others there is none."""
    tablet = new_browser(user_agent=CHROME)
    tablet.sign_in()
    tablet.post("/sign-in/code", code=protected.phone.next_code())
    assert laptop.post(END_OTHERS).headers["location"] == PATH
    assert [browser.who() is None for browser in (protected.browser, tablet, laptop)] == [True, True, False]
    assert laptop.post(END_OTHERS).status_code == 303
    assert kinds(installation).count(EventKind.OTHER_SESSIONS_ENDED) == 1
    assert "All other browsers were signed out 2 other" not in words(laptop.get("/").text)
    tablet.sign_in()
    tablet.clock.advance(seconds=30)
    tablet.post("/sign-in/code", code=protected.phone.next_code())
    assert "All other browsers were signed out 2 other browsers were signed out." in words(tablet.get("/").text)


def test_an_account_has_at_most_twenty_sessions(
    installation: Installation, signed_in: Browser, new_browser: Callable[..., Browser]
) -> None:
    """One more ends the one that was unused longest (ASVS 7.1.2), not the one that began first; those that are over go before."""
    browsers = [signed_in, *(new_browser(address=f"198.51.100.{number}") for number in range(MOST_PER_ACCOUNT))]
    for browser in browsers[1:MOST_PER_ACCOUNT]:
        browser.clock.advance(seconds=1)
        browser.sign_in()
    signed_in.clock.advance(minutes=2)
    assert signed_in.who() is not None
    browsers[-1].sign_in()
    assert [number for number, browser in enumerate(browsers) if browser.who() is None] == [1]
    assert len(rows(installation, "session")) == MOST_PER_ACCOUNT
    assert len(other_ids(signed_in)) == MOST_PER_ACCOUNT - 1
