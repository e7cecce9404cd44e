"""Who may read /metrics: this machine, and networks that are set; a client that a proxy forwards is judged by where it stands."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from tests.support.browser import Browser
from tests.support.databases import SqliteTemplate
from tests.support.installation import Installation, install
from xpressbot.entrypoints.http.app import create_app

Ask = Callable[..., int]


@pytest.fixture
def proxied(tmp_path: Path, sqlite_template: SqliteTemplate) -> Iterator[Installation]:
    """A proxy on this machine, one in a network, and Prometheus in another."""
    directory = tmp_path / "proxied"
    directory.mkdir()
    installation = install(
        directory,
        sqlite_template.fresh(directory),
        trusted_proxies="127.0.0.1/32,10.0.0.0/8",
        metrics_from="198.51.100.0/24, 2001:db8::/32",
    )
    yield installation
    installation.close()


def asking(app: Starlette, installation: Installation, peer: str, headers: dict[str, str]) -> int:
    """The status for a request from a peer."""
    return Browser(app, installation.clock, address=peer).request("GET", "/metrics", headers=headers).status_code


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("127.9.9.9", {}, 200),
        ("::1", {}, 200),
        ("::ffff:127.0.0.1", {}, 200),
        ("192.0.2.7", {}, 404),
        ("10.0.0.1", {}, 404),
        ("::ffff:192.0.2.7", {}, 404),
        ("", {}, 404),
        ("testclient", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 404),
        ("127.0.0.1", {"X-Forwarded-For": ""}, 404),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, 404),
        ("127.0.0.1", {"X-Real-IP": "127.0.0.1"}, 404),
        ("127.0.0.1", {"X-Forwarded-Proto": "https"}, 404),
        ("127.0.0.1", {"X-Forwarded-Host": "chat.example.com"}, 404),
        ("192.0.2.7", {"X-Forwarded-For": "127.0.0.1"}, 404),
    ],
)
def test_by_default_only_this_machine_reads_and_only_directly(
    peer: str, headers: dict[str, str], status: int, app: Starlette, installation: Installation
) -> None:
    """A header that a proxy adds shows that another client may stand behind it."""
    assert asking(app, installation, peer, headers) == status


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("198.51.100.7", {}, 200),
        ("::ffff:198.51.100.7", {}, 200),
        ("2001:db8::7", {}, 200),
        ("10.0.0.1", {}, 404),
        ("192.0.2.7", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "198.51.100.7"}, 200),
        ("10.0.0.1", {"X-Forwarded-For": "198.51.100.7"}, 200),
        ("10.0.0.1", {"X-Forwarded-For": "198.51.100.7, 10.0.0.2"}, 200),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "198.51.100.7, 192.0.2.7"}, 404),
        ("10.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "unknown"}, 404),
        ("127.0.0.1", {"X-Forwarded-For": ""}, 404),
        ("127.0.0.1", {"X-Forwarded-Proto": "https"}, 404),
        ("127.0.0.1", {"Forwarded": "for=198.51.100.7"}, 404),
        ("198.51.100.7", {"X-Forwarded-For": "198.51.100.7"}, 404),
        ("192.0.2.7", {"X-Forwarded-For": "198.51.100.7"}, 404),
    ],
)
def test_behind_a_trusted_proxy_it_depends_on_the_client(peer: str, headers: dict[str, str], status: int, proxied: Installation) -> None:
    """The one that the proxy names. If it names no client, or is not trusted, it may be anybody."""
    assert asking(create_app(proxied.services), proxied, peer, headers) == status


def test_a_client_that_may_not_read_it_is_told_what_any_unknown_path_tells(browser: Browser) -> None:
    """The same page."""
    refused, unknown = browser.get("/metrics"), browser.get("/nowhere")
    assert (refused.status_code, refused.text) == (unknown.status_code, unknown.text)


def test_no_session_opens_it(signed_in: Browser) -> None:
    """Not even the owner's: it is for programs of the operator."""
    assert signed_in.get("/metrics").status_code == 404
