"""Every refusal says why and what to do next."""

import re
from collections.abc import Callable

import httpx
import pytest

from tests.http.conftest import Protected, both_engines
from tests.http.raw_requests import SESSION_COOKIE, refusal, rows
from tests.support import labels
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.browser import Browser, otpauth_uri
from tests.support.installation import PASSWORD, Installation
from xpressbot.entrypoints.http.factors.totp.presentation import TotpPresentation
from xpressbot.entrypoints.messages.translation import ENGLISH
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.outcomes import Denied


@pytest.mark.parametrize(("later", "seconds"), [(0, 10), (3, 7), (9, 1), (10, 30), (39, 1)])
def test_a_used_code_says_how_long_the_next_one_takes(later: int, seconds: int, protected: Protected, pending: Browser) -> None:
    """The code that enabled 2FA, 20 s into its step, at the first sign-in: wait for the rest of the step."""
    code = protected.phone.code()
    pending.clock.advance(seconds=later)
    response = pending.post("/sign-in/code", code=code)
    unit = "second" if seconds == 1 else "seconds"
    assert response.status_code == 401
    assert refusal(response) == f"That code was already used. Wait for the next code in your app (about {seconds} {unit})."


def test_a_code_of_the_step_before_the_used_one_counts_as_used(protected: Protected, pending: Browser) -> None:
    """And when the used one was of the step to come, the wait is to the end of that."""
    assert "already used" in refusal(pending.post("/sign-in/code", code=protected.phone.code(steps=-1)))
    ahead = protected.phone.code(steps=1)
    assert pending.post("/sign-in/code", code=ahead).headers["location"] == "/"
    pending.sign_in()
    pending.cookies.delete(SESSION_COOKIE)
    assert "about 40 seconds" in refusal(pending.post("/sign-in/code", code=ahead))


def test_a_used_recovery_code_says_to_take_another(protected: Protected, pending: Browser, new_browser: Callable[..., Browser]) -> None:
    """Once for signing in, never again."""
    assert pending.post("/sign-in/recovery-code", code=protected.codes[2]).headers["location"] == "/"
    other = new_browser()
    other.sign_in()
    response = other.post("/sign-in/recovery-code", code=protected.codes[2])
    assert (response.status_code, refusal(response)) == (401, "That recovery code was already used. Each works once; take another one.")


def test_a_used_code_with_no_time_to_wait_for_is_no_recovery_code() -> None:
    """A set-up that another tab has completed with the same code."""
    text = TotpPresentation().refusal(ENGLISH, Denied(ProofRefusal.CODE_ALREADY_USED), 0)
    assert text == "That code was already used. Wait for the next code in your app."


def test_a_page_that_takes_several_kinds_answers_in_the_words_of_the_one_that_was_sent(protected: Protected, pending: Browser) -> None:
    """A used recovery code and a used code of an app, in one field; the tries left follow either sentence."""
    assert pending.post("/sign-in/recovery-code", code=protected.codes[2]).headers["location"] == "/"

    def confirm(code: str) -> str:
        return refusal(protected.browser.post("/account/confirm-identity", password=PASSWORD, code=code))

    assert confirm(protected.codes[2]) == "That recovery code was already used. Each works once; take another one. 4 more tries."
    told = confirm(protected.phone.code())
    assert told == "That code was already used. Wait for the next code in your app (about 10 seconds). 3 more tries."


@both_engines
@pytest.mark.parametrize("way", ["password", "code", "recovery-code"])
def test_a_person_who_is_throttled_is_told_until_when(
    way: str, protected: Protected, new_browser: Callable[..., Browser], installation: Installation
) -> None:
    """429; Retry-After, the page's countdown and the time in the sentence agree, and shrink with the clock; asking is free."""
    browser = new_browser()
    if way != "password":
        browser.sign_in()

    def attempt() -> httpx.Response:
        if way == "password":
            return browser.sign_in(password="wrong")
        return browser.post(f"/sign-in/{way}", code="000000" if way == "code" else "0000-0000-0000-0000")

    assert [attempt().status_code for _try in range(5)] == [401] * 5
    for elapsed, wait in ((0, 30), (0.4, 30), (9.6, 20), (19, 1)):
        installation.clock.advance(seconds=elapsed)
        response = attempt()
        assert (response.status_code, response.headers["retry-after"]) == (429, str(wait))
        assert f'data-countdown="{wait}"' in response.text
        assert refusal(response) == "Too many tries. Try again at 14:13 UTC."
        assert 'datetime="2026-09-21T14:13:50Z"' in response.text
    installation.clock.advance(seconds=1)
    response = attempt()
    assert response.status_code == 401
    assert "data-countdown" not in response.text
    assert "retry-after" not in response.headers
    assert attempt().headers["retry-after"] == "60"


def test_fifty_wrong_codes_switch_the_codes_off_and_a_recovery_code_on_again(
    protected: Protected, new_browser: Callable[..., Browser], installation: Installation
) -> None:
    """No countdown, since waiting does not help; the page names the other way, and that way lifts it."""
    browser = new_browser()
    for number in range(1, 51):
        installation.clock.advance(hours=1)
        browser.sign_in()
        response = browser.post("/sign-in/code", code="000000")
        assert ("switched off" in response.text) is (number == 50)
    installation.clock.advance(hours=10)
    browser.sign_in()
    response = browser.post("/sign-in/code", code=protected.phone.code())
    assert (response.status_code, browser.who()) == (401, None)
    assert "retry-after" not in response.headers
    assert "data-countdown" not in response.text
    assert "After 50 wrong codes in a row, this way to sign in was switched off. If it was your app, use a recovery code" in refusal(
        response
    )
    assert browser.post("/sign-in/recovery-code", code=protected.codes[0]).headers["location"] == "/sign-in/new-password"
    assert browser.post("/sign-in/new-password", password="copper-lantern-willow-harbour").headers["location"] == "/"
    installation.clock.advance(minutes=10)
    other = new_browser()
    other.sign_in(password="copper-lantern-willow-harbour")
    assert other.post("/sign-in/code", code=protected.phone.code()).headers["location"] == "/"


@pytest.mark.parametrize(("fast_by", "sentence"), [(-90, "about 90 seconds behind"), (120, "about 120 seconds ahead")])
def test_a_wrong_clock_is_named_at_sign_in_after_two_codes(fast_by: int, sentence: str, protected: Protected, pending: Browser) -> None:
    """One alone would help a guesser; neither signs in."""
    phone = AuthenticatorApp(protected.phone.uri, pending.clock, fast_by=fast_by)
    pending.clock.advance(minutes=5)
    assert labels.WRONG_CODE in refusal(pending.post("/sign-in/code", code=phone.code()))
    response = pending.post("/sign-in/code", code=phone.next_code())
    assert refusal(response) == f"Your phone's clock is {sentence}. Switch on automatic date and time, then use the next code."
    assert pending.who() is None


def test_a_wrong_clock_is_named_at_set_up_at_once(signed_in: Browser, installation: Installation) -> None:
    """A person who sets up holds the secret anyway; the tries left are named too."""
    signed_in.post("/account/2fa/start")
    phone = AuthenticatorApp(otpauth_uri(signed_in.get("/account/2fa/setup").text), installation.clock, fast_by=-90)
    response = signed_in.post("/account/2fa/confirm", code=phone.code())
    assert response.status_code == 401
    assert "Your phone's clock is about 90 seconds behind." in refusal(response)
    assert refusal(response).endswith("4 more tries.")
    assert rows(installation, "authenticator")[0]["state"] == "pending"


def test_wrong_credentials_say_what_to_check(installation: Installation, browser: Browser) -> None:
    """Both are named, so that neither is given away; the address stays in its field and the title says Error."""
    installation.add_account()
    page = browser.sign_in(password="wrong")
    assert refusal(page) == "That address and password do not match. Check both, and that Caps Lock is off."
    assert "<title>Error: Sign in" in page.text
    assert re.search(r'id="email"[^>]*value="anna@example\.com"', page.text)
    assert re.search(r'<input id="password"[^>]*aria-describedby="refusal"[^>]*autofocus', page.text)


def test_a_wrong_password_of_a_known_person_names_no_address(protected: Protected) -> None:
    """The page that confirms who one is asks for none."""
    page = protected.browser.post("/account/confirm-identity", password="wrong", code=protected.phone.code())
    assert refusal(page) == "That password is not right. Check what you typed, and that Caps Lock is off. 4 more tries."


@pytest.mark.parametrize("reason", ["not_signed_in", "wrong_code", "suspended", "", "<b>", "START_AGAIN"])
def test_a_reason_from_the_address_bar_says_nothing_of_itself(reason: str, browser: Browser) -> None:
    """Only those that send people back to the page have words there."""
    assert 'role="alert"' not in browser.get("/sign-in", params={"reason": reason}).text


def test_codes_of_a_wrong_shape_say_what_one_looks_like(protected: Protected, pending: Browser) -> None:
    """Beside the field: what is missing, or what a code looks like."""
    assert "Enter the 6-digit code that your app shows." in pending.post("/sign-in/code", code="").text
    assert "The code has 6 digits, like 123 456." in pending.post("/sign-in/code", code="12345").text
    assert "Enter one of your recovery codes." in pending.post("/sign-in/recovery-code", code=" ").text
    assert "A recovery code has 16 letters and digits" in pending.post("/sign-in/recovery-code", code=protected.codes[0][:-1]).text
