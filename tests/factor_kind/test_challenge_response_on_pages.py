"""A kind of factor that the program does not know, on its pages: only the two packages and two lines of this folder are about it."""

import re
from collections.abc import Callable

import httpx
import pytest

from tests.factor_kind.challenge_response.core.authenticator import Device
from tests.factor_kind.challenge_response.core.kind import Response
from tests.http.raw_requests import refusal
from tests.support.browser import Browser
from tests.support.installation import PASSWORD, Installation
from tests.support.people import reset

SIGN_IN = "/sign-in/challenge"
WRONG = "That is not the answer of a security key of yours. Touch the key that you have set up here."
USED = "That answer of your security key was already used. Touch the key again."


def challenge_on(page: str) -> str:
    found = re.search(r'data-challenge="(\w+)"', page)
    assert found is not None, page
    return found[1]


def fields_of(answer: Response) -> dict[str, str]:
    return {"challenge": answer.challenge, "counter": str(answer.counter), "mac": answer.mac}


def set_up(browser: Browser, start: str = "/account/2fa/start", **fields: str) -> tuple[Device, httpx.Response]:
    """Set a device up, and what its first answer led to."""
    assert browser.post(start, {"kind": Response.kind, **fields}).headers["location"] == "/account/2fa/setup"
    page = browser.get("/account/2fa/setup").text
    key = re.search(r'data-key="(\w+)"', page)
    assert key is not None
    device = Device(bytes.fromhex(key[1]))
    return device, browser.post("/account/2fa/confirm", fields_of(device.answer(challenge_on(page))))


@pytest.fixture
def signed_in(installation: Installation, browser: Browser) -> Browser:
    installation.add_account()
    assert browser.sign_in().headers["location"] == "/"
    return browser


@pytest.fixture
def device(signed_in: Browser) -> Device:
    """Anna has turned 2FA on with it, and saved her recovery codes."""
    device, response = set_up(signed_in)
    assert response.headers["location"] == "/account/2fa/recovery-codes"
    signed_in.recovery_codes()
    assert signed_in.post("/account/2fa/recovery-codes/continue").headers["location"] == "/account"
    return device


def test_it_signs_in_and_offers_what_the_account_has_besides(device: Device, new_browser: Callable[..., Browser]) -> None:
    """The page of the kind that the account has is the one that the password leads to."""
    browser = new_browser()
    assert browser.sign_in().headers["location"] == SIGN_IN
    page = browser.get(SIGN_IN).text
    assert 'href="/sign-in/recovery-code"' in page
    assert 'href="/sign-in/code"' not in page
    assert browser.post(SIGN_IN, fields_of(device.answer(challenge_on(page)))).headers["location"] == "/"
    assert browser.who() is not None
    assert browser.get("/api/v1/session").json()["amr"] == ["hwk", "pwd"]


def test_a_wrong_answer_is_refused_and_one_without_an_answer_is_no_try(device: Device, new_browser: Callable[..., Browser]) -> None:
    """The refusal shows a new challenge."""
    browser = new_browser()
    browser.sign_in()
    page = browser.get(SIGN_IN).text
    assert browser.post(SIGN_IN).status_code == 422
    wrong = browser.post(SIGN_IN, fields_of(Device(bytes(32)).answer(challenge_on(page))))
    assert wrong.status_code == 401
    assert challenge_on(wrong.text) != challenge_on(page)
    assert browser.post(SIGN_IN, fields_of(device.answer(challenge_on(wrong.text)))).headers["location"] == "/"


def test_a_refused_answer_is_told_in_the_words_of_its_kind(
    signed_in: Browser, new_browser: Callable[..., Browser], installation: Installation
) -> None:
    """At set-up, at sign-in and at step-up, whether the answer is wrong or was used; no sentence is of codes, apps or clocks."""
    stranger = Device(bytes(32))
    assert signed_in.post("/account/2fa/start", kind=Response.kind).headers["location"] == "/account/2fa/setup"
    challenge = challenge_on(signed_in.get("/account/2fa/setup").text)
    assert refusal(signed_in.post("/account/2fa/confirm", fields_of(stranger.answer(challenge)))) == f"{WRONG} 4 more tries."
    device, _response = set_up(signed_in)
    waiting, browser = new_browser(), new_browser()
    waiting.sign_in()
    browser.sign_in()
    used = fields_of(device.answer(challenge_on(browser.get(SIGN_IN).text)))
    assert browser.post(SIGN_IN, used).status_code == 303
    assert refusal(waiting.post(SIGN_IN, used)) == USED
    assert refusal(waiting.post(SIGN_IN, {**used, "mac": "00"})) == WRONG
    installation.clock.advance(minutes=6)
    confirm = {**used, "password": PASSWORD}
    assert refusal(signed_in.post("/account/confirm-identity", confirm)) == f"{USED} 4 more tries."
    assert refusal(signed_in.post("/account/confirm-identity", {**confirm, "mac": "00"})) == f"{WRONG} 3 more tries."


def test_it_steps_up(device: Device, signed_in: Browser, installation: Installation) -> None:
    """Beside the password; the page asks for no code that the account has not."""
    installation.clock.advance(minutes=6)
    assert signed_in.get("/account/2fa/move").headers["location"] == "/account/confirm-identity?next=/account/2fa/move"
    page = signed_in.get("/account/confirm-identity?next=/account/2fa/move").text
    answer = device.answer(challenge_on(page))
    confirmed = signed_in.post("/account/confirm-identity", {**fields_of(answer), "password": PASSWORD, "next": "/account/2fa/move"})
    assert confirmed.headers["location"] == "/account/2fa/move"
    assert "Security key" not in signed_in.get("/account/2fa/move").text.partition("Which app")[0]


def test_it_is_listed_beside_others_renamed_and_revoked(device: Device, signed_in: Browser, new_browser: Callable[..., Browser]) -> None:
    """An app of another kind is added; then the device goes, and its answers count no more."""
    assert list(signed_in.apps()) == ["Security key"]
    (row,) = signed_in.apps().values()
    assert signed_in.post("/account/2fa/apps/rename", app=row, name="Blue key").status_code == 303
    app = signed_in.add_app("Tablet")
    assert set(signed_in.apps()) == {"Blue key", "Tablet"}
    browser = new_browser()
    browser.sign_in()
    answer = device.answer(challenge_on(browser.get(SIGN_IN).text))
    assert signed_in.post("/account/2fa/apps/remove", app=row).status_code == 303
    assert browser.follow(browser.post(SIGN_IN, fields_of(answer))).url.path == "/sign-in"
    assert browser.sign_in().headers["location"] == "/sign-in/code"
    refused = browser.post(SIGN_IN, fields_of(device.answer(challenge_on(browser.get(SIGN_IN).text))))
    assert refused.status_code == 401
    assert browser.post("/sign-in/code", code=app.next_code()).headers["location"] == "/"


def test_another_one_is_added(device: Device, signed_in: Browser) -> None:
    """Of the same kind, with a key of its own."""
    other, response = set_up(signed_in, "/account/2fa/apps/add", name="Second key")
    assert response.headers["location"] == "/account/2fa/apps"
    assert other.key != device.key
    assert set(signed_in.apps()) == {"Security key", "Second key"}


def test_a_reset_revokes_it_and_it_can_be_set_up_again(
    device: Device, installation: Installation, new_browser: Callable[..., Browser]
) -> None:
    """Before there is a session, by the link."""
    link = reset(installation.services)
    browser = new_browser()
    browser.get(f"/link/re-enrolment?token={link.text}")
    assert browser.sign_in().headers["location"] == "/link/re-enrolment"
    _device, response = set_up(browser)
    assert response.headers["location"] == "/account/2fa/recovery-codes"
    assert browser.get("/api/v1/session").json()["amr"] == ["hwk", "pwd"]
