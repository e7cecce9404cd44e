"""A proxy that no setting named, or that names no client, is told of: a row each, a write a minute; no request waits or fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from starlette.applications import Starlette

from tests.http.conftest import both_engines
from tests.http.proxy_observations import observations, writes
from tests.http.raw_requests import SAME_ORIGIN, rows
from tests.support.browser import Browser
from tests.support.busy import held
from tests.support.databases import SqliteTemplate
from tests.support.installation import Installation, install
from tests.support.settable_loop import ALIVE, Served, with_server
from xpressbot.entrypoints.http.app import create_app

FORWARDED = {"X-Forwarded-For": "203.0.113.66"}


@both_engines
def test_a_header_of_a_peer_that_is_not_trusted_is_noted(app: Starlette, installation: Installation) -> None:
    """With the peer, the header's name and the time; not with what it claims, which is anybody's text."""
    assert Browser(app, installation.clock, address="172.18.0.2").request("GET", "/healthz", headers=FORWARDED).text == "ok"
    assert observations(installation) == [
        {"kind": "forwarded_header", "detail": {"peer": "172.18.0.2", "header": "x-forwarded-for"}, "at": installation.clock.now()}
    ]


@both_engines
def test_the_newest_sighting_takes_the_place_of_the_one_before(app: Starlette, installation: Installation) -> None:
    """One row, whichever client comes."""
    for number in (1, 2):
        Browser(app, installation.clock, address=f"172.18.0.{number}").request("GET", "/healthz", headers=FORWARDED)
        installation.clock.advance(minutes=1)
    (row,) = observations(installation)
    assert row["detail"] == {"peer": "172.18.0.2", "header": "x-forwarded-for"}


@pytest.mark.parametrize("header", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP"])
def test_every_way_to_say_where_a_request_comes_from_is_noticed(app: Starlette, installation: Installation, header: str) -> None:
    """Also from this machine: without a named proxy, 127.0.0.1 is none; and also when the request is refused."""
    stranger = Browser(app, installation.clock, address="127.0.0.1", url="http://elsewhere.example.com")
    assert stranger.request("GET", "/", headers={header: "for=x"}).status_code == 421
    assert {"peer": "127.0.0.1", "header": header.lower()} in [row["detail"] for row in observations(installation)]


def test_nothing_is_noted_without_a_header_or_of_a_trusted_proxy(tmp_path: Path, sqlite_template: SqliteTemplate) -> None:
    """Neither is worth a word."""
    proxied = install(tmp_path, sqlite_template.fresh(tmp_path), trusted_proxies="172.18.0.0/16")
    app = create_app(proxied.services)
    for address, headers in (("192.0.2.7", {}), ("172.18.0.2", FORWARDED), ("::ffff:172.18.0.2", FORWARDED)):
        assert Browser(app, proxied.clock, address=address).request("GET", "/healthz", headers=headers).text == "ok"
    assert observations(proxied) == []
    proxied.close()


def test_a_flood_of_headers_writes_once_a_minute(browser: Browser, installation: Installation) -> None:
    """A hundred requests, one write; a minute later the next. A clock that was set back delays none for ever."""
    with writes(installation) as seen:
        for _request in range(100):
            assert browser.request("GET", "/healthz", headers=FORWARDED).status_code == 200
        assert len(seen) == 1
        installation.clock.advance(minutes=1)
        browser.request("GET", "/healthz", headers=FORWARDED)
        assert len(seen) == 2
        installation.clock.advance(hours=-1)
        browser.request("GET", "/healthz", headers=FORWARDED)
        assert len(seen) == 3


def test_a_note_that_cannot_be_written_harms_no_request(browser: Browser, installation: Installation) -> None:
    """The table gone: the sign-in page comes all the same, and the next note is tried a minute later."""
    with installation.services.database.write() as connection:
        connection.execute(text("DROP TABLE observation"))
        connection.commit()
    with writes(installation) as seen:
        for number in (1, 2):
            assert browser.request("GET", "/sign-in", headers=FORWARDED).status_code == 200
            assert len(seen) == number
            installation.clock.advance(minutes=1)


def test_an_answer_does_not_wait_for_the_note(app: Starlette, installation: Installation) -> None:
    """It comes while no thread is free to write."""

    async def story(served: Served) -> None:
        async with held(installation.services.pools.job):
            assert await served.ask(ALIVE.replace(b"Host", b"X-Forwarded-For: 192.0.2.1\r\nHost")) == 200
            assert observations(installation) == []

    with_server(app, story)
    assert {row["kind"] for row in observations(installation)} == {"forwarded_header"}


@pytest.fixture
def proxied(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    """An installation that trusts the proxies of a network."""
    installation = install(tmp_path, database_url, trusted_proxies="172.18.0.0/16")
    yield installation
    installation.close()


@both_engines
@pytest.mark.parametrize("value", ["unknown", "_hidden", "203.0.113.66:_port", "<b>", "172.18.0.9, evil", "x" * 5000, "caf\xe9\x85"])
def test_a_trusted_proxy_that_names_no_client_is_noted(value: str, proxied: Installation) -> None:
    """With what it says instead, cut and printable: all clients count as this proxy, and the operator can look up why."""
    browser = Browser(create_app(proxied.services), proxied.clock, address="172.18.0.2")
    assert browser.request("GET", "/healthz", headers={"X-Forwarded-For": value.encode("latin-1")}).text == "ok"
    (row,) = observations(proxied)
    said = value.rpartition(", ")[2].replace("\x85", "").strip()
    assert (row["kind"], row["at"]) == ("client_not_named", proxied.clock.now())
    assert row["detail"] == {"peer": "172.18.0.2", "value": said[:128]}


@pytest.mark.parametrize("headers", [{}, {"X-Forwarded-For": ""}, {"X-Forwarded-For": " , ,"}, {"Forwarded": "for=203.0.113.66"}])
def test_a_form_that_a_trusted_proxy_hands_on_for_no_client_is_noted(headers: dict[str, str], proxied: Installation) -> None:
    """A proxy that asks whether we are alive asks for itself, by GET. `Forwarded` is read from no proxy."""
    browser = Browser(create_app(proxied.services), proxied.clock, address="172.18.0.2")
    assert browser.request("GET", "/sign-in", headers=headers).status_code == 200
    assert not rows(proxied, "observation")
    assert browser.request("POST", "/sign-in", headers=SAME_ORIGIN | headers, data={"email": "a@example.com"}).status_code == 422
    assert [(row["kind"], row["detail"]) for row in observations(proxied)] == [("client_not_named", {"peer": "172.18.0.2", "value": ""})]


def test_a_flood_of_unreadable_entries_writes_once_a_minute(proxied: Installation) -> None:
    """Each kind of note has a minute of its own: one does not hide another."""
    app = create_app(proxied.services)
    proxy, stranger = (Browser(app, proxied.clock, address=address) for address in ("172.18.0.2", "192.0.2.7"))
    with writes(proxied) as seen:
        for number in range(100):
            proxy.request("GET", "/healthz", headers={"X-Forwarded-For": f"unknown{number}", "Host": "probe"})
        assert len(seen) == 1
        stranger.request("GET", "/healthz", headers=FORWARDED)
        assert len(seen) == 2
        proxied.clock.advance(minutes=1)
        proxy.request("GET", "/healthz", headers={"X-Forwarded-For": "unknown", "Host": "probe"})
        assert len(seen) == 3


def test_a_stranger_cannot_have_it_noted_that_a_client_has_no_name(app: Starlette, installation: Installation) -> None:
    """Only the header's name is kept of what a peer brings that is not trusted."""
    Browser(app, installation.clock).request("GET", "/healthz", headers={"X-Forwarded-For": "unknown"})
    assert [row["kind"] for row in observations(installation)] == ["forwarded_header"]
