"""The welcome link: it makes the owner's account once, and leaves no trace in the address bar (ASVS 6.3.2)."""

from collections.abc import Callable

import pytest

from tests.http.conftest import both_engines
from tests.http.raw_requests import LINK_COOKIE, SESSION_COOKIE, only, rows, set_cookies
from tests.support.browser import Browser
from tests.support.installation import PASSWORD, Installation
from xpressbot.identity.passwords.rules import MIN_SCORE, SCORED_CODE_POINTS
from xpressbot.identity.passwords.strength import estimate_strength

FIELDS = {"name": "Anna Berg", "email": "anna@example.com", "password": PASSWORD}


def link(installation: Installation) -> str:
    token = installation.services.identity.registration.issue_welcome_link()
    assert token is not None
    return f"/welcome?token={token.text}"


@both_engines
def test_the_link_makes_the_owner_and_signs_them_in(installation: Installation, browser: Browser) -> None:
    """The token moves into a cookie, the form makes the account, and the link cookie goes."""
    opened = browser.get(link(installation))
    assert (opened.status_code, opened.headers["location"]) == (303, "/welcome")
    page = browser.get("/welcome").text
    assert "makes the owner" in page
    assert browser.cookies[LINK_COOKIE] not in page
    response = browser.post("/welcome", FIELDS)
    assert response.headers["location"] == "/"
    assert LINK_COOKIE not in browser.cookies
    assert browser.me()["account"]["email"] == "anna@example.com"
    assert rows(installation, "installation")[0]["claimed_by"] == browser.me()["account"]["id"]


def test_the_page_suggests_a_passphrase_that_is_good(installation: Installation, browser: Browser) -> None:
    """Another at every opening, and one that the rules accept, by its beginning already."""
    browser.get(link(installation))
    pages = [browser.get("/welcome").text for _opening in range(20)]
    suggestions = [page.partition('<code class="passphrase">')[2].partition("<")[0] for page in pages]
    assert len(set(suggestions)) == len(suggestions)
    assert len(suggestions[0].split("-")) >= 5
    assert min(estimate_strength(suggestion[:SCORED_CODE_POINTS]) for suggestion in suggestions) >= MIN_SCORE
    assert browser.post("/welcome", FIELDS | {"password": suggestions[0]}).headers["location"] == "/"


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "A" * 42 + "=", "\x00", "é", "<script>"])
def test_an_unknown_token_is_gone_and_sets_no_cookie(token: str, browser: Browser) -> None:
    """410, and the page says how to get a new one."""
    response = browser.get("/welcome", params={"token": token})
    assert (response.status_code, set_cookies(response)) == (410, {})
    assert "gets a new one by starting it again" in response.text


def test_without_a_link_there_is_nothing_to_fill_in(installation: Installation, browser: Browser) -> None:
    """404 for the page and for the form, and no account."""
    link(installation)
    assert browser.get("/welcome").status_code == 404
    assert browser.post("/welcome", FIELDS).status_code == 404
    assert rows(installation, "account") == []


def test_a_link_keeps_its_hour_also_when_a_later_start_prints_another(
    installation: Installation, new_browser: Callable[..., Browser]
) -> None:
    """Each start's link is good for an hour of its own."""
    first = link(installation)
    installation.clock.advance(minutes=59)
    second = link(installation)
    assert new_browser().get(first).status_code == 303
    installation.clock.advance(minutes=1)
    assert new_browser().get(first).status_code == 410
    assert new_browser().get(second).status_code == 303


def test_a_link_that_ran_out_while_the_form_was_open_makes_no_account(installation: Installation, browser: Browser) -> None:
    """Being on the page keeps nothing open."""
    browser.get(link(installation))
    installation.clock.advance(minutes=60)
    assert browser.get("/welcome").status_code == 410
    assert browser.post("/welcome", FIELDS).status_code == 410
    assert rows(installation, "account") == []


@both_engines
def test_once_there_is_an_owner_there_is_no_welcome(installation: Installation, new_browser: Callable[..., Browser]) -> None:
    """404 for every link, used or not, opened before or not; and for no link at all."""
    used, other, opened = link(installation), link(installation), new_browser()
    opened.get(other)
    owner = new_browser()
    owner.get(used)
    token = owner.cookies[LINK_COOKIE]
    assert owner.post("/welcome", FIELDS).status_code == 303
    again = only(new_browser(), link=token)
    for browser in (opened, again, new_browser(), owner):
        answers = [browser.get("/welcome"), browser.get(used), browser.get(other), browser.post("/welcome", FIELDS)]
        assert [answer.status_code for answer in answers] == [404] * 4
        assert all(SESSION_COOKIE not in set_cookies(answer) for answer in answers)
    assert len(rows(installation, "account")) == 1
    assert installation.services.identity.registration.issue_welcome_link() is None


def test_an_account_made_by_the_operator_closes_the_welcome_too(installation: Installation, browser: Browser) -> None:
    """The first account, by whichever way, is the owner's."""
    browser.get(link(installation))
    account = installation.add_account("peter@example.com", "Peter")
    assert browser.post("/welcome", FIELDS).status_code == 404
    assert rows(installation, "installation")[0]["claimed_by"] == account.id


def test_a_fresh_installation_has_no_account_and_no_way_in_but_the_link(installation: Installation, browser: Browser) -> None:
    """No default account, and the dashboard asks to sign in."""
    assert rows(installation, "account") == []
    for email in ("admin@example.com", "root@localhost.localdomain", "owner@xpressbot.local"):
        assert browser.sign_in(email, "xpressbot").status_code == 401
    assert browser.get("/").headers["location"] == "/sign-in?next=/"


def test_health_needs_no_session(browser: Browser) -> None:
    """Alive and ready answer without accounts, cookies or a session, and say nothing about the inside."""
    alive, ready = browser.get("/healthz"), browser.get("/readyz")
    assert (alive.status_code, alive.text) == (200, "ok")
    assert (ready.status_code, ready.json()["database"]) == (200, "ok")
    assert not set_cookies(alive)
    assert browser.post("/healthz").status_code == 405
