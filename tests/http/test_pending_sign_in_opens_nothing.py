"""Between the password and the second factor (NIST 5.1 of SP 800-63B-4): a pending sign-in is no session."""

from collections.abc import Callable

import httpx
import pytest
from starlette.applications import Starlette

from tests.http.conftest import Protected
from tests.http.raw_requests import METHODS, PENDING_COOKIE, SAME_ORIGIN, SESSION_COOKIE, concrete, only, routes_of
from tests.support.browser import Browser

OF_ITS_KIND = {(method, path) for path in ("/sign-in/code", "/sign-in/recovery-code") for method in ("GET", "HEAD", "POST")}


def essence(response: httpx.Response) -> tuple[int, str | None, bytes]:
    return response.status_code, response.headers.get("location"), response.content


def test_a_pending_sign_ins_cookie_opens_no_route_but_those_of_its_kind(
    app: Starlette, pending: Browser, new_browser: Callable[..., Browser]
) -> None:
    """Every route of the router, by every method, answers as it does without any cookie."""
    token = pending.cookies[PENDING_COOKIE]
    asked, differing = 0, set()
    for path in {route.path for route in routes_of(app)}:
        for method in METHODS:
            signed_out = new_browser().request(method, concrete(path), headers=SAME_ORIGIN)
            browser = only(new_browser(), sign_in=token)
            with_cookie = browser.request(method, concrete(path), headers=SAME_ORIGIN)
            assert browser.who() is None
            asked += 1
            if essence(signed_out) != essence(with_cookie):
                differing.add((method, path))
    assert asked >= 24 * len(METHODS)
    assert differing == OF_ITS_KIND


def test_the_routes_of_its_kind_ask_for_the_code_and_nothing_else(pending: Browser) -> None:
    """They show the two pages of the second step; a form without a code is 422."""
    assert [pending.get(path).status_code for path in ("/sign-in/code", "/sign-in/recovery-code")] == [200, 200]
    assert [pending.post(path).status_code for path in ("/sign-in/code", "/sign-in/recovery-code")] == [422, 422]


@pytest.mark.parametrize("cookie", ["session", "device", "link"])
def test_a_pending_sign_ins_token_in_another_cookie_opens_nothing(
    cookie: str, app: Starlette, pending: Browser, new_browser: Callable[..., Browser]
) -> None:
    """The tables are apart, so a token is of one kind only."""
    browser = only(new_browser(), **{cookie: pending.cookies[PENDING_COOKIE]})
    for path in {route.path for route in routes_of(app)}:
        for method in METHODS:
            if (method, path) == ("POST", "/sign-out"):
                continue
            signed_out = only(new_browser(), **{cookie: "A" * 43}).request(method, concrete(path), headers=SAME_ORIGIN)
            assert essence(browser.request(method, concrete(path), headers=SAME_ORIGIN)) == essence(signed_out), (method, path)
    assert browser.who() is None


def test_a_session_token_in_the_pending_cookie_opens_no_second_step(protected: Protected, new_browser: Callable[..., Browser]) -> None:
    """A live session's token is no pending sign-in."""
    browser = only(new_browser(), sign_in=protected.browser.cookies[SESSION_COOKIE])
    assert browser.get("/sign-in/code").headers["location"] == "/sign-in?reason=start_again"
    assert browser.post("/sign-in/code", code=protected.phone.next_code()).headers["location"] == "/sign-in?reason=start_again"
    assert browser.who() is None


def test_a_pending_sign_in_ends_after_ten_minutes(pending: Browser, protected: Protected) -> None:
    """A right code comes too late then, and the sign-in page says why."""
    pending.clock.advance(minutes=10)
    assert [pending.get(path).status_code for path in ("/sign-in/code", "/sign-in/recovery-code")] == [303, 303]
    response = pending.post("/sign-in/code", code=protected.phone.code())
    assert response.headers["location"] == "/sign-in?reason=start_again"
    assert "it took more than 10 minutes" in pending.get(response.headers["location"]).text
    assert pending.who() is None
