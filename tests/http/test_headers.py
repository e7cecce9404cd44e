"""Headers of every answer (ASVS 3.4, 14.3.2)."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tests.http.conftest import PUBLIC_URL, Protected
from tests.http.raw_requests import concrete, paths_with, routes_of
from tests.support.browser import Browser
from tests.support.databases import SqliteTemplate
from tests.support.installation import install
from tests.support.optional import present
from xpressbot.entrypoints.http.app import create_app

POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "img-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}


def assert_guarded(response: httpx.Response) -> None:
    """By the group of its route: pages of customers may be framed by pages of this origin, all others by none."""
    is_for_customers = response.url.path.startswith("/chat/")
    headers = response.headers
    directives = dict(directive.strip().split(" ", 1) for directive in headers["content-security-policy"].split(";"))
    assert directives == POLICY | ({"frame-ancestors": "'self'"} if is_for_customers else {})
    assert headers["x-content-type-options"] == "nosniff"
    assert headers.get("x-frame-options") == (None if is_for_customers else "DENY")
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert not [name for name in headers if name.startswith("access-control-")]


def answers(app: Starlette, browser: Browser) -> dict[str, httpx.Response]:
    """Each route by each of its methods, and each kind of refusal."""
    found = {f"GET {path}": browser.get(concrete(path)) for path in paths_with(app, "GET") if not path.startswith("/static")}
    found |= {f"POST {path}": browser.post(path) for path in paths_with(app, "POST") if path != "/sign-out"}
    return found | {
        "404": browser.get("/nowhere"),
        "404 api": browser.get("/api/v1/nowhere"),
        "405": browser.request("DELETE", "/account"),
        "413": browser.post("/sign-in", email="a" * 70_000),
        "403": browser.request("POST", "/sign-in", headers={"Sec-Fetch-Site": "cross-site"}),
        "421": browser.request("GET", "/", headers={"Host": "evil.example"}),
    }


def test_every_answer_carries_the_security_headers_and_is_never_stored(app: Starlette, protected: Protected) -> None:
    """Pages, redirects, JSON and errors, with and without a session."""
    seen = answers(app, protected.browser)
    assert len(seen) >= len(routes_of(app)) - 2
    for name, response in seen.items():
        assert_guarded(response)
        assert response.headers.get_list("cache-control") == ["no-store"], name
        assert "strict-transport-security" not in response.headers, name


def test_static_files_are_guarded_too_and_stored_only_under_their_version(browser: Browser) -> None:
    """The versioned address may be kept for ever, the bare one is asked for anew, an unknown one is no page."""
    versioned = present(re.search(r'href="(/static/style\.css\?v=[^"]+)"', browser.get("/sign-in").text))[1]
    for path, caching in {versioned: "public, max-age=31536000, immutable", "/static/style.css": "no-cache"}.items():
        response = browser.get(path)
        assert_guarded(response)
        assert (response.status_code, response.headers["cache-control"]) == (200, caching)
        assert response.headers["content-type"].startswith("text/css")
    assert browser.get("/static/style.css?v=other").headers["cache-control"] == "no-cache"
    assert browser.get("/static/nothing.css").status_code == 404


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/static/"])
def test_nothing_beside_the_static_files_is_served(path: str, browser: Browser) -> None:
    """Only the names that were read at the start exist."""
    assert browser.get(path).status_code == 404


def test_https_adds_strict_transport_security_to_every_answer(https_app: Starlette, https_browser: Browser) -> None:
    """Where the public URL is https, browsers are told to stay there."""
    for response in answers(https_app, https_browser).values():
        assert_guarded(response)
        assert response.headers["strict-transport-security"] == "max-age=2592000"


@pytest.mark.parametrize(
    ("settings", "header"),
    [
        ({}, "max-age=2592000"),
        ({"hsts_seconds": 63072000}, "max-age=63072000"),
        ({"hsts_seconds": 63072000, "hsts_subdomains": True}, "max-age=63072000; includeSubDomains"),
        ({"hsts_seconds": 0}, "max-age=0"),
    ],
)
def test_how_long_browsers_insist_on_https_and_where_is_the_operators_choice(
    settings: dict[str, Any], header: str, tmp_path: Path, sqlite_template: SqliteTemplate
) -> None:
    """By default 30 days and this host alone: other services on ports and names below it may speak plain http."""
    installation = install(tmp_path, sqlite_template.fresh(tmp_path), public_url=PUBLIC_URL, **settings)
    browser = Browser(create_app(installation.services), installation.clock, url=PUBLIC_URL)
    assert browser.get("/sign-in").headers.get_list("strict-transport-security") == [header]
    installation.close()


def test_pages_load_nothing_from_elsewhere(protected: Protected) -> None:
    """No script, style, image or form of the set-up and code pages leaves our origin (ASVS 3.4.3)."""
    protected.browser.post("/account/2fa/start")
    protected.browser.post("/account/2fa/recovery-codes/reveal")
    for path in ("/", "/account", "/account/2fa/setup", "/account/2fa/recovery-codes", "/account/2fa/disable"):
        page = protected.browser.get(path).text
        targets = re.findall(r'(?:src|href|action)="([^"]+)"', page)
        assert targets
        assert [target for target in targets if not target.startswith(("/", "#", "otpauth://"))] == []
        assert [target for target in targets if target.startswith("//")] == []
        assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|@import|url\(", page)
