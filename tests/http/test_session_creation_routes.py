"""Which routes can give a session, and how strong a one (ASVS 6.1.3, 6.3.4)."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update
from starlette.applications import Starlette

from tests.http.conftest import RE_ENROLMENT, Protected, Reset
from tests.http.raw_requests import LINK_COOKIE, SAME_ORIGIN, SESSION_COOKIE, concrete, only, routes_of, set_cookies
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.browser import Browser, otpauth_uri
from tests.support.installation import PASSWORD, Installation
from tests.support.people import invitation, welcome_link
from xpressbot.identity.tables import ACCOUNT

LISTED = tomllib.loads((Path(__file__).parent / "ways_to_a_session.toml").read_text(encoding="utf-8"))


def test_every_route_stands_in_the_list_of_ways_to_a_session(app: Starlette) -> None:
    """A route that no author has thought about fails here, and so does a line without a route."""
    routes = sorted(f"{method} {route.path}" for route in routes_of(app) for method in (route.methods or set()) - {"HEAD"})
    assert routes == sorted([*LISTED["begins"], *LISTED["renews"]["routes"], *LISTED["neither"]["routes"]])


def test_each_way_gives_a_session_of_the_strength_it_is_listed_with(
    installation: Installation, browser: Browser, new_browser: Callable[..., Browser]
) -> None:
    """Welcome and the password give pwd, the code pwd and otp, the recovery code pwd and recovery_code."""
    begins = LISTED["begins"]
    token = welcome_link(installation.services)
    browser.get(f"/welcome?token={token.text}")
    browser.post("/welcome", name="Anna Berg", email="anna@example.com", password=PASSWORD)
    assert browser.me()["amr"] == begins["POST /welcome"]
    second = new_browser()
    second.sign_in()
    assert second.me()["amr"] == begins["POST /sign-in"]
    phone = browser.enable_2fa()
    codes = browser.recovery_codes()
    third = new_browser()
    third.sign_in()
    assert third.who() is None
    third.post("/sign-in/code", code=phone.next_code())
    assert third.me()["amr"] == begins["POST /sign-in/code"]
    fourth = new_browser()
    fourth.sign_in()
    fourth.post("/sign-in/recovery-code", code=codes[0])
    assert fourth.me()["amr"] == begins["POST /sign-in/recovery-code"]
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).values(password_status="to_be_replaced"))
        connection.commit()
    fifth = new_browser()
    fifth.sign_in()
    fifth.post("/sign-in/code", code=phone.next_code())
    assert fifth.who() is None
    fifth.post("/sign-in/new-password", password="copper-lantern-willow-harbour")
    assert fifth.me()["amr"] == begins["POST /sign-in/new-password"]


def test_after_a_reset_the_confirmation_gives_a_session_and_an_invitation_gives_one_of_its_own(
    reset: Reset, must_enrol: Browser, installation: Installation, new_browser: Callable[..., Browser]
) -> None:
    """The one with password and first code, and only with the link; the other with the password that was chosen."""
    ((route, strength),) = LISTED["begins_after_a_reset"].items()
    assert route in LISTED["renews"]["routes"]
    must_enrol.get(f"{RE_ENROLMENT}?token={reset.link.text}")
    must_enrol.post("/account/2fa/start")
    phone = AuthenticatorApp(otpauth_uri(must_enrol.get("/account/2fa/setup").text), installation.clock)
    link = must_enrol.cookies.pop(LINK_COOKIE)
    assert SESSION_COOKIE not in set_cookies(_ask(must_enrol, route, code=phone.code()))
    must_enrol.cookies.set(LINK_COOKIE, link, domain="127.0.0.1")
    assert SESSION_COOKIE in set_cookies(_ask(must_enrol, route, code=phone.code()))
    assert must_enrol.me()["amr"] == strength
    invited = new_browser()
    token = invitation(installation.services)
    invited.get(f"/link/invite?token={token.text}")
    invited.post("/link/invite", name="Berta", password=PASSWORD)
    assert invited.me()["amr"] == LISTED["begins"]["POST /link/invite"]


@pytest.mark.parametrize("with_link", [False, True])
def test_no_other_route_gives_a_session_to_a_person_who_must_enrol(must_enrol: Browser, reset: Reset, with_link: bool) -> None:
    """With the password proven, with and without the link, whatever right values of before the reset are sent along."""
    if with_link:
        must_enrol.get(f"{RE_ENROLMENT}?token={reset.link.text}")
        must_enrol.post("/account/2fa/start")
    others = {route for route in LISTED["begins"] if route not in {"POST /sign-in", "POST /link/invite", "POST /welcome"}}
    for route in sorted({*others, *LISTED["neither"]["routes"], *LISTED["renews"]["routes"]} - {"POST /sign-out"}):
        for code in (reset.phone.code(), reset.codes[0]):
            response = _ask(must_enrol, route, password=PASSWORD, code=code, link="nonsense")
            assert SESSION_COOKIE not in set_cookies(response), route
    assert must_enrol.who() is None


def test_no_other_route_gives_a_session_to_a_stranger_or_after_the_password_alone(
    protected: Protected, new_browser: Callable[..., Browser]
) -> None:
    """Whatever right values are sent along: no session cookie, and no one signed in."""
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
            assert written is not None
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
        installation.clock.advance(hours=24)
    else:
        only(browser, session={"unknown": "A" * 43, "malformed": "x"}[kind])
    for route in [*LISTED["neither"]["routes"], *LISTED["renews"]["routes"]]:
        assert SESSION_COOKIE not in set_cookies(_ask(browser, route)), route
    assert browser.who() is None


def _ask(browser: Browser, route: str, **fields: str) -> httpx.Response:
    method, path = route.split(" ")
    return browser.request(method, concrete(path), headers=SAME_ORIGIN, data=browser.filled(path, fields) if method == "POST" else None)
