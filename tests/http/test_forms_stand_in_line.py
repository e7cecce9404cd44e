"""Where one writes at a time, forms wait for one thread (docs/adr/0019): pages never wait behind them."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from tests.http.sending import SAME_ORIGIN
from tests.support.installation import Installation
from xpressbot.foundation.threads.worker_pools import (
    MOST_FORMS_WAITING,
    PAGE_THREADS,
    PATIENCE_SECONDS,
    Pool,
    PoolBusyError,
    Pools,
    threads_of_a_worker,
)

SOON_SECONDS = 10


@asynccontextmanager
async def held(pool: Pool) -> AsyncIterator[None]:
    """All its threads are at work meanwhile."""
    release, begun = threading.Event(), threading.Semaphore(0)

    def work() -> None:
        begun.release()
        release.wait()

    crowd = [asyncio.create_task(pool.run(work)) for _thread in range(pool.threads)]
    for _thread in range(pool.threads):
        assert await asyncio.to_thread(begun.acquire, timeout=SOON_SECONDS)
    try:
        yield
    finally:
        release.set()
        await asyncio.gather(*crowd)


def test_pages_do_not_wait_behind_forms(installation: Installation, app: FastAPI) -> None:
    """However many forms wait for somebody who holds the database."""

    async def story() -> tuple[httpx.Response, list[httpx.Response]]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=SAME_ORIGIN) as client:
            async with held(installation.services.pools.form):
                forms = [asyncio.create_task(client.post("/sign-in/code", data={"code": "000000"})) for _one in range(2 * PAGE_THREADS)]
                await asyncio.sleep(0)
                page = await asyncio.wait_for(client.get("/sign-in"), SOON_SECONDS)
                assert not any(form.done() for form in forms)
            return page, await asyncio.gather(*forms)

    page, forms = asyncio.run(story())
    assert page.status_code == 200
    assert {form.headers["location"] for form in forms} == {"/sign-in"}


def test_when_too_many_forms_wait_the_next_is_asked_to_come_back(installation: Installation, app: FastAPI) -> None:
    """Each holds what was sent, and whoever sent it may be gone."""
    pool = installation.services.pools.form

    async def story() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=SAME_ORIGIN) as client:
            async with held(pool):
                crowd = [asyncio.create_task(pool.run(int)) for _one in range(MOST_FORMS_WAITING)]
                await asyncio.sleep(0)
                refused = await asyncio.wait_for(client.post("/sign-in/code", data={"code": "000000"}), SOON_SECONDS)
            await asyncio.gather(*crowd)
            assert (await client.post("/sign-in/code", data={"code": "000000"})).status_code == 303
            return refused

    refused = asyncio.run(story())
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")


@pytest.mark.parametrize("single_writer", [False, True])
def test_where_many_write_forms_are_pages_like_others(single_writer: bool) -> None:
    """A thread that waits for a server leaves the interpreter to the others. The doctor counts the same threads."""
    pools = Pools.for_cores(2, 1, single_writer=single_writer)
    assert (pools.form is pools.page) is not single_writer
    assert pools.threads == threads_of_a_worker(2, 1, single_writer=single_writer)
    pools.close()


@pytest.mark.parametrize("name", ["form", "sign_in"])
@pytest.mark.parametrize("too_late", [False, True])
def test_what_has_waited_for_too_long_is_not_begun(name: str, too_late: bool) -> None:
    """Whoever sent it has been told by a proxy, or has given up; and those behind it would wait for even longer."""
    time, begun = [0.0], threading.Event()
    pools = Pools.for_cores(2, 1, single_writer=True, now=lambda: time[0])
    pool = pools.by_name[name]

    async def story() -> list[object]:
        async with held(pool):
            waiting = asyncio.create_task(pool.run(begun.set))
            await asyncio.sleep(0)
            time[0] += PATIENCE_SECONDS + too_late
        answers = await asyncio.gather(waiting, return_exceptions=True)
        return [*answers, await pool.run(lambda: "the next")]

    answer, following = asyncio.run(story())
    assert isinstance(answer, PoolBusyError) is too_late
    assert begun.is_set() is not too_late
    assert (following, pool.inside) == ("the next", 0)
    pools.close()


@pytest.fixture
def answers_are_kept_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """In installations that are built afterwards."""
    monkeypatch.setattr("xpressbot.foundation.threads.worker_pools.LONGEST_KEPT_SECONDS", 3600)


@pytest.mark.usefixtures("answers_are_kept_for_long")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_answers_are_handed_back_before_the_next_form_waits_for_the_disk(installation: Installation) -> None:
    """The event loop sends them while nobody else needs the interpreter (docs/adr/0021)."""
    run = installation.services.pools.form.run
    both_are_in, begun, go_on, release = (threading.Event() for _event in range(4))

    def write() -> None:
        begun.set()
        go_on.wait(SOON_SECONDS)
        installation.add_account()
        release.wait(SOON_SECONDS)

    async def story() -> None:
        first, second = asyncio.create_task(run(lambda: both_are_in.wait(SOON_SECONDS))), asyncio.create_task(run(write))
        await asyncio.sleep(0)
        both_are_in.set()
        assert await asyncio.to_thread(begun.wait, SOON_SECONDS)
        assert not first.done()
        go_on.set()
        assert await asyncio.wait_for(first, SOON_SECONDS)
        assert not second.done()
        release.set()
        await second

    asyncio.run(story())
