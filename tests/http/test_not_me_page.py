"""The page of the link "This wasn't me": it says what the button will do, and what it has done; it never signs anybody in."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.http.conftest import Protected, both_engines
from tests.http.raw_requests import LINK_COOKIE, contents, rows, set_cookies, words
from tests.support.browser import Browser
from tests.support.databases import SqliteTemplate
from tests.support.installation import PASSWORD, Installation, install
from tests.support.people import bound_long_ago, not_me_link
from xpressbot.entrypoints.http.app import create_app
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.registration.new_accounts import NewAccount

LINK = "/link/not-me"
ANNA = "anna@example.com"


@both_engines
def test_opening_does_nothing_and_the_button_takes_power_away(
    installation: Installation, protected: Protected, new_browser: Callable[..., Browser]
) -> None:
    """With 2FA on: what will be done, for whom, and then what was done; nobody is signed in by it."""
    bound_long_ago(installation.services)
    token, browser = not_me_link(installation.services), new_browser()
    before = contents(installation)
    assert browser.get(f"{LINK}?token={token.text}").headers["location"] == LINK
    page = words(browser.get(LINK).text)
    assert contents(installation) == before
    for said in (ANNA, "Nothing has changed yet.", "It signs out 1 browser", "you choose a new password before anything else"):
        assert said in page
    done = browser.post(LINK)
    assert (done.status_code, set(set_cookies(done))) == (200, {LINK_COOKIE})
    assert "1 browser was signed out." in words(done.text)
    assert (browser.who(), protected.browser.who()) == (None, None)
    again = browser.get(f"{LINK}?token={token.text}")
    assert again.status_code == 410
    assert "This link was used" in words(again.text)
    browser.sign_in()
    assert browser.post("/sign-in/code", code=protected.phone.next_code()).headers["location"] == "/sign-in/new-password"


def test_without_2fa_the_page_says_who_can_help(
    installation: Installation, signed_in: Browser, new_browser: Callable[..., Browser]
) -> None:
    """The password opens nothing from then on, also for the one who reads this."""
    browser = new_browser()
    browser.get(f"{LINK}?token={not_me_link(installation.services).text}")
    assert "Your password stops working, so whoever knows it cannot sign in." in words(browser.get(LINK).text)
    done = words(browser.post(LINK).text)
    assert "The operator of this XpressBot can give you a link for a new password." in done
    assert signed_in.who() is None
    assert browser.sign_in().status_code == 401


def test_with_2fa_that_is_new_the_page_says_that_it_stays_and_who_can_reset_it(
    installation: Installation, protected: Protected, new_browser: Callable[..., Browser]
) -> None:
    """The phone may be a thief's."""
    browser = new_browser()
    browser.get(f"{LINK}?token={not_me_link(installation.services).text}")
    page = words(browser.get(LINK).text)
    for said in ("Your password stops working, so whoever knows it cannot sign in.", "2FA stays as it is."):
        assert said in page
    assert "ask the operator of this XpressBot to reset it" in words(browser.post(LINK).text)
    assert protected.browser.who() is None


@pytest.mark.parametrize("confirmed", [True, False])
def test_the_page_promises_a_mail_to_a_confirmed_address_alone(tmp_path: Path, sqlite_template: SqliteTemplate, *, confirmed: bool) -> None:
    """No other one gets a link for a new password: its person must not wait for a mail that never comes."""
    url = "smtp://localhost:1?starttls=no"
    installation = install(tmp_path, sqlite_template.fresh(tmp_path), smtp_url=url, mail_from="bot@example.com")
    if confirmed:
        installation.add_account(ANNA)
    else:
        assert isinstance(installation.services.identity.registration.create(NewAccount(ANNA, "Anna Berg", PASSWORD)), Account)
    browser = Browser(create_app(installation.services), installation.clock)
    browser.get(f"{LINK}?token={not_me_link(installation.services).text}")
    assert ("with a link that you are mailed" in words(browser.get(LINK).text)) is confirmed
    done = words(browser.post(LINK).text)
    assert ("A link for a new password is on its way to this address." in done) is confirmed
    assert ("The operator of this XpressBot can give you a link for a new password." in done) is not confirmed
    assert [row["kind"] for row in rows(installation, "outbox")].count("password") == confirmed


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "%00"])
def test_an_unknown_link_is_gone(token: str, browser: Browser) -> None:
    """410, and the page says whom to tell."""
    answer = browser.get(f"{LINK}?token={token}")
    assert answer.status_code == 410
    assert "tell the operator of this XpressBot" in words(answer.text)


def test_a_form_of_another_persons_link_is_refused(installation: Installation, signed_in: Browser, browser: Browser) -> None:
    """Rule 7b: two mails of two people in one browser: 409, and nothing is done."""
    assert signed_in.who() is not None
    installation.add_account("berta@example.com", "Berta")
    browser.get(f"{LINK}?token={not_me_link(installation.services).text}")
    fields = browser.filled(LINK)
    browser.get(f"{LINK}?token={not_me_link(installation.services, 'berta@example.com').text}")
    before = contents(installation)
    assert browser.post(LINK, fields).status_code == 409
    assert contents(installation) == before


def test_the_dashboards_notices_lead_to_the_password_page(signed_in: Browser, new_browser: Callable[..., Browser]) -> None:
    """There the person proves who they are: the session may be the thief's."""
    link = '<a class="button danger-outline" href="/account/password">This wasn&#39;t me</a>'
    assert link not in signed_in.get("/").text.replace("\N{APOSTROPHE}", "&#39;")
    signed_in.enable_2fa()
    signed_in.post("/account/2fa/disable")
    other = new_browser()
    other.sign_in()
    assert link in other.get("/").text.replace("\N{APOSTROPHE}", "&#39;")
