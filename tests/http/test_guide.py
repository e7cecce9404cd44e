"""The guide's steps over HTTP, one after another."""

from collections.abc import Callable

from tests.http.conftest import both_engines
from tests.support.browser import Browser
from tests.support.installation import Installation


@both_engines
def test_the_guide_from_enabling_to_a_recovery_code(
    installation: Installation, browser: Browser, new_browser: Callable[..., Browser]
) -> None:
    """Enable, sign in with a code, sign in with a recovery code, disable."""
    installation.add_account()
    assert browser.sign_in().headers["location"] == "/"
    assert "2FA Disabled" in browser.get("/account").text
    phone = browser.enable_2fa()
    codes = browser.recovery_codes()
    assert len(codes) == 10
    assert browser.follow(browser.post("/account/2fa/recovery-codes/continue")).status_code == 200
    assert "2FA Enabled" in browser.get("/account").text
    assert browser.me()["amr"] == ["otp", "pwd"]

    other = new_browser()
    assert other.sign_in().headers["location"] == "/sign-in/code"
    assert other.who() is None
    assert other.post("/sign-in/code", code=phone.code()).status_code == 401
    assert other.post("/sign-in/code", code=phone.next_code()).headers["location"] == "/"
    assert other.me()["aal"] == 2

    third = new_browser()
    third.sign_in()
    assert third.post("/sign-in/recovery-code", code=codes[3].lower().replace("-", " ")).headers["location"] == "/"
    page = third.get("/account").text
    assert "Reset 2FA on a new phone" in page
    assert third.post("/account/2fa/disable").headers["location"] == "/account"
    assert "2FA Disabled" in third.get("/account").text
    assert other.who() is None
