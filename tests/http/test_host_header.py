"""The Host header names us, or the request was meant for another installation."""

from collections.abc import Callable

import pytest
from starlette.applications import Starlette

from tests.support.browser import Browser
from tests.support.installation import Installation

LOOPBACK = ["127.0.0.1:8000", "localhost:8000", "LOCALHOST:8000", "[::1]:8000"]
FOREIGN = [
    "evil.example",
    "evil.example:8000",
    "127.0.0.1",
    "127.0.0.1:80",
    "localhost:9000",
    "localhost:8000.evil.example",
    "127.0.0.1:8000@evil.example",
    "127.0.0.2:8000",
    "0.0.0.0:8000",
    "127.0.0.1:8000,evil.example",
    "",
]
ADDRESSES_AND_LOCALHOST = [
    "127.0.0.1:8000",
    "127.0.0.1",
    "10.0.0.5:1234",
    "192.0.2.1",
    "[::1]:8000",
    "[::1]",
    "[2001:db8::1]:9",
    "localhost",
    "localhost:9000",
    "LocalHost:8000",
]
OTHER_NAMES = [
    "evil.example",
    "evil.example:8000",
    "xpressbot:8000",
    "127.0.0.1.evil.example",
    "127.0.0.1.",
    "localhost.evil.example:8000",
    "evil.localhost",
    "localhost.",
    "localhost:",
    "localhost:8000:8000",
    "2130706433",
    "0x7f.1",
    "127.1",
    "[evil.example]",
    "[::1%25eth0]",
    "127.0.0.1:8000, evil.example",
    "user@127.0.0.1",
    "",
]


def test_with_a_loopback_public_url_every_name_of_this_machine_is_answered(browser: Browser) -> None:
    """On the public URL's port."""
    for host in LOOPBACK:
        assert browser.request("GET", "/sign-in", headers={"Host": host}).status_code == 200, host


@pytest.mark.parametrize("path", ["/sign-in", "/", "/api/v1/session", "/static/style.css", "/nowhere"])
def test_any_other_host_is_misdirected(path: str, browser: Browser) -> None:
    """421 before anything is looked up (DNS rebinding, poisoned links)."""
    for host in FOREIGN:
        response = browser.request("GET", path, headers={"Host": host})
        assert (response.status_code, "location" in response.headers) == (421, False), host


def test_a_foreign_host_is_refused_for_forms_too_however_same_origin_it_claims_to_be(browser: Browser) -> None:
    """A rebound name is same-origin to the browser."""
    headers = {"Host": "evil.example:8000", "Origin": "http://evil.example:8000", "Sec-Fetch-Site": "same-origin"}
    assert browser.request("POST", "/sign-in", headers=headers, data={"email": "a@b.cd"}).status_code == 421


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_are_answered_by_any_host(path: str, new_browser: Callable[..., Browser]) -> None:
    """They come by the machine's own address, or by a container's name."""
    local = new_browser(address="127.0.0.1")
    for host in ("10.0.0.5:1234", "evil.example", "xpressbot", "xpressbot:8000", ""):
        assert local.request("GET", path, headers={"Host": host}).status_code == 200, host


def test_the_figures_are_read_by_address_and_by_localhost(new_browser: Callable[..., Browser]) -> None:
    """On any port: no stranger's DNS server decides where these lead."""
    local = new_browser(address="127.0.0.1")
    for host in ADDRESSES_AND_LOCALHOST:
        assert local.request("GET", "/metrics", headers={"Host": host}).status_code == 200, host


def test_the_figures_are_not_read_by_any_other_name(new_browser: Callable[..., Browser]) -> None:
    """A browser on this machine that opens a stranger's page asks from loopback, under the stranger's name (DNS rebinding)."""
    local = new_browser(address="127.0.0.1")
    for host in OTHER_NAMES:
        answer = local.request("GET", "/metrics", headers={"Host": host})
        assert (answer.status_code, "xpressbot_" in answer.text) == (421, False), host


def test_the_figures_are_read_by_the_public_name(https_app: Starlette, https_installation: Installation) -> None:
    """Where that leads is the operator's to say."""
    browser = Browser(https_app, https_installation.clock, address="127.0.0.1")
    for host, status in (("bots.example.com", 200), ("bots.example.com:443", 200), ("bots.example.com:9000", 421)):
        assert browser.request("GET", "/metrics", headers={"Host": host}).status_code == status, host


def test_two_hosts_are_none_of_ours(browser: Browser) -> None:
    """RFC 9112 section 3.2, whatever stands before the application."""
    for hosts in (["127.0.0.1:8000", "evil.example"], ["evil.example", "127.0.0.1:8000"], ["127.0.0.1:8000", "127.0.0.1:8000"]):
        assert browser.request("GET", "/sign-in", headers=[("Host", host) for host in hosts]).status_code == 421


def test_a_forwarded_host_is_never_read(browser: Browser) -> None:
    """Neither to let a request in nor to keep it out."""
    assert browser.request("GET", "/sign-in", headers={"X-Forwarded-Host": "evil.example"}).status_code == 200
    assert browser.request("GET", "/sign-in", headers={"Host": "evil.example", "X-Forwarded-Host": "127.0.0.1:8000"}).status_code == 421


def test_with_a_public_name_only_that_name_is_answered(https_browser: Browser) -> None:
    """The scheme's default port may be left out or named; loopback names are no longer ours."""
    for host in ("bots.example.com", "Bots.Example.COM", "bots.example.com:443"):
        assert https_browser.request("GET", "/sign-in", headers={"Host": host}).status_code == 200, host
    for host in ("bots.example.com:80", "www.bots.example.com", "127.0.0.1:8000", "localhost"):
        assert https_browser.request("GET", "/sign-in", headers={"Host": host}).status_code == 421, host
