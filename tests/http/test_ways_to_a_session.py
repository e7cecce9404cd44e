"""Which routes can give a session, and how strong a one (ASVS 6.1.3, 6.3.4)."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from tests.http.conftest import Protected
from tests.http.sending import SAME_ORIGIN, SESSION_COOKIE, concrete, only, routes_of, set_cookies
from tests.support.browser import Browser
from tests.support.installation import PASSWORD, Installation

LISTED = tomllib.loads((Path(__file__).parent / "ways_to_a_session.toml").read_text(encoding="utf-8"))


def test_every_route_stands_in_the_list_of_ways_to_a_session(app: FastAPI) -> None:
    """A route that nobody has thought about fails here, and so does a line without a route."""
    routes = sorted(f"{method} {route.path}" for route in routes_of(app) for method in (route.methods or set()) - {"HEAD"})
    assert routes == sorted([*LISTED["begins"], *LISTED["renews"]["routes"], *LISTED["neither"]["routes"]])


def test_each_way_gives_a_session_of_the_strength_it_is_listed_with(
    installation: Installation, browser: Browser, new_browser: Callable[..., Browser]
) -> None:
    """Welcome and the password give pwd, the code pwd and otp, the recovery code pwd and recovery_code."""
    begins = LISTED["begins"]
    token = installation.house.identity.registration.issue_welcome_link()
    browser.get(f"/welcome?token={token.text}")
    browser.post("/welcome", name="Anna Berg", email="anna@example.com", password=PASSWORD)
    assert browser.who()["amr"] == begins["POST /welcome"]
    second = new_browser()
    second.sign_in()
    assert second.who()["amr"] == begins["POST /sign-in"]
    phone = browser.enable_2fa()
    codes = browser.recovery_codes()
    third = new_browser()
    third.sign_in()
    assert third.who() is None
    third.post("/sign-in/code", code=phone.next_code())
    assert third.who()["amr"] == begins["POST /sign-in/code"]
    fourth = new_browser()
    fourth.sign_in()
    fourth.post("/sign-in/recovery-code", code=codes[0])
    assert fourth.who()["amr"] == begins["POST /sign-in/recovery-code"]


def test_no_other_route_gives_a_session_to_a_stranger_or_after_the_password_alone(
    protected: Protected, new_browser: Callable[..., Browser]
) -> None:
    """Whatever right values are sent along: no session cookie, and nobody signed in."""
    code = protected.phone.next_code()
    stranger, half_way = new_browser(), new_browser()
    half_way.sign_in()
    for browser in (stranger, half_way):
        for route in [*LISTED["neither"]["routes"], *LISTED["renews"]["routes"]]:
            response = _ask(browser, route, password=PASSWORD, code=code)
            assert SESSION_COOKIE not in set_cookies(response), route
            assert browser.who() is None, route


def test_routes_that_change_no_assurance_leave_the_session_cookie_alone(protected: Protected) -> None:
    """With a live session they set no token; only the sign-out takes it away."""
    for route in LISTED["neither"]["routes"]:
        written = set_cookies(_ask(protected.browser, route)).get(SESSION_COOKIE)
        if route == "POST /sign-out":
            assert "Max-Age=0" in written
            break
        assert written is None, route
    assert route == LISTED["neither"]["routes"][-1]


@pytest.mark.parametrize("kind", ["unknown", "malformed", "expired"])
def test_a_session_cookie_that_opens_nothing_is_neither_adopted_nor_cleared(
    kind: str, protected: Protected, installation: Installation
) -> None:
    """A late answer in another tab must not sign anybody out, so only a known session's sign-out writes the cookie."""
    browser = protected.browser
    if kind == "expired":
        installation.clock.advance(minutes=61)
    else:
        only(browser, session={"unknown": "A" * 43, "malformed": "x"}[kind])
    for route in [*LISTED["neither"]["routes"], *LISTED["renews"]["routes"]]:
        assert SESSION_COOKIE not in set_cookies(_ask(browser, route)), route
    assert browser.who() is None


def _ask(browser: Browser, route: str, **fields: str) -> httpx.Response:
    method, path = route.split(" ")
    return browser.request(method, concrete(path), headers=SAME_ORIGIN, data=fields if method == "POST" else None)
