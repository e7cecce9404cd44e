"""Cookies that are forged, truncated, or of another kind open nothing and break nothing (ASVS 7.2.1)."""

import base64
from pathlib import Path

import pytest
from starlette.applications import Starlette

from tests.http.conftest import Protected
from tests.http.raw_requests import DEVICE_COOKIE, LINK_COOKIE, PENDING_COOKIE, SAME_ORIGIN, SESSION_COOKIE, concrete, only, routes_of
from tests.support.browser import Browser
from tests.support.installation import Installation

KINDS = [SESSION_COOKIE, PENDING_COOKIE, DEVICE_COOKIE, LINK_COOKIE]


def forgeries(token: str) -> dict[str, str]:
    """A real token, altered."""
    secret = base64.urlsafe_b64decode(token + "=")
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".index(token[-1])
    return {
        "empty": "",
        "short": token[:-1],
        "long": token + "A",
        "padded": token + "=",
        "quoted": f'"{token}',
        "another spelling of the same bytes": token[:-1] + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[last ^ 1],
        "one bit flipped": base64.urlsafe_b64encode(bytes([secret[0] ^ 1, *secret[1:]])).decode().rstrip("="),
        "upper case": token.upper(),
        "hexadecimal": secret.hex(),
        "standard alphabet": token[:-2] + "+/",
        "controls": token[:-2] + "%00",
        "latin-1": token[:-1] + "\xe9",
        "zeros": "A" * 43,
        "huge": "A" * 8000,
        "injection": "' OR 1=1 --",
        "a list": f"{token},{token}",
    }


def test_a_forged_session_cookie_signs_no_one_in(protected: Protected) -> None:
    """Every alteration of a live token is refused; the token itself is not."""
    token = protected.browser.cookies[SESSION_COOKIE]
    for name, forged in forgeries(token).items():
        assert status_with(protected.browser, SESSION_COOKIE, forged) == 401, name
    assert status_with(protected.browser, SESSION_COOKIE, token) == 200


def test_forged_cookies_of_any_kind_break_no_route(app: Starlette, protected: Protected, pending: Browser) -> None:
    """No route answers 5xx, whatever stands in the cookies."""
    pending.cookies.clear()
    forged = forgeries(protected.browser.cookies[SESSION_COOKIE])
    for route in routes_of(app):
        method = "POST" if "POST" in (route.methods or ()) else "GET"
        for name, value in forged.items():
            cookies = "; ".join(f"{kind}={value}" for kind in KINDS)
            headers = SAME_ORIGIN | {"Cookie": cookies.encode("latin-1")}
            assert pending.request(method, concrete(route.path), headers=headers).status_code < 500, (route.path, name)


def test_a_token_opens_only_as_the_kind_it_is(protected: Protected, pending: Browser, installation: Installation) -> None:
    """Each kind of token in each cookie but its own: no session and no second step."""
    tokens = {
        kind: jar.cookies[kind]
        for kind, jar in ((SESSION_COOKIE, protected.browser), (PENDING_COOKIE, pending), (DEVICE_COOKIE, protected.browser))
    }
    for kind, token in tokens.items():
        if kind != SESSION_COOKIE:
            assert status_with(pending, SESSION_COOKIE, token) == 401
        if kind != PENDING_COOKIE:
            response = only(pending, sign_in=token).get("/sign-in/code")
            assert response.headers["location"] == "/sign-in?reason=start_again"
    assert len({*tokens.values()}) == 3
    assert status_with(pending, SESSION_COOKIE, tokens[SESSION_COOKIE]) == 200
    assert installation.services.identity.registration.has_owner()


def test_a_token_is_stored_nowhere_as_it_is(protected: Protected, pending: Browser, installation: Installation) -> None:
    """Only digests: neither the text nor the bytes of a live token stand in the database (ASVS 7.2.2)."""
    file = installation.services.settings.url.removeprefix("sqlite:///")
    with installation.services.database.write() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    content = Path(file).read_bytes()
    for token in (protected.browser.cookies[SESSION_COOKIE], protected.browser.cookies[DEVICE_COOKIE], pending.cookies[PENDING_COOKIE]):
        secret = base64.urlsafe_b64decode(token + "=")
        assert token.encode() not in content
        assert secret not in content
        assert secret.hex().encode() not in content


def test_two_cookies_of_one_name_let_no_one_in_that_neither_would(protected: Protected) -> None:
    """A planted second cookie may sign the person out, never another person in."""
    headers = {"Cookie": f"{SESSION_COOKIE}={'A' * 43}; {SESSION_COOKIE}={'B' * 43}"}
    protected.browser.cookies.clear()
    assert protected.browser.request("GET", "/api/v1/session", headers=headers).status_code == 401


def status_with(browser: Browser, cookie: str, value: str) -> int:
    browser.cookies.clear()
    headers = {"Cookie": f"{cookie}={value}".encode("latin-1")}
    return browser.request("GET", "/api/v1/session", headers=headers).status_code


@pytest.mark.parametrize("around", ["\xa0", "\x85", "\x1f", "\u3000".encode("utf-8").decode("latin-1"), "\x0c"])
def test_a_name_is_spelt_exactly(around: str, protected: Protected) -> None:
    """Another host may set a cookie under a name that only looks like a __Host- name (ASVS 3.3.1)."""
    token = protected.browser.cookies[SESSION_COOKIE]
    protected.browser.cookies.clear()
    for name in (around + SESSION_COOKIE, SESSION_COOKIE + around):
        headers = SAME_ORIGIN | {"Cookie": f"{name}={token}".encode("latin-1")}
        assert protected.browser.request("GET", "/api/v1/session", headers=headers).status_code == 401
    for pairs in (f"{SESSION_COOKIE}={token}", f"a=b;\t{SESSION_COOKIE} = {token} ; c", f"{SESSION_COOKIE}=old; {SESSION_COOKIE}={token}"):
        assert protected.browser.request("GET", "/api/v1/session", headers=SAME_ORIGIN | {"Cookie": pairs}).status_code == 200
