"""SQLite cannot write: people go on reading, changes say why they fail, no one gets in, and it is over once there is room."""

import logging
import resource
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from sqlalchemy import event
from starlette.applications import Starlette
from structlog.testing import capture_logs

from tests.http.raw_requests import contents, set_cookies, words
from tests.support.browser import Browser
from tests.support.child_processes import fork, wait
from tests.support.event_chain import broken_at
from tests.support.installation import Installation, install
from xpressbot.entrypoints.http.app import create_app
from xpressbot.entrypoints.http.factors.registry import FACTOR_PAGES, FACTORS
from xpressbot.entrypoints.http.pages import all_pages
from xpressbot.foundation.database.errors import DatabaseFault

PAGES = all_pages(FACTORS, FACTOR_PAGES)

READ = ["/api/v1/session", *(page.path for page in PAGES if page.is_destination)]
MOST_UNTIL_FULL = 80
Content = dict[str, list[Mapping[str, Any]]]


@contextmanager
def no_page_is_left(installation: Installation) -> Iterator[None]:
    """SQLITE_FULL by SQLite's own count: the database may not grow, though what is free in it may be used."""
    engine = installation.services.database.engine

    def keep_size(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # not less than there are

    event.listen(engine, "connect", keep_size)
    installation.services.database.dispose()
    try:
        yield
    finally:
        event.remove(engine, "connect", keep_size)
        installation.services.database.dispose()


@contextmanager
def no_file_may_grow(installation: Installation) -> Iterator[None]:
    """The system refuses each byte that would make a file longer, as a quota does: first of all the write-ahead log's."""
    installation.services.database.dispose()  # its log begins anew
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))  # the index of the log has 32 KiB, and it can be read only with that
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def read_only(installation: Installation) -> Iterator[None]:
    """SQLITE_READONLY, as on a file system that was mounted so after a fault."""
    engine = installation.services.database.engine

    def refuse(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA query_only = ON")

    event.listen(engine, "connect", refuse)
    installation.services.database.dispose()
    try:
        yield
    finally:
        event.remove(engine, "connect", refuse)
        installation.services.database.dispose()


WEATHERS = {
    "no page is left": (no_page_is_left, DatabaseFault.DISK_FULL),
    "no file may grow": (no_file_may_grow, DatabaseFault.DISK_FAULT),
    "read-only": (read_only, DatabaseFault.READ_ONLY),
}


@pytest.mark.parametrize("name", WEATHERS)
def test_reads_go_on_and_writes_say_so(name: str, tmp_path: Path, database_url: str) -> None:
    """In a process of its own: what limits its files must not limit those of the tests."""

    def work() -> int:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
        installation = install(tmp_path, database_url)
        tell(installation, name)
        installation.close()
        return 0

    assert wait(fork(work)) == 0


def tell(installation: Installation, name: str) -> None:
    """Anna has 2FA on and is in the middle of another sign-in; Peter has none."""
    weather, fault = WEATHERS[name]
    app = create_app(installation.services)
    anna, pending, peter = (Browser(app, installation.clock) for _one in range(3))
    accounts = [installation.add_account(), installation.add_account("peter@example.com", "Peter")]
    assert anna.sign_in().headers["location"] == "/"
    phone = anna.enable_2fa()
    assert anna.post("/account/2fa/recovery-codes/continue").status_code == 303
    assert peter.sign_in("peter@example.com").headers["location"] == "/"
    assert pending.sign_in().headers["location"] == "/sign-in/code"
    fair = {path: anna.get(path).status_code for path in READ}
    with weather(installation):
        fill(app, installation, fault)
        installation.clock.advance(minutes=2)  # the last use of each session is due to be written
        assert {path: anna.get(path).status_code for path in READ} == fair
        assert peter.who() is not None
        code = phone.code()
        is_in = is_done(installation, pending, "/sign-in/code", fault, code=code)
        assert (pending.who() is not None) is is_in
        is_done(installation, peter, "/account/2fa/start", fault)
        if fault is DatabaseFault.READ_ONLY:
            assert not is_in
            assert not is_done(installation, anna, "/sign-out", fault)
        assert anna.who() is not None
    if not is_in:
        assert pending.post("/sign-in/code", code=code).headers["location"] == "/"
    assert peter.sign_in("peter@example.com").headers["location"] == "/"
    assert [broken_at(installation.services, account.id) for account in accounts] == [None, None]


def fill(app: Starlette, installation: Installation, fault: DatabaseFault) -> None:
    """Sign in until that is refused. Each time a person is wholly in, or not at all."""
    for _one in range(MOST_UNTIL_FULL):
        installation.clock.advance(seconds=3)  # else there are too many tries from one address
        browser, before = Browser(app, installation.clock), contents(installation)
        with capture_logs() as lines:
            response = browser.sign_in("peter@example.com")
        if response.status_code == 503:
            assert_says_so(response, lines, fault)
            assert_only_counted(before, contents(installation))
            return
        assert response.headers["location"] == "/"
        assert browser.who() is not None
    pytest.fail("there was always room")


def is_done(installation: Installation, browser: Browser, path: str, fault: DatabaseFault, **fields: str) -> bool:
    """Whether there was still room for it. If not, it was refused, in the middle of whatever there was room for."""
    before = contents(installation)
    with capture_logs() as lines:
        response = browser.post(path, fields)
    if response.status_code == 303:
        return True
    assert_says_so(response, lines, fault)
    assert_only_counted(before, contents(installation))
    return False


def assert_only_counted(before: Content, after: Content) -> None:
    """Nothing is different from before, but that a try may be counted."""
    assert {table for table in before if before[table] != after[table]} <= {"throttle_bucket"}


def assert_says_so(response: httpx.Response, lines: Sequence[Mapping[str, object]], fault: DatabaseFault) -> None:
    """To the person, and to the operator."""
    assert (response.status_code, response.headers["retry-after"], set_cookies(response)) == (503, "60", {})
    assert "cannot write to its disk, so nothing was changed" in words(response.text)
    assert [line["reason"] for line in lines if line["event"] == "http.database_unavailable"] == [fault]
