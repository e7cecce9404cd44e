"""Periodic jobs: they run in time although no request asks for them, and whatever went wrong the time before."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from tests.http.raw_requests import rows
from tests.support.browser import Browser
from tests.support.busy import held
from tests.support.databases import SqliteTemplate
from tests.support.engine_events import listening
from tests.support.installation import Installation, install
from tests.support.many_accounts import add_expired_rows
from xpressbot.entrypoints import jobs
from xpressbot.entrypoints.http.app import create_app

_TIMEOUT_SECONDS = 60
FAULTS = {
    "the database is away": OperationalError("DELETE", {}, sqlite3.OperationalError("disk I/O error")),
    "something unexpected": RuntimeError("not thought of"),
}


@pytest.fixture
def abandoned(tmp_path: Path, sqlite_template: SqliteTemplate) -> Iterator[Installation]:
    """Codes may be shown once, and Anna's were shown so long ago that their copies have to go."""
    installation = install(tmp_path, sqlite_template.fresh(tmp_path), recovery_codes_viewable=False)
    installation.add_account()
    browser = Browser(create_app(installation.services), installation.clock)
    browser.sign_in()
    browser.enable_2fa()
    installation.clock.advance(minutes=31)
    yield installation
    installation.close()


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_the_jobs_go_on_after_a_round_that_failed(fault: Exception, abandoned: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first two rounds fail in the database; the third drops the copies. The installation is checked all the same."""
    monkeypatch.setattr(jobs, "JOB_INTERVAL_SECONDS", 0)
    assert None not in boxes(abandoned)
    assert asyncio.run(rounds_until_done(abandoned, [fault, fault])) == []
    assert boxes(abandoned) == {None}
    assert abandoned.services.background_check.last() is not None


@pytest.mark.usefixtures("loud_log")
def test_a_job_removes_expired_rows_and_says_what_it_removed(abandoned: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line with a count of each kind; none in a round that had nothing to remove."""
    monkeypatch.setattr(jobs, "JOB_INTERVAL_SECONDS", 0)
    add_expired_rows(abandoned, rows(abandoned, "account")[0]["id"])
    with capture_logs() as lines:
        asyncio.run(rounds_until(abandoned, sent("INSERT INTO lease", times=3)))
    assert [line for line in lines if line["event"].startswith("jobs.")] == [
        {
            "event": "jobs.removed",
            "log_level": "info",
            "sessions": 1,
            "pending_sign_ins": 1,
            "links": 1,
            "enrolments": 1,
            "known_browsers": 1,
            "network_counts": 1,
            "password_counts": 1,
            "stranger_counts": 2,
            "link_counts": 1,
            "new_password_counts": 1,
            "password_request_counts": 1,
            "email_link_counts": 1,
            "export_counts": 1,
            "invitation_counts": 1,
            "reset_request_counts": 1,
            "reserved_addresses": 1,
            "invitations": 1,
            "step_up_counts": 1,
            "enrolment_counts": 1,
            "sent_mails": 1,
            "low_priority_mails": 1,
            "dead_letters": 1,
            "chat_events": 0,
            "conversations": 0,
            "contacts": 0,
        }
    ]


def test_neither_pages_nor_forms_keep_a_job_waiting(abandoned: Installation) -> None:
    """Each of their threads is at work, and the copies are dropped all the same."""

    async def story() -> None:
        async with held(abandoned.services.pools.page), held(abandoned.services.pools.form):
            await rounds_until_done(abandoned, [])

    asyncio.run(story())
    assert boxes(abandoned) == {None}


def boxes(installation: Installation) -> set[bytes | None]:
    return {row["shown_copy"] for row in rows(installation, "recovery_code")}


async def rounds_until_done(installation: Installation, faults: list[Exception]) -> list[Exception]:
    """Run the application until a round has dropped the copies; what it was spared of the faults."""

    def is_dropping(statement: str) -> bool:
        if not statement.startswith("UPDATE recovery_code"):
            return False
        if faults:
            raise faults.pop()
        return True

    await rounds_until(installation, is_dropping)
    return faults


def sent(beginning: str, *, times: int) -> Callable[[str], bool]:
    """Whether a statement that begins so has been sent so often."""
    seen = 0

    def count(statement: str) -> bool:
        nonlocal seen
        seen += statement.startswith(beginning)
        return seen >= times

    return count


async def rounds_until(installation: Installation, is_last: Callable[[str], bool]) -> None:
    """Run the application until a statement that is the last to wait for has been committed."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    last = False

    def look(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        nonlocal last
        last = last or is_last(statement)

    def finish(*_commit: object) -> None:
        if last:
            loop.call_soon_threadsafe(done.set)

    database = installation.services.database
    with listening(database, "before_cursor_execute", look), listening(database, "commit", finish):
        app = create_app(installation.services)
        async with app.router.lifespan_context(app):
            await asyncio.wait_for(done.wait(), _TIMEOUT_SECONDS)
