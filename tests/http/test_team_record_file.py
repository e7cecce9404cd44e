"""The download of the team's record: the rule of the chain checks it, and no part of one looks whole; in pages, with flat memory."""

import asyncio
import json
import re
import tracemalloc
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tests.contract.event_chain_checker import check
from tests.http.conftest import both_engines
from tests.http.raw_requests import SAME_ORIGIN, rows, words
from tests.http.team_record import holding, joined, many, owner_and_admin
from tests.http.test_account_export import TIME
from tests.support.browser import Browser
from tests.support.engine_events import listening
from tests.support.installation import Installation
from tests.support.people import protected
from tests.support.settable_loop import serving_here
from tests.use_cases.instrumentation import after_transaction, before_statement, kinds, statements
from xpressbot.entrypoints.http.record_file import record_file
from xpressbot.foundation.threads.worker_pools import Pool
from xpressbot.identity.audit.rules.event import TEAM, EventKind
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.team.record import PAGE_SIZE, RecordExport
from xpressbot.identity.throttling.rules import EXPORT as POLICY

EXPORT = "/team/record/export"
BYTES = ("salt", "details_hash", "hash")


def read(text: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The events of a file as the rule's checker takes them, and its last line."""
    *events, end = [json.loads(line) for line in text.splitlines()]
    return [{**event, **{name: bytes.fromhex(event[name]) for name in BYTES}} for event in events], end


def contradictions(text: str) -> list[str]:
    """What in a file contradicts the rule of the chain."""
    events, end = read(text)
    head = {"subject": end["subject"], "seq": end["head"]["seq"], "hash": bytes.fromhex(end["head"]["hash"])}
    return check(events, [head])


@both_engines
def test_the_file_is_checked_by_the_rule_and_ends_with_its_head(installation: Installation, new_browser: Callable[..., Browser]) -> None:
    """A line an event, as it is stored; any line changed, left out or exchanged contradicts the rule, and a cut file has no end."""
    anna, berta = owner_and_admin(installation)
    joined(installation, anna.account.id, berta.account.id, at=1, email="Ärger\u2028 \U0001f600@example.com")
    answer = holding(new_browser(), berta).post(EXPORT)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert re.fullmatch(r'attachment; filename="xpressbot-team-record[\w.-]*\.jsonl"', answer.headers["content-disposition"])
    events, end = read(answer.text)
    assert [event["kind"] for event in events] == ["team.member_joined"] * 3 + ["team.record_exported"]
    assert set(end) == {"subject", "head", "events", "exported_at", "exported_from"}
    assert (end["subject"], end["events"], end["head"]["seq"]) == (TEAM, 4, 4)
    assert TIME.fullmatch(end["exported_at"])
    assert events[-1]["actor"] == berta.account.id
    assert events == [row for row in rows(installation, "security_event") if row["subject"] == TEAM]
    assert contradictions(answer.text) == []

    lines = answer.text.splitlines()
    for number, line in enumerate(lines[:-1]):
        assert contradictions("\n".join([*lines[:number], *lines[number + 1 :]]))
        assert contradictions("\n".join([*lines[:number], line.replace('"team.', '"tean.'), *lines[number + 1 :]]))
    swapped = [lines[0].replace('"seq": 1,', '"seq": 2,'), lines[1].replace('"seq": 2,', '"seq": 1,')]
    assert contradictions("\n".join([*swapped, *lines[2:]]))
    with pytest.raises(KeyError):
        contradictions("\n".join(lines[:-1]))


@both_engines
def test_a_long_record_is_read_in_pages(installation: Installation, new_browser: Callable[..., Browser]) -> None:
    """Each is one bounded query, which goes on where the one before has ended."""
    browser = holding(new_browser(), owner_and_admin(installation)[0])
    many(installation, 2 * PAGE_SIZE)
    with statements(installation) as sent:
        events, end = read(browser.post(EXPORT).text)
    assert [event["seq"] for event in events] == list(range(1, 2 * PAGE_SIZE + 4))
    assert end["events"] == 2 * PAGE_SIZE + 3
    pages = [text for text in sent if re.search(r"\bFROM security_event\b.*seq >", text, re.DOTALL)]
    assert len(pages) == 4  # three with rows, and one that has none any more
    assert all("LIMIT" in text for text in pages)


def test_memory_does_not_grow_with_the_record(installation: Installation) -> None:
    """A page is forgotten once it is sent."""
    caller = protected(installation.services).caller
    record = installation.services.identity.team_record

    async def sent(export: RecordExport) -> int:
        length = 0
        async for piece in record_file(export, "here", record, Pool(1)):
            length += len(piece)
        return length

    figures = []
    for pages in (1, 11):
        many(installation, pages * PAGE_SIZE)
        export = record.export(caller)
        assert isinstance(export, RecordExport)
        tracemalloc.start()
        length = asyncio.run(sent(export))
        figures.append((length, tracemalloc.get_traced_memory()[1]))
        tracemalloc.stop()
    (short, little), (long, much) = figures
    assert long > 8 * short
    assert much < 2 * little


@both_engines
def test_a_page_that_fails_leaves_no_file_that_looks_whole(
    installation: Installation, app: Starlette, new_browser: Callable[..., Browser], caplog: pytest.LogCaptureFixture
) -> None:
    """Over a real connection: it ends without the end of the answer, and without the line that every whole file has."""
    browser = holding(new_browser(), owner_and_admin(installation)[0])
    many(installation, 2 * PAGE_SIZE)
    form, cookies = browser.filled(EXPORT), dict(browser.cookies)
    came, pages_read = bytearray(), 0

    def fail_at_the_second(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        nonlocal pages_read
        pages_read += "security_event.seq >" in statement
        if pages_read == 2:
            raise RuntimeError("the page cannot be read")

    async def take(answer: httpx.Response) -> None:
        async for piece in answer.aiter_bytes():
            came.extend(piece)

    async def download() -> None:
        async with serving_here(app) as served, httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.port}") as client:
            headers = {**SAME_ORIGIN, "Host": "127.0.0.1:8000", "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
            async with client.stream("POST", EXPORT, data=form, headers=headers) as answer:
                assert answer.status_code == 200
                with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
                    await take(answer)

    with listening(installation.services.database, "before_cursor_execute", fail_at_the_second):
        asyncio.run(download())
    lines = [json.loads(line) for line in came.decode().splitlines()]
    assert len(lines) == PAGE_SIZE
    assert not any("head" in line for line in lines)
    assert "RuntimeError" in caplog.text


@both_engines
def test_the_event_is_there_before_anything_is_read_for_the_file(installation: Installation, new_browser: Callable[..., Browser]) -> None:
    """Committed, so that other connections see it: what leaves the program is recorded, whatever happens afterwards."""
    browser = holding(new_browser(), owner_and_admin(installation)[0])
    form, seen = browser.filled(EXPORT), list[EventKind]()
    with before_statement(installation, "SELECT security_event.subject", lambda: seen.extend(kinds(installation, TEAM))):
        assert browser.post(EXPORT, form).status_code == 200
    assert seen[-1] is EventKind.RECORD_EXPORTED


def test_a_download_that_cannot_be_recorded_gives_nothing_out(installation: Installation) -> None:
    """Its session ends between the count and the event."""
    owner = protected(installation.services).caller
    identity = installation.services.identity
    with after_transaction(installation, 1, lambda: identity.sessions.sign_out(owner)):
        assert identity.team_record.export(owner) == Denied(SessionRefusal.NOT_SIGNED_IN)
    assert EventKind.RECORD_EXPORTED not in kinds(installation, TEAM)


@both_engines
def test_what_happens_meanwhile_is_not_half_of_the_file(installation: Installation, new_browser: Callable[..., Browser]) -> None:
    """It ends at the head that the chain had when the download began."""
    anna, berta = owner_and_admin(installation)
    browser = holding(new_browser(), anna)
    form = browser.filled(EXPORT)
    with before_statement(
        installation, "SELECT security_event.subject", lambda: joined(installation, anna.account.id, berta.account.id, at=1)
    ):
        answer = browser.post(EXPORT, form)
    assert contradictions(answer.text) == []
    assert read(answer.text)[1]["events"] == 3
    assert kinds(installation, TEAM)[-1] is EventKind.MEMBER_JOINED


@both_engines
def test_it_asks_who_is_there_and_is_bounded(installation: Installation, new_browser: Callable[..., Browser]) -> None:
    """ASVS 7.5.1: after six minutes the session alone is not enough. 10 downloads an hour, each of which reads the whole record."""
    anna, _berta = owner_and_admin(installation)
    browser = holding(new_browser(), anna)
    assert [browser.post(EXPORT).status_code for _download in range(POLICY.free)] == [200] * 10
    refused = browser.post(EXPORT)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "3600")
    assert "Too many tries. Try again at" in words(refused.text)
    assert 'action="/team/record/export"' in refused.text
    assert kinds(installation, TEAM).count(EventKind.RECORD_EXPORTED) == 10
    installation.clock.advance(minutes=6)
    assert browser.post(EXPORT).headers["location"] == "/account/confirm-identity?next=/team/record"
