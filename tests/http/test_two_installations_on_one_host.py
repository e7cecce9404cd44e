"""Browsers keep one cookie jar for all ports of a host (RFC 6265 section 8.5): two installations there leave each other alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.http.raw_requests import set_cookies
from tests.support.browser import Browser
from tests.support.databases import SqliteTemplate
from tests.support.installation import Installation, install
from xpressbot.entrypoints.http.app import create_app


@pytest.fixture(params=[("http://127.0.0.1:8000", "http://127.0.0.1:8001"), ("https://chat.example.com", "https://chat.example.com:8443")])
def two(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: SqliteTemplate) -> Iterator[list[tuple[Installation, Browser]]]:
    """Two installations, each with an account of Anna's, and what one browser is at each: the jar is the same."""
    made = []
    for number, url in enumerate(request.param):
        directory = tmp_path / str(number)
        directory.mkdir()
        installation = install(directory, sqlite_template.fresh(directory), public_url=url)
        installation.add_account()
        made.append((installation, Browser(create_app(installation.services), installation.clock, url=url)))
    (_first, at_first), (_second, at_second) = made
    at_second.cookies.jar = at_first.cookies.jar
    yield made
    for installation, _browser in made:
        installation.close()


def test_signing_in_to_one_leaves_the_session_in_the_other(two: list[tuple[Installation, Browser]]) -> None:
    """And signing out of one does too."""
    (_first, at_first), (_second, at_second) = two
    for browser in (at_first, at_second):
        assert browser.sign_in().headers["location"] == "/"
    assert [browser.who() is not None for browser in (at_first, at_second)] == [True, True]
    at_first.post("/sign-out")
    assert [browser.who() is not None for browser in (at_first, at_second)] == [False, True]


def test_a_second_factor_here_and_one_there_do_not_mix(two: list[tuple[Installation, Browser]]) -> None:
    """The pending sign-in of one is not replaced by the other's, and each knows the browser by a cookie of its own."""
    (_first, at_first), (_second, at_second) = two
    phones = []
    for browser in (at_first, at_second):
        browser.sign_in()
        phones.append(browser.enable_2fa())
        browser.post("/sign-out")
    for browser in (at_first, at_second):
        assert browser.sign_in().headers["location"] == "/sign-in/code"
    for browser, phone in zip((at_first, at_second), phones, strict=True):
        assert set_cookies(browser.post("/sign-in/code", code=phone.next_code()))
        assert browser.who() is not None
    assert len({name for name in at_first.cookies if "device" in name}) == 2


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://127.0.0.1:8000", "xpressbot-session-8000"),
        ("http://127.0.0.1:80", "xpressbot-session"),
        ("http://127.0.0.1", "xpressbot-session"),
        ("http://127.0.0.1:443", "xpressbot-session-443"),
        ("http://[::1]:8000", "xpressbot-session-8000"),
        ("https://chat.example.com", "__Host-xpressbot-session"),
        ("https://chat.example.com:443", "__Host-xpressbot-session"),
        ("https://chat.example.com:8443", "__Host-xpressbot-session-8443"),
        ("https://chat.example.com:80", "__Host-xpressbot-session-80"),
    ],
)
def test_the_port_of_the_public_url_ends_a_cookies_name(url: str, name: str, tmp_path: Path, sqlite_template: SqliteTemplate) -> None:
    """Where it is not the scheme's own."""
    installation = install(tmp_path, sqlite_template.fresh(tmp_path), public_url=url)
    installation.add_account()
    browser = Browser(create_app(installation.services), installation.clock, url=url)
    assert name in set_cookies(browser.sign_in())
    assert browser.who() is not None
    installation.close()
