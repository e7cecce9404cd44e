"""A sign-in whose password somebody else may know: it opens the page for a new one, and nothing else."""

from collections.abc import Callable

import pytest
from sqlalchemy import update

from tests.http.conftest import Protected
from tests.http.raw_requests import PENDING_COOKIE, SESSION_COOKIE, set_cookies, words
from tests.support.browser import Browser
from tests.support.installation import PASSWORD, Installation
from tests.support.stored_chats import conversation, texts_of, web_channel
from xpressbot.identity.tables import ACCOUNT

STEP = "/sign-in/new-password"
NEW = "copper-lantern-willow-harbour"


@pytest.fixture
def exposed(installation: Installation, protected: Protected) -> Protected:
    """Anna, whose password counts as known; her first browser is signed in."""
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).values(password_status="to_be_replaced"))
        connection.commit()
    return protected


@pytest.fixture
def waiting(exposed: Protected, new_browser: Callable[..., Browser]) -> Browser:
    """Another browser of hers, in which password and code were proven."""
    browser = new_browser()
    browser.sign_in(next="/account")
    answer = browser.post("/sign-in/code", code=exposed.phone.next_code())
    assert (answer.status_code, answer.headers["location"]) == (303, STEP)
    assert set_cookies(answer).keys() == {PENDING_COOKIE}
    return browser


def test_the_new_password_signs_in_and_goes_on_to_where_the_person_was_going(exposed: Protected, waiting: Browser) -> None:
    """The page says whose password it is, and why it is to be replaced."""
    page = words(waiting.get(STEP).text)
    assert "Password and code are right for anna@example.com." in page
    assert "Someone else may know your password" in page
    assert waiting.post(STEP, password="").status_code == 422
    assert waiting.post(STEP, password=PASSWORD).status_code == 422
    answer = waiting.post(STEP, password=NEW)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert SESSION_COOKIE in set_cookies(answer)
    assert waiting.me()["amr"] == ["otp", "pwd"]
    assert exposed.browser.who() is None


def test_it_opens_no_other_page(waiting: Browser) -> None:
    """The steps before it lead back to it; everything else asks to sign in."""
    for path in ("/sign-in/code", "/sign-in/recovery-code"):
        assert waiting.get(path).headers["location"] == STEP
        assert waiting.post(path, code="123456").headers["location"] == STEP
    for path in ("/", "/account", "/account/password", "/account/2fa/setup"):
        assert waiting.get(path).headers["location"] == f"/sign-in?next={path}"
    assert waiting.who() is None


def test_without_such_a_sign_in_the_page_leads_to_where_one_begins(pending: Browser, new_browser: Callable[..., Browser]) -> None:
    """Also with a pending sign-in that waits for its code."""
    for browser in (pending, new_browser()):
        assert browser.get(STEP).headers["location"].startswith("/sign-in")
        assert browser.post(STEP, password=NEW).headers["location"].startswith("/sign-in")
        assert browser.who() is None


def test_a_live_session_is_led_to_its_password_page_first(exposed: Protected) -> None:
    """And is told why."""
    answer = exposed.browser.post("/account/2fa/disable")
    assert answer.headers["location"] == "/account/password?reason=new_password_first"
    page = words(exposed.browser.follow(answer).text)
    assert "Someone else may know your password" in page
    assert exposed.browser.post("/account/password", password=NEW).status_code == 200
    assert exposed.browser.post("/account/2fa/disable").headers["location"] == "/account"


def test_a_live_session_erases_nobody_before(installation: Installation, exposed: Protected) -> None:
    """Pages of chat do not go through the gate; they ask the same of the person (ADR 21)."""
    one = conversation(installation.services, web_channel(installation.services))
    path = f"/inbox/people/{one.contact_id}/erase"
    assert exposed.browser.post(path).headers["location"] == "/account/password?reason=new_password_first"
    assert texts_of(installation.services, one.contact_id) == ["Hello"]
    assert exposed.browser.post("/account/password", password=NEW).status_code == 200
    assert exposed.browser.post(path).headers["location"] == f"/inbox/{one.id}"
    assert texts_of(installation.services, one.contact_id) == [""]


def test_a_form_of_another_persons_sign_in_is_refused(installation: Installation, waiting: Browser) -> None:
    """Rule 7b: 409, and no password is set."""
    fields = waiting.filled(STEP, {"password": NEW})
    assert waiting.post(STEP, {**fields, "for": f"berta@example.com {'0' * 64}"}).status_code == 409
    assert waiting.post(STEP, {"password": NEW, "for": ""}).status_code == 422
    assert waiting.post(STEP, fields).status_code == 303
    assert installation
