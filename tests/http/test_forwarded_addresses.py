"""Where a request comes from is the peer's word, or a trusted proxy's (ASVS 4.1.3, 15.3.4)."""

import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from tests.http.conftest import both_engines
from tests.http.raw_requests import SAME_ORIGIN, rows
from tests.support.browser import Browser
from tests.support.installation import PASSWORD, Installation, install
from xpressbot.entrypoints.http import client_address
from xpressbot.entrypoints.http.app import create_app
from xpressbot.foundation import networks

PROXY = "10.0.0.1"


@pytest.fixture
def proxied(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    """An installation that trusts the proxies of a network."""
    installation = install(tmp_path, database_url, trusted_proxies="10.0.0.0/8, fd00::/8")
    yield installation
    installation.close()


@pytest.fixture
def proxied_app(proxied: Installation) -> Starlette:
    return create_app(proxied.services)


def sign_in(browser: Browser, email: str, password: str, **headers: str) -> httpx.Response:
    fields = {"email": email, "password": password}
    sent = SAME_ORIGIN | {name.replace("_", "-"): value for name, value in headers.items()}
    return browser.request("POST", "/sign-in", headers=sent, data=fields)


def test_a_stranger_gets_no_further_tries_by_naming_other_addresses(installation: Installation, browser: Browser) -> None:
    """Whatever it forwards, 30 tries a minute count for the peer that speaks."""
    for number in range(30):
        forwarded = {
            "X_Forwarded_For": f"198.51.100.{number}",
            "Forwarded": f"for=198.51.100.{number}",
            "X_Real_IP": f"198.51.100.{number}",
        }
        assert sign_in(browser, f"somebody{number}@example.com", "wrong", **forwarded).status_code == 401
    response = sign_in(browser, "another@example.com", "wrong", X_Forwarded_For="198.51.100.99", X_Real_IP="198.51.100.99")
    assert response.status_code == 429
    assert "from your network" in response.text


def test_behind_a_trusted_proxy_each_client_has_tries_of_its_own(proxied_app: Starlette, proxied: Installation) -> None:
    """31 clients of one proxy: none is refused; the 31st try of one of them is."""
    browser = Browser(proxied_app, proxied.clock, address=PROXY)
    for number in range(31):
        assert sign_in(browser, f"somebody{number}@example.com", "wrong", X_Forwarded_For=f"198.51.100.{number}").status_code == 401
    for number in range(29):
        assert sign_in(browser, f"other{number}@example.com", "wrong", X_Forwarded_For="198.51.100.7").status_code == 401
    assert sign_in(browser, "last@example.com", "wrong", X_Forwarded_For="203.0.113.1, 198.51.100.7").status_code == 429


@pytest.mark.parametrize(
    ("peer", "forwarded", "recorded"),
    [
        (PROXY, "198.51.100.7", "198.51.100.7"),
        (PROXY, "203.0.113.66, 198.51.100.7", "198.51.100.7"),
        (PROXY, "198.51.100.7, 10.2.3.4, 10.9.9.9", "198.51.100.7"),
        (PROXY, "2001:db8::7", "2001:db8::7"),
        ("fd00::1", "198.51.100.7", "198.51.100.7"),
        ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
        (PROXY, "10.0.0.9", "10.0.0.9"),
        (PROXY, "", PROXY),
        (PROXY, " , ,", PROXY),
        (PROXY, "unknown", PROXY),
        (PROXY, "198.51.100.7:4711", "198.51.100.7"),
        (PROXY, '"198.51.100.7:4711"', "198.51.100.7"),
        (PROXY, '"198.51.100.7"', "198.51.100.7"),
        (PROXY, "[2001:db8::7]", "2001:db8::7"),
        (PROXY, "[2001:DB8::7]:443", "2001:db8::7"),
        (PROXY, '"[2001:db8::7]:443"', "2001:db8::7"),
        (PROXY, "2001:db8:0:0::7", "2001:db8::7"),
        (PROXY, "::ffff:198.51.100.7", "198.51.100.7"),
        (PROXY, "[::ffff:198.51.100.7]:443", "198.51.100.7"),
        (PROXY, "203.0.113.66:1, 198.51.100.7:2, 10.2.3.4:3", "198.51.100.7"),
        (PROXY, "203.0.113.66, [2001:db8::7]:1, [fd00::2]:443", "2001:db8::7"),
        (PROXY, "_hidden", PROXY),
        (PROXY, "198.51.100.7:", PROXY),
        (PROXY, "198.51.100.7:_port", PROXY),
        (PROXY, "198.51.100.7:123456", PROXY),
        (PROXY, "[198.51.100.7]:80", PROXY),
        (PROXY, "[2001:db8::7", PROXY),
        (PROXY, "2001:db8::7]:443", PROXY),
        (PROXY, "[2001:db8::7%eth0]:443", PROXY),
        (PROXY, '"198.51.100.7', PROXY),
        (PROXY, '"', PROXY),
        (PROXY, "<script>alert(1)</script>", PROXY),
        (PROXY, "198.51.100.7, evil", PROXY),
        (PROXY, "2001:db8::7%<b>bold", PROXY),
        ("fe80::1%eth0", "198.51.100.7", "fe80::1%eth0"),
        (PROXY, "1" * 4000, PROXY),
        ("192.0.2.7", "198.51.100.7", "192.0.2.7"),
        ("192.0.2.7", "10.0.0.1", "192.0.2.7"),
        ("11.0.0.1", "198.51.100.7", "11.0.0.1"),
    ],
)
def test_the_address_on_record_is_the_nearest_that_is_no_trusted_proxy(
    peer: str, forwarded: str, recorded: str, proxied_app: Starlette, proxied: Installation
) -> None:
    """What a client claims before the first trusted hop is not believed; what is no address is not repeated."""
    proxied.add_account()
    browser = Browser(proxied_app, proxied.clock, address=peer)
    assert sign_in(browser, "anna@example.com", PASSWORD, X_Forwarded_For=forwarded).status_code == 303
    assert [row["address"] for row in rows(proxied, "session")] == [recorded]
    assert recorded in browser.get("/").text


@pytest.mark.parametrize(
    ("lines", "recorded"),
    [
        (["203.0.113.66", "198.51.100.7"], "198.51.100.7"),
        (["203.0.113.66, 203.0.113.67", "198.51.100.7"], "198.51.100.7"),
        (["203.0.113.66", "198.51.100.7, 10.2.3.4"], "198.51.100.7"),
        (["203.0.113.66", "198.51.100.7", "10.2.3.4"], "198.51.100.7"),
        (["198.51.100.7", ""], "198.51.100.7"),
        (["203.0.113.66", "evil"], PROXY),
    ],
)
def test_a_line_that_the_proxy_adds_counts_before_one_that_the_client_sent(
    lines: list[str], recorded: str, proxied_app: Starlette, proxied: Installation
) -> None:
    """Several header lines are one list in their order: a proxy may append a line of its own to the client's."""
    proxied.add_account()
    browser = Browser(proxied_app, proxied.clock, address=PROXY)
    assert sign_in_through(browser, lines, "anna@example.com", PASSWORD).status_code == 303
    assert [row["address"] for row in rows(proxied, "session")] == [recorded]


@both_engines
@pytest.mark.parametrize("spelling", ["198.51.100.{}:4711", "[2001:db8:{}::7]", "[2001:db8:{}::7]:4711", '"198.51.100.{}:4711"'])
def test_clients_that_are_named_with_a_port_or_in_brackets_have_tries_of_their_own(
    spelling: str, proxied_app: Starlette, proxied: Installation
) -> None:
    """As gateways of Azure and IIS name them: 31 people are not one, and one with another port each time is not 31."""
    browser = Browser(proxied_app, proxied.clock, address=PROXY)
    for number in range(31):
        assert sign_in(browser, f"somebody{number}@example.com", "wrong", X_Forwarded_For=spelling.format(number)).status_code == 401
    for number in range(29):
        other_port = spelling.format(7).replace("4711", f"{number + 1}")
        assert sign_in(browser, f"other{number}@example.com", "wrong", X_Forwarded_For=other_port).status_code == 401
    assert sign_in(browser, "last@example.com", "wrong", X_Forwarded_For=spelling.format(7)).status_code == 429


def test_the_work_for_one_request_is_bounded(proxied_app: Starlette, proxied: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 10,000 entries the nearest few are read; were they all trusted proxies, the last of those that were read counts."""
    proxied.add_account()
    read: list[str] = []

    def noted(text: str) -> networks.Address | None:
        read.append(text)
        return networks.parsed_endpoint(text)

    monkeypatch.setattr(client_address, "parsed_endpoint", noted)
    browser = Browser(proxied_app, proxied.clock, address=PROXY)
    entries = ["203.0.113.66"] + ["10.1.1.1"] * 9_999
    assert sign_in(browser, "anna@example.com", PASSWORD, X_Forwarded_For=", ".join(entries)).status_code == 303
    assert [row["address"] for row in rows(proxied, "session")] == ["10.1.1.1"]
    assert 0 < len(read) <= 2 * client_address.MOST_HOPS


def test_no_line_of_the_clients_own_gives_it_further_tries(proxied_app: Starlette, proxied: Installation) -> None:
    """Another address in it with each try: the network's 30 a minute count for the one that the proxy saw."""
    browser = Browser(proxied_app, proxied.clock, address=PROXY)
    for number in range(30):
        lines = [f"203.0.113.{number}", "198.51.100.7"]
        assert sign_in_through(browser, lines, f"somebody{number}@example.com", "wrong").status_code == 401
    assert sign_in_through(browser, ["203.0.113.99", "198.51.100.7"], "another@example.com", "wrong").status_code == 429
    assert sign_in_through(browser, ["203.0.113.99", "198.51.100.8"], "another@example.com", "wrong").status_code == 401


def sign_in_through(browser: Browser, forwarded: list[str], email: str, password: str) -> httpx.Response:
    """Sign in with several X-Forwarded-For lines, as they arrive."""
    headers = [*SAME_ORIGIN.items(), *(("X-Forwarded-For", line) for line in forwarded)]
    return browser.request("POST", "/sign-in", headers=headers, data={"email": email, "password": password})


def test_headers_that_name_a_person_or_a_scheme_are_not_read(proxied_app: Starlette, proxied: Installation) -> None:
    """Not even from a trusted proxy: identity comes from the session cookie alone."""
    account = proxied.add_account()
    browser = Browser(proxied_app, proxied.clock, address=PROXY)
    claims = {"X-User-Id": account.id, "X-Forwarded-User": account.email, "Remote-User": account.email, "X-Original-URL": "/account"}
    credentials = [{"Authorization": "Basic YW5uYUBleGFtcGxlLmNvbTpwdw=="}, {"Authorization": f"Bearer {PASSWORD}"}, claims]
    for headers in credentials:
        assert browser.request("GET", "/api/v1/session", headers=headers).status_code == 401
        assert browser.request("GET", "/account", headers=headers).headers["location"] == "/sign-in?next=/account"
    response = browser.request(
        "POST", "/sign-in", headers=SAME_ORIGIN | {"X-Forwarded-Proto": "https"}, data={"email": account.email, "password": PASSWORD}
    )
    assert "Secure" not in response.headers["set-cookie"]


def test_long_text_is_no_address_and_is_not_kept() -> None:
    """A Host of 60 KB that anybody sends is forgotten with its request."""
    text = "1" * 60_000
    references = sys.getrefcount(text)
    assert {networks.parsed_address(text), networks.parsed_endpoint(text)} == {None}
    assert sys.getrefcount(text) == references
