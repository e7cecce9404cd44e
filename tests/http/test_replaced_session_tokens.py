"""A request that brings the token from before a renewal changes, charges and ends nothing, and is told so (ASVS 7.2.4)."""

import re
from collections.abc import Callable

import pytest

from tests.http.conftest import Protected, both_engines
from tests.http.raw_requests import contents, set_cookies, tries, words
from tests.support.browser import Browser
from tests.support.installation import PASSWORD, Installation
from tests.use_cases.instrumentation import after_transaction

NewBrowser = Callable[..., Browser]
LOOKED_UP = 1
"""The transaction after which a request knows whose it is."""
CHARGED = 2
"""The one that counts the try at the password of a form."""
NEW = "copper-lantern-willow-harbour"
CHANGES = {
    "disable": ("/account/2fa/disable", {}),
    "new codes": ("/account/2fa/recovery-codes/regenerate", {}),
    "show codes": ("/account/2fa/recovery-codes/reveal", {}),
    "check a code": ("/account/2fa/recovery-codes/check", {"code": "0000-0000-0000-0000"}),
    "move": ("/account/2fa/start", {"lost": "yes"}),
    "first code": ("/account/2fa/confirm", {"code": "000000"}),
    "start over": ("/account/2fa/start-over", {}),
    "add an app": ("/account/2fa/apps/add", {"name": "Thief's"}),
    "confirm it's you": ("/account/confirm-identity", {"password": "wrong", "code": "000000"}),
    "change the password": ("/account/password", {"password": "copper-lantern-willow-harbour"}),
    "sign out": ("/sign-out", {}),
}


@pytest.fixture
def stale(installation: Installation, protected: Protected, new_browser: NewBrowser) -> Browser:
    """A copy of the cookie that Anna's session had before she confirmed who she is. A move to a new phone is begun in it."""
    assert protected.browser.post("/account/2fa/start", lost="no").headers["location"] == "/account/2fa/setup"
    installation.clock.advance(minutes=6)
    copy = new_browser()
    copy.cookies.update(protected.browser.cookies)
    assert copy.form_for("/account") == protected.browser.form_for("/account")
    return copy


def step_up(protected: Protected) -> None:
    """Anna confirms who she is, which renews her session's token."""
    response = protected.browser.post("/account/confirm-identity", password=PASSWORD, code=protected.phone.next_code())
    assert response.status_code == 303, words(response.text)


@both_engines
@pytest.mark.parametrize("change", CHANGES)
def test_what_waits_for_the_account_under_the_old_token_does_not_ride_a_step_up(
    installation: Installation, protected: Protected, stale: Browser, change: str
) -> None:
    """It was let in before the owner confirmed who they are, and gets the lock after that."""
    path, fields = CHANGES[change]
    protected.browser.form_for("/account")
    before = {}

    def owner() -> None:
        step_up(protected)
        before.update(contents(installation))

    with after_transaction(installation, LOOKED_UP, owner):
        response = stale.post(path, fields)
    assert response.status_code in {303, 409}, words(response.text)
    assert contents(installation) == before
    assert not set_cookies(response)
    assert protected.browser.who() is not None


@both_engines
@pytest.mark.parametrize("change", CHANGES)
def test_what_comes_after_a_rise_under_the_old_token_is_told_what_happened(
    installation: Installation, protected: Protected, stale: Browser, change: str
) -> None:
    """The second click of a person without JavaScript is not taken for a stranger's. No cookie is set, nothing changes."""
    path, fields = CHANGES[change]
    step_up(protected)
    before = contents(installation)
    response = stale.post(path, fields)
    assert response.status_code == 409
    assert "This click changed nothing" in words(response.text)
    assert re.search(r'<a class="button" href="/[^"]*">Go on</a>', response.text)
    assert not set_cookies(response)
    assert contents(installation) == before
    assert protected.browser.who() is not None


@both_engines
@pytest.mark.parametrize(
    ("path", "fields", "unused_minutes"),
    [
        ("/sign-in/unlock", {"password": PASSWORD}, 61),
        ("/account/password", {"current_password": PASSWORD, "password": NEW}, 0),
    ],
    ids=["unlock", "change the password"],
)
def test_double_clicks_with_the_right_password_use_up_no_tries(
    installation: Installation, signed_in: Browser, new_browser: NewBrowser, path: str, fields: dict[str, str], unused_minutes: int
) -> None:
    """The second half was counted before the first half renewed the session: five of them would end it."""
    installation.clock.advance(minutes=unused_minutes)
    copy = new_browser()
    copy.cookies.update(signed_in.cookies)
    assert copy.form_for(path) == signed_in.form_for(path)
    with after_transaction(installation, CHARGED, lambda: signed_in.post(path, fields)):
        assert copy.post(path, fields).status_code == 409
    assert signed_in.who() is not None
    assert tries(installation, "step_up:") == 0


@both_engines
def test_a_wrong_password_under_the_old_token_stays_counted(
    installation: Installation, signed_in: Browser, new_browser: NewBrowser
) -> None:
    """It was a guess, though its answer tells nothing of it."""
    installation.clock.advance(minutes=61)
    copy = new_browser()
    copy.cookies.update(signed_in.cookies)
    assert copy.form_for("/sign-in/unlock") == signed_in.form_for("/sign-in/unlock")
    with after_transaction(installation, CHARGED, lambda: signed_in.post("/sign-in/unlock", password=PASSWORD)):
        assert copy.post("/sign-in/unlock", password="wrong").status_code == 409
    assert tries(installation, "step_up:") == 1


def test_a_token_of_two_renewals_ago_is_a_strangers(protected: Protected, stale: Browser) -> None:
    """Only the last token is remembered."""
    step_up(protected)
    step_up(protected)
    response = stale.post("/account/2fa/disable")
    assert (response.status_code, response.headers["location"]) == (303, "/sign-in?next=/account/2fa/disable")


def test_an_old_token_opens_no_page_and_no_api(protected: Protected, stale: Browser) -> None:
    """Looking is for the token of now."""
    step_up(protected)
    assert stale.get("/account").headers["location"] == "/sign-in?next=/account"
    assert stale.who() is None


@both_engines
def test_codes_of_a_lost_page_are_shown_after_the_next_sign_in(
    installation: Installation, signed_in: Browser, new_browser: NewBrowser
) -> None:
    """A double click made the browser drop the answer with the session that showed them."""
    phone = signed_in.enable_2fa()
    codes = signed_in.recovery_codes()
    again = new_browser()
    again.sign_in(next="/account")
    response = again.post("/sign-in/code", code=phone.next_code())
    assert response.headers["location"] == "/account/2fa/recovery-codes"
    assert again.recovery_codes() == codes
    assert "Save your recovery codes" in words(again.get("/account/2fa/recovery-codes").text)
    assert again.post("/account/2fa/recovery-codes/continue").headers["location"] == "/account"
    third = new_browser()
    third.sign_in(next="/account")
    assert third.post("/sign-in/code", code=phone.next_code()).headers["location"] == "/account"
