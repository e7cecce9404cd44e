"""A proxy that nobody named is told of: one row, at most one write a minute, and no request waits for it or fails with it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from tests.http.conftest import both_engines
from tests.http.sending import rows
from tests.support.browser import Browser
from tests.support.databases import SqliteTemplate
from tests.support.events import listening
from tests.support.installation import Installation, install
from xpressbot.entrypoints.http.app import create_app

FORWARDED = {"X-Forwarded-For": "203.0.113.66"}
_PATIENCE_SECONDS = 20


def observations(installation: Installation) -> list[dict[str, object]]:
    """What has been noted, once no thread is busy with it."""
    installation.house.pools.page.close()
    return [dict(row) | {"detail": json.loads(row["detail"])} for row in rows(installation, "observation")]


@contextmanager
def writes(installation: Installation) -> Iterator[Callable[[int], list[str]]]:
    """The statements that reach the table; called with a number, it waits for that many."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "observation" in statement:
            seen.append(statement)

    def so_many(number: int) -> list[str]:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while len(seen) < number and time.monotonic() < deadline:
            time.sleep(0.001)
        return seen

    with listening(installation.house.database, "before_cursor_execute", note):
        yield so_many


@both_engines
def test_a_header_of_a_peer_that_is_not_trusted_is_noted(app: FastAPI, installation: Installation) -> None:
    """With the peer, the header's name and the time; not with what it claims, which is anybody's text."""
    assert Browser(app, installation.clock, address="172.18.0.2").request("GET", "/healthz", headers=FORWARDED).text == "ok"
    assert observations(installation) == [
        {"kind": "forwarded_header", "detail": {"peer": "172.18.0.2", "header": "x-forwarded-for"}, "at": installation.clock.now()}
    ]


@both_engines
def test_the_newest_sighting_takes_the_place_of_the_one_before(app: FastAPI, installation: Installation) -> None:
    """One row, whoever comes."""
    with writes(installation) as so_many:
        for number in (1, 2):
            Browser(app, installation.clock, address=f"172.18.0.{number}").request("GET", "/healthz", headers=FORWARDED)
            so_many(number)
            installation.clock.advance(minutes=1)
    (row,) = observations(installation)
    assert row["detail"] == {"peer": "172.18.0.2", "header": "x-forwarded-for"}


@pytest.mark.parametrize("header", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP"])
def test_every_way_to_say_where_a_request_comes_from_is_noticed(app: FastAPI, installation: Installation, header: str) -> None:
    """Also from this machine: without a named proxy, 127.0.0.1 is none; and also when the request is refused."""
    stranger = Browser(app, installation.clock, address="127.0.0.1", url="http://elsewhere.example.com")
    assert stranger.request("GET", "/", headers={header: "for=x"}).status_code == 421
    assert [row["detail"] for row in observations(installation)] == [{"peer": "127.0.0.1", "header": header.lower()}]


def test_nothing_is_noted_without_a_header_or_of_a_trusted_proxy(tmp_path: Path, sqlite_template: SqliteTemplate) -> None:
    """Neither is worth a word."""
    proxied = install(tmp_path, sqlite_template.fresh(tmp_path), trusted_proxies="172.18.0.0/16")
    app = create_app(proxied.house)
    for address, headers in (("192.0.2.7", {}), ("172.18.0.2", FORWARDED), ("::ffff:172.18.0.2", FORWARDED)):
        assert Browser(app, proxied.clock, address=address).request("GET", "/healthz", headers=headers).text == "ok"
    assert observations(proxied) == []
    proxied.close()


def test_a_flood_of_headers_writes_once_a_minute(browser: Browser, installation: Installation) -> None:
    """A hundred requests, one write; a minute later the next. A clock that was set back delays none for ever."""
    with writes(installation) as so_many:
        for _request in range(100):
            assert browser.request("GET", "/healthz", headers=FORWARDED).status_code == 200
        assert len(so_many(1)) == 1
        installation.clock.advance(minutes=1)
        browser.request("GET", "/healthz", headers=FORWARDED)
        assert len(so_many(2)) == 2
        installation.clock.advance(hours=-1)
        browser.request("GET", "/healthz", headers=FORWARDED)
        assert len(so_many(3)) == 3
        installation.house.pools.page.close()
        assert len(so_many(3)) == 3


def test_a_note_that_cannot_be_written_harms_no_request(browser: Browser, installation: Installation) -> None:
    """The table gone: the sign-in page comes all the same, and the next note is tried a minute later."""
    with installation.house.database.write() as connection:
        connection.execute(text("DROP TABLE observation"))
        connection.commit()
    with writes(installation) as so_many:
        for number in (1, 2):
            assert browser.request("GET", "/sign-in", headers=FORWARDED).status_code == 200
            assert len(so_many(number)) == number
            installation.clock.advance(minutes=1)


def test_a_request_during_the_shutdown_is_answered(browser: Browser, installation: Installation) -> None:
    """When the threads take no more work, the note is lost and nothing else."""
    installation.house.pools.page.close()
    assert browser.request("GET", "/healthz", headers=FORWARDED).text == "ok"
