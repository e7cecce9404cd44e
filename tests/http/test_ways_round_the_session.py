"""No header, socket or method signs anybody in, and no answer says more than it lists (ASVS 4.1.3, 4.4, 6.3.4, 7.2.2, 15.3.1, 15.3.4)."""

import asyncio
from base64 import b64encode
from collections.abc import Callable, Mapping

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from tests.http.conftest import Protected
from tests.http.raw_requests import SAME_ORIGIN, SESSION_COOKIE, concrete, contents, routes_of
from tests.support.browser import Browser
from tests.support.installation import PASSWORD, Installation

EMAIL = "anna@example.com"
BASIC = b64encode(f"{EMAIL}:{PASSWORD}".encode()).decode()
IDENTITY_HEADERS = (
    "X-User-Id",
    "X-User",
    "X-User-Email",
    "X-Remote-User",
    "Remote-User",
    "X-Forwarded-User",
    "X-Forwarded-Email",
    "X-Auth-Request-User",
    "X-Auth-Request-Email",
    "X-Authenticated-User",
    "X-Webauth-User",
    "X-Role",
)


def answers(browser: Browser, app: Starlette, headers: dict[str, str]) -> dict[tuple[str, str], tuple[int, str | None]]:
    """Status and destination of every route, by each method that it takes."""
    found = {}
    for route in routes_of(app):
        for method in sorted((route.methods or set()) - {"HEAD"}):
            answer = browser.request(method, concrete(route.path), headers=SAME_ORIGIN | headers)
            found[method, route.path] = (answer.status_code, answer.headers.get("location"))
    return found


@pytest.mark.parametrize(
    "scheme",
    [
        lambda _browser: f"Basic {BASIC}",
        lambda _browser: f"Bearer {PASSWORD}",
        lambda browser: f"Bearer {browser.cookies[SESSION_COOKIE]}",
    ],
    ids=["Basic with the right password", "Bearer with the right password", "Bearer with the token of a session"],
)
def test_a_password_or_token_in_a_header_is_no_way_in(
    scheme: Callable[[Browser], str], app: Starlette, protected: Protected, new_browser: Callable[..., Browser]
) -> None:
    """ASVS 7.2.2, 6.3.4: 401 of the API, and every other route as to nobody. There are no API tokens."""
    credentials = {"Authorization": scheme(protected.browser)}
    browser = new_browser()
    answer = browser.request("GET", "/api/v1/session", headers=credentials)
    assert (answer.status_code, answer.json()["type"]) == (401, new_browser().get("/api/v1/session").json()["type"])
    assert answers(browser, app, credentials) == answers(new_browser(), app, {})
    assert browser.who() is None


def test_a_header_that_names_a_person_is_ignored(
    app: Starlette, protected: Protected, installation: Installation, new_browser: Callable[..., Browser]
) -> None:
    """ASVS 4.1.3, 15.3.4: proxies of other programs hand over who is signed in; here nobody believes it."""
    account = protected.browser.me()["account"]
    before = contents(installation)["session"]
    for value in (account["id"], account["email"], "owner"):
        browser = new_browser()
        assert answers(browser, app, dict.fromkeys(IDENTITY_HEADERS, value)) == answers(new_browser(), app, {})
        assert browser.who() is None
    assert contents(installation)["session"] == before


def test_there_is_no_socket(app: Starlette, protected: Protected) -> None:
    """ASVS 4.4.1-4.4.4 have nothing to act on: every route answers requests, and a handshake is one like any other."""
    assert {type(route) for route in app.routes} == {Route}
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "A" * 22 + "=="}
    answer = protected.browser.request("GET", "/", headers=upgrade)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert asyncio.run(_handshake(app)) == "websocket.close"


async def _handshake(app: Starlette) -> str:
    """What is answered to a server that hands a handshake on."""
    sent: list[str] = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: Mapping[str, object]) -> None:
        sent.append(str(message["type"]))

    scope = {"type": "websocket", "path": "/", "raw_path": b"/", "query_string": b"", "headers": [(b"host", b"127.0.0.1:8000")]}
    await app({**scope, "scheme": "ws", "subprotocols": [], "client": ("192.0.2.7", 1), "server": None}, receive, send)
    return sent[0]


def test_who_is_signed_in_is_told_by_a_list(protected: Protected) -> None:
    """ASVS 15.3.1: these fields and no others, whatever the account's row has."""
    session = protected.browser.me()
    assert set(session) == {"account", "amr", "aal", "authenticated_at", "expires_at"}
    assert set(session["account"]) == {"id", "email", "name"}


def test_a_refusal_tells_no_more_than_that(new_browser: Callable[..., Browser]) -> None:
    """ASVS 15.3.1: of nobody there is nothing to say."""
    answer = new_browser().get("/api/v1/session")
    assert set(answer.json()) == {"type", "title", "status", "code"}
