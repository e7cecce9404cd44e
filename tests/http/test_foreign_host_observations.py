"""A proxy that does not pass the Host header on is told of, to the operator, and no other installation's host is told to anybody."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from markupsafe import escape

from tests.http.conftest import PUBLIC_URL, both_engines
from tests.http.proxy_observations import observations, writes
from tests.http.raw_requests import rows, words
from tests.support.browser import Browser
from tests.support.installation import Installation, install
from xpressbot.entrypoints.http.app import create_app

PROXY = "172.18.0.2"
FORWARDED = {"X-Forwarded-For": "203.0.113.66"}
At = Callable[..., Browser]


@pytest.fixture
def proxied(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    """An installation with a public name, behind a proxy."""
    installation = install(tmp_path, database_url, public_url=PUBLIC_URL, trusted_proxies="172.18.0.0/16")
    yield installation
    installation.close()


@pytest.fixture
def at(proxied: Installation) -> At:
    """Makes browsers whose requests arrive from an address, for a URL."""
    app = create_app(proxied.services)
    return lambda address=PROXY, url=PUBLIC_URL: Browser(app, proxied.clock, address=address, url=url)


@both_engines
@pytest.mark.parametrize("peer", [PROXY, "127.0.0.1", "::1", "::ffff:172.18.0.2"])
def test_the_host_that_a_proxy_asks_for_is_noted(peer: str, at: At, proxied: Installation) -> None:
    """With the peer and the time: nginx without `proxy_set_header Host` asks for the place where it finds us."""
    assert at(peer, "http://xpressbot:8000").request("GET", "/sign-in").status_code == 421
    (row,) = observations(proxied)
    assert row == {"kind": "foreign_host", "detail": {"peer": peer, "host": "xpressbot:8000"}, "at": proxied.clock.now()}


@pytest.mark.parametrize("peer", ["192.0.2.7", "172.19.0.2", "", "testclient"])
def test_of_strangers_no_host_is_noted(peer: str, at: At, proxied: Installation) -> None:
    """Anybody may ask for anything."""
    assert at(peer, "http://elsewhere.example.com").request("GET", "/").status_code == 421
    assert observations(proxied) == []


@pytest.mark.parametrize("host", ["x" * 5000, "<script>alert(1)</script>", "a\x85\x9bb", "caf\xe9", '"', "a b"])
def test_what_is_noted_of_a_host_is_short_and_printable(host: str, at: At, proxied: Installation) -> None:
    """Whatever a client behind the proxy has typed."""
    assert at().request("GET", "/", headers={"Host": host.encode("latin-1")}).status_code == 421
    (row,) = observations(proxied)
    detail = row["detail"]
    assert isinstance(detail, dict)
    noted = detail["host"]
    assert noted.isprintable()
    assert len(noted) <= 4 * 128
    assert noted == host[:128].replace("\x85\x9b", r"\x85\x9b")


def test_a_flood_of_hosts_writes_once_a_minute(at: At, proxied: Installation) -> None:
    """A hundred requests, one write; a minute later the next."""
    proxy = at()
    with writes(proxied) as seen:
        for number in range(100):
            proxy.request("GET", "/", headers={"Host": f"host{number}.example"})
        assert len(seen) == 1
        proxied.clock.advance(minutes=1)
        proxy.request("GET", "/", headers={"Host": "another.example"})
        assert len(seen) == 2


@both_engines
def test_a_proxy_that_passes_the_host_on_is_never_suspected(at: At, proxied: Installation) -> None:
    """Strangers ask by address, and for other names, through a proxy that does nothing wrong."""
    assert at().request("GET", "/sign-in", headers=FORWARDED).status_code == 200
    for host in ("203.0.113.1", "evil.example"):
        assert at().request("GET", "/sign-in", headers=FORWARDED | {"Host": host}).status_code == 421
    assert observations(proxied) == []


@both_engines
def test_the_note_goes_once_the_proxy_passes_the_host_on(at: At, proxied: Installation) -> None:
    """By the first request for us that comes through it. What another peer asks for changes nothing of it."""
    at().request("GET", "/", headers={"Host": "xpressbot:8000"})
    at("172.18.0.3").request("GET", "/sign-in", headers=FORWARDED)
    assert [row["kind"] for row in rows(proxied, "observation")] == ["foreign_host"]
    at().request("GET", "/sign-in", headers=FORWARDED)
    assert observations(proxied) == []


def test_a_probe_by_another_name_does_not_show_that_the_host_is_passed_on(at: At, proxied: Installation) -> None:
    """/healthz is answered by any name, and so tells nothing of the proxy."""
    assert at().request("GET", "/healthz", headers={"Host": "xpressbot:8000"}).status_code == 200
    assert at().request("GET", "/", headers={"Host": "xpressbot:8000"}).status_code == 421
    assert [row["kind"] for row in observations(proxied)] == ["foreign_host"]


def test_the_page_names_the_host_that_was_asked_for_and_what_to_do(at: At) -> None:
    """An operator who has set up the proxy a minute ago looks at this page first."""
    page = at(url="http://xpressbot:8000").request("GET", "/").text
    assert "Asked for: xpressbot:8000." in words(page)
    assert "let your proxy pass the Host header as the browser sent it, or set XPRESSBOT_PUBLIC_URL" in words(page)


def test_a_request_without_a_host_is_told_so(at: At) -> None:
    """HTTP/1.0, or an empty header."""
    assert "The request names no host." in words(at().request("GET", "/", headers={"Host": ""}).text)


@pytest.mark.parametrize("host", ["<script>alert(1)</script>", '"><img src=x>', "x" * 5000])
def test_a_hostile_host_is_text_on_the_page(host: str, at: At) -> None:
    """Escaped, and no longer than a name can be."""
    answer = at().request("GET", "/", headers={"Host": host})
    page = answer.text
    assert (answer.status_code, host in page) == (421, False)
    assert str(escape(host[:128])) in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "x" * 129 not in page


def test_who_asks_for_another_host_is_told_nothing_of_ours(at: At, proxied: Installation) -> None:
    """Neither page nor headers name the public host, and the API names no host at all."""
    proxied.add_account()
    for path in ("/", "/sign-in", "/api/v1/session", "/static/style.css", "/nowhere"):
        answer = at("192.0.2.7", "http://192.0.2.1").request("GET", path, headers={"Cookie": "__Host-xpressbot-session=x"})
        assert answer.status_code == 421
        assert "bots.example.com" not in answer.text + str(answer.headers)


def test_other_error_pages_say_nothing_of_hosts(browser: Browser) -> None:
    """The advice belongs to this one refusal."""
    page = browser.request("GET", "/nowhere").text
    assert "Asked for" not in page
    assert "XPRESSBOT_PUBLIC_URL" not in page
