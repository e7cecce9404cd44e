"""The download of a long history: in pages by key, with flat memory, and never half a document that looks whole."""

import asyncio
import json
import re
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import insert, update
from starlette.applications import Starlette

from tests.http.conftest import both_engines
from tests.http.raw_requests import SAME_ORIGIN, rows
from tests.support.browser import Browser
from tests.support.installation import Installation
from tests.support.people import signed_in as person
from tests.support.settable_loop import serving_here
from tests.use_cases.instrumentation import before_statement, kinds, statements
from xpressbot.entrypoints.http.account_document import account_document
from xpressbot.foundation.threads.worker_pools import Pool
from xpressbot.foundation.times import SECOND
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.profile.export import PAGE_SIZE, AccountData
from xpressbot.identity.tables import NOTICE, SECURITY_EVENT
from xpressbot.identity.throttling.rules import EXPORT as POLICY

EXPORT = "/account/export"
FIRST = 1_000
"""The number of the first event that is added: those before it are an account's own."""


def add_history(installation: Installation, account_id: str, pages: int) -> range:
    """Write so many full pages of events, and a notice of each; their numbers."""
    numbers = range(FIRST, FIRST + pages * PAGE_SIZE)
    event = {"subject": account_id, "kind": "sign_in.completed_in_new_browser", "at": 0, "details": '{"address": "192.0.2.7"}'}
    hashes = {"salt": b"", "details_hash": b"", "hash": b""}
    notice = {"account_id": account_id, "kind": event["kind"], "count": 1, "several_places": False, "acknowledged_at": 1}
    with installation.services.database.write() as connection:
        connection.execute(insert(SECURITY_EVENT), [{**event, **hashes, "seq": number} for number in numbers])
        connection.execute(insert(NOTICE), [{**notice, "first_seq": number, "last_seq": number} for number in numbers])
        connection.commit()
    return numbers


def damage(installation: Installation, number: int) -> None:
    """Let an event be one that cannot be read."""
    with installation.services.database.write() as connection:
        connection.execute(update(SECURITY_EVENT).where(SECURITY_EVENT.c.seq == number).values(details='{"address'))
        connection.commit()


@both_engines
def test_a_history_of_several_pages_is_whole_and_in_order(installation: Installation, signed_in: Browser) -> None:
    """Each page is one bounded query, which goes on where the one before has ended; the first page may be partly the account's own."""
    account_id = signed_in.me()["account"]["id"]
    added = add_history(installation, account_id, 2)
    with statements(installation) as sent:
        data = json.loads(signed_in.post(EXPORT).text)
    own = [event["number"] for event in data["security_events"] if event["number"] < FIRST]
    recorded = [row["seq"] for row in rows(installation, "security_event") if row["subject"] == account_id]
    assert own == [number for number in recorded if number < FIRST]
    assert [event["number"] for event in data["security_events"]] == [*own, *added]
    assert [notice["first_event"] for notice in data["notices"]][-len(added) :] == list(added)
    assert data["security_events"][len(own) - 1]["kind"] == "account.exported"
    for table, key in (("security_event", "seq"), ("notice", "first_seq")):
        pages = [text for text in sent if re.search(rf"\bFROM {table}\b.*{key} >", text, re.DOTALL)]
        assert len(pages) == 4  # three with rows, and one that has none any more
        assert all("LIMIT" in text for text in pages)


def test_memory_does_not_grow_with_the_history(installation: Installation) -> None:
    """A page is forgotten once it is sent."""
    caller = person(installation.services)
    export = installation.services.identity.account_export

    async def sent(data: AccountData) -> int:
        length = 0
        async for piece in account_document(data, "here", export, Pool(1)):
            length += len(piece)
        return length

    figures = []
    for pages in (1, 12):
        with installation.services.database.write() as connection:
            for table in (NOTICE, SECURITY_EVENT):
                connection.execute(table.delete().where(table.c["first_seq" if table is NOTICE else "seq"] >= FIRST))
            connection.commit()
        data = export.export(caller)
        assert isinstance(data, AccountData)
        last = add_history(installation, caller.account.id, pages)[-1]
        data = replace(data, last_event=last)
        tracemalloc.start()
        length = asyncio.run(sent(data))
        figures.append((length, tracemalloc.get_traced_memory()[1]))
        tracemalloc.stop()
    (short, little), (long, much) = figures
    assert long > 8 * short
    assert much < 2 * little


@both_engines
def test_a_page_that_fails_leaves_no_document_that_looks_whole(
    installation: Installation, app: Starlette, signed_in: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    """Over a real connection: it ends without the end of the answer, and what came is no JSON. The server goes on."""
    added = add_history(installation, signed_in.me()["account"]["id"], 2)
    damage(installation, added[-1])
    form, cookies = signed_in.filled(EXPORT), dict(signed_in.cookies)

    came = bytearray()

    async def take(answer: httpx.Response) -> None:
        async for piece in answer.aiter_bytes():
            came.extend(piece)

    async def download() -> int:
        async with serving_here(app) as served, httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.port}") as client:
            headers = {**SAME_ORIGIN, "Host": "127.0.0.1:8000", "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
            async with client.stream("POST", EXPORT, data=form, headers=headers) as answer:
                with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
                    await take(answer)
            assert (await client.get("/healthz", headers={"Host": "127.0.0.1:8000"})).status_code == 200
            return answer.status_code

    assert asyncio.run(download()) == 200
    assert f'"number": {added[0]}'.encode() in bytes(came)
    with pytest.raises(json.JSONDecodeError):
        json.loads(bytes(came))
    assert "JSONDecodeError" in caplog.text


@both_engines
def test_the_event_is_there_before_anything_is_read_for_the_file(installation: Installation, signed_in: Browser) -> None:
    """Committed, so that other connections see it: what leaves the program is recorded, whatever happens afterwards."""
    account_id = signed_in.me()["account"]["id"]
    seen: list[EventKind] = []
    with before_statement(installation, "SELECT account.created_at", lambda: seen.extend(kinds(installation, account_id))):
        assert signed_in.post(EXPORT).status_code == 200
    assert seen[-1] is EventKind.ACCOUNT_EXPORTED


@both_engines
def test_an_account_has_so_many_downloads_an_hour(installation: Installation, signed_in: Browser) -> None:
    """All its sessions together: each reads the whole history. What is refused is not recorded as a download."""
    account_id = signed_in.me()["account"]["id"]
    assert [signed_in.post(EXPORT).status_code for _download in range(POLICY.free)] == [200] * 10
    refused = signed_in.post(EXPORT)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "3600")
    again = datetime.fromtimestamp((installation.clock.now() + 3600 * SECOND) // SECOND, tz=UTC)
    assert f"Too many tries. Try again at {again:%H:%M}" in plain(refused)
    assert kinds(installation, account_id).count(EventKind.ACCOUNT_EXPORTED) == 10
    installation.clock.advance(minutes=30)
    signed_in.sign_in()
    assert (signed_in.post(EXPORT).status_code, signed_in.post(EXPORT).headers["retry-after"]) == (429, "1800")
    installation.clock.advance(minutes=30)
    signed_in.sign_in()
    assert signed_in.post(EXPORT).status_code == 200


def test_another_account_has_downloads_of_its_own(installation: Installation, signed_in: Browser) -> None:
    """The count is the account's, not the browser's or the network's."""
    for _download in range(POLICY.free + 1):
        signed_in.post(EXPORT)
    assert signed_in.post(EXPORT).status_code == 429
    installation.add_account("berta@example.com")
    signed_in.sign_in("berta@example.com")
    assert signed_in.post(EXPORT).status_code == 200


def plain(page: httpx.Response) -> str:
    """The words of a page, without markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page.text))
