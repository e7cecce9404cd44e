"""Two people at one browser: signing in as the second ends the session of the first."""

from collections.abc import Callable

import pytest

from tests.http.conftest import both_engines
from tests.http.raw_requests import SESSION_COOKIE, rows
from tests.support.browser import Browser
from tests.support.installation import Installation

BERTA = "berta@example.com"


@pytest.fixture
def elsewhere(installation: Installation, signed_in: Browser, new_browser: Callable[..., Browser]) -> Browser:
    """Another browser of Anna's, signed in too; Berta has an account."""
    installation.add_account(BERTA, "Berta")
    browser = new_browser()
    browser.sign_in()
    return browser


@both_engines
def test_the_session_that_the_browser_had_ends_on_the_server(
    signed_in: Browser, elsewhere: Browser, new_browser: Callable[..., Browser], installation: Installation
) -> None:
    """Its cookie is overwritten, so no one could sign it out; a copy of it opens nothing, and Anna's other browser goes on."""
    annas, account_id = signed_in.cookies[SESSION_COOKIE], signed_in.me()["account"]["id"]
    assert signed_in.sign_in(BERTA).headers["location"] == "/"
    assert signed_in.me()["account"]["email"] == BERTA
    copy = new_browser()
    copy.cookies.set(SESSION_COOKIE, annas, domain="127.0.0.1")
    assert copy.who() is None
    assert elsewhere.me()["account"]["email"] == "anna@example.com"
    assert len(rows(installation, "session")) == 2
    ended = [event["kind"] for event in rows(installation, "security_event") if event["subject"] == account_id]
    assert ended[-1] == "session.signed_out"


def test_it_ends_when_the_code_of_the_second_is_right_and_not_before(
    signed_in: Browser, elsewhere: Browser, new_browser: Callable[..., Browser]
) -> None:
    """Neither a wrong password, nor the right one alone, signs Anna out."""
    bertas = new_browser()
    bertas.sign_in(BERTA)
    phone = bertas.enable_2fa()
    bertas.post("/account/2fa/recovery-codes/continue")
    annas = signed_in.cookies[SESSION_COOKIE]
    assert signed_in.sign_in(BERTA, "wrong").status_code == 401
    assert signed_in.sign_in(BERTA).headers["location"] == "/sign-in/code"
    assert signed_in.post("/sign-in/code", code="000000").status_code == 401
    assert signed_in.me()["account"]["email"] == "anna@example.com"
    assert signed_in.post("/sign-in/code", code=phone.next_code()).headers["location"] == "/"
    assert signed_in.me()["account"]["email"] == BERTA
    signed_in.cookies.set(SESSION_COOKIE, annas, domain="127.0.0.1")
    assert signed_in.who() is None
    assert [browser.who() is None for browser in (elsewhere, bertas)] == [False, False]
