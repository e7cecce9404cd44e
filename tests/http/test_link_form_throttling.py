"""A link's forms are charged before a password is scored or hashed for them: ten an hour a link, whichever client sends them."""

from collections.abc import Callable

import httpx
import pytest

from tests.http.conftest import RE_ENROLMENT, Reset, both_engines
from tests.http.raw_requests import only, refusal, rows, tries, words
from tests.support.browser import Browser
from tests.support.installation import PASSWORD, Installation
from tests.support.people import invitation, welcome_link
from xpressbot.foundation.tokens import Token

BERTA = "berta@example.com"
WEAK = "passwordpassword"
AN_HOUR = 3600
ALLOWED = 10
Opened = Callable[[], Token]


def at_welcome(browser: Browser, password: str) -> httpx.Response:
    return browser.post("/welcome", name="Berta Sommer", email=BERTA, password=password)


def at_invitation(browser: Browser, password: str) -> httpx.Response:
    return browser.post("/link/invite", name="Berta Sommer", password=password)


@pytest.fixture(params=["/welcome", "/link/invite"])
def path(request: pytest.FixtureRequest) -> str:
    path: str = request.param
    return path


@pytest.fixture
def new_link(path: str, installation: Installation) -> Opened:
    """Makes links of the kind that the page takes. Each invitation is another person's, or it would void the one before."""
    services = installation.services
    if path == "/welcome":
        return lambda: welcome_link(services)
    addresses = iter([BERTA, "clara@example.com"])
    return lambda: invitation(services, next(addresses))


@pytest.fixture
def send(path: str) -> Callable[[Browser, str], httpx.Response]:
    return at_welcome if path == "/welcome" else at_invitation


@both_engines
def test_ten_forms_an_hour_are_looked_at_and_the_next_has_to_wait(
    path: str, send: Callable[[Browser, str], httpx.Response], new_link: Opened, installation: Installation, browser: Browser
) -> None:
    """429 with Retry-After and a sentence, also for a good password; what was typed is kept, but for the password."""
    token = new_link()
    browser.get(f"{path}?token={token.text}")
    assert [send(browser, WEAK).status_code for _form in range(ALLOWED)] == [422] * ALLOWED
    refused = send(browser, PASSWORD)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, str(AN_HOUR))
    assert "Too many tries with this link. Try again at " in refusal(refused)
    assert 'value="Berta Sommer"' in refused.text
    assert PASSWORD not in refused.text
    assert rows(installation, "account") == []
    assert tries(installation, "link") == ALLOWED


def test_another_link_has_a_count_of_its_own(
    path: str, send: Callable[[Browser, str], httpx.Response], new_link: Opened, browser: Browser
) -> None:
    """In the same browser, from the same network."""
    browser.get(f"{path}?token={new_link().text}")
    for _form in range(ALLOWED + 1):
        send(browser, WEAK)
    browser.get(f"{path}?token={new_link().text}")
    assert send(browser, PASSWORD).headers["location"] == "/"


def test_an_invitation_takes_forms_again_after_an_hour(installation: Installation, browser: Browser) -> None:
    """Counted from the last that was looked at."""
    token = invitation(installation.services, BERTA)
    for _form in range(ALLOWED + 1):
        browser.get(f"/link/invite?token={token.text}")
        at_invitation(browser, WEAK)
    installation.clock.advance(minutes=60, seconds=-1)
    browser.get(f"/link/invite?token={token.text}")
    assert at_invitation(browser, PASSWORD).headers["retry-after"] == "1"
    installation.clock.advance(seconds=1)
    assert at_invitation(browser, PASSWORD).headers["location"] == "/"


def test_a_form_that_nothing_is_worked_out_for_costs_nothing(
    path: str, send: Callable[[Browser, str], httpx.Response], new_link: Opened, installation: Installation, browser: Browser
) -> None:
    """One with an empty field, or with a link that no operator issued."""
    browser.get(f"{path}?token={new_link().text}")
    assert send(browser, "").status_code == 422
    made_up = only(browser, link=Token(bytes(32)).text)
    assert send(made_up, PASSWORD).status_code == 410
    assert rows(installation, "throttle_bucket") == []


@both_engines
def test_a_re_enrolment_link_is_taken_ten_times_an_hour(
    reset: Reset, installation: Installation, new_browser: Callable[..., Browser]
) -> None:
    """Pasted, by whichever browsers. A link that is none of ours counts nowhere."""
    for _form in range(ALLOWED):
        assert new_browser().post(RE_ENROLMENT, link=reset.link.text).status_code == 303
    refused = new_browser().post(RE_ENROLMENT, link=reset.link.text)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, str(AN_HOUR))
    assert "Too many tries with this link. Try again at " in words(refused.text)
    assert new_browser().post(RE_ENROLMENT, link=Token(bytes(32)).text).status_code == 410
    assert tries(installation, "link") == ALLOWED
    installation.clock.advance(hours=1)
    assert new_browser().post(RE_ENROLMENT, link=reset.link.text).status_code == 303
