"""A password longer than any can be is refused by its length alone, beside its field."""

import re
from collections.abc import Callable

import httpx
import pytest

from tests.http.raw_requests import contents, words
from tests.support.browser import Browser
from tests.support.installation import Installation
from tests.support.people import welcome_link
from tests.support.unicode_composition import lengths_composed

MOST_TYPED = 2048
OVERLONG = {
    "one too many": "x" * (MOST_TYPED + 1),
    "as many as a form takes": "x" * 60_000,
    "marks to compose": "a" + "\u0300\u0316" * 4_900,
}
SENTENCE = "This is longer than any password can be. Check what was pasted."
Send = Callable[[Browser, str], httpx.Response]


def at_sign_in(browser: Browser, password: str) -> httpx.Response:
    return browser.sign_in(password=password)


def at_the_step_up(browser: Browser, password: str) -> httpx.Response:
    return browser.post("/account/confirm-identity", password=password, next="/account")


def at_the_welcome_page(browser: Browser, password: str) -> httpx.Response:
    return browser.post("/welcome", name="Anna Berg", email="anna@example.com", password=password)


@pytest.fixture(params=[at_sign_in, at_the_step_up, at_the_welcome_page])
def send(request: pytest.FixtureRequest, installation: Installation, browser: Browser) -> Send:
    """A form with a password field, in the browser that has it open."""
    if request.param is at_the_welcome_page:
        browser.get(f"/welcome?token={welcome_link(installation.services).text}")
    else:
        installation.add_account()
        browser.sign_in()
    send: Send = request.param
    return send


@pytest.mark.parametrize("password", OVERLONG.values(), ids=OVERLONG)
def test_an_overlong_password_is_422_beside_its_field_and_no_try(
    password: str, send: Send, browser: Browser, installation: Installation
) -> None:
    """It is never composed, charged to no account, and not repeated in the page."""
    before = contents(installation)
    with lengths_composed() as lengths:
        response = send(browser, password)
    assert response.status_code == 422, words(response.text)
    beside = re.search(r'(?s)<p class="error" id="password-error">(.*?)</p>', response.text)
    assert beside is not None
    assert words(beside[1]) == SENTENCE
    assert password not in response.text
    assert max(lengths, default=0) <= MOST_TYPED
    assert contents(installation) == before


def test_2048_code_points_are_looked_at(send: Send, browser: Browser) -> None:
    """The bound is no stricter than it says: such a password is a wrong one, or too weak a new one."""
    with lengths_composed() as lengths:
        response = send(browser, "x" * MOST_TYPED)
    assert response.status_code in {401, 422}
    assert SENTENCE not in response.text
    assert MOST_TYPED in lengths
