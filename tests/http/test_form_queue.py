"""Where one writes at a time, forms wait for one thread (docs/adr/0013): pages never wait behind them."""

import asyncio
import threading

import httpx
import pytest
from starlette.applications import Starlette

from tests.http.raw_requests import SAME_ORIGIN
from tests.support.browser import Browser
from tests.support.busy import SOON_SECONDS, held
from tests.support.installation import Installation
from xpressbot.chat.bots.store import Bot
from xpressbot.foundation.threads.worker_pools import (
    CHAT_THREADS,
    MOST_FORMS_WAITING,
    PAGE_THREADS,
    PAGE_THREADS_WITH_SINGLE_WRITER,
    PATIENCE_SECONDS,
    SIGN_IN_THREADS_BEYOND_HASHES,
    PoolBusyError,
    Pools,
)


def test_pages_do_not_wait_behind_forms(installation: Installation, app: Starlette) -> None:
    """However many forms wait for a transaction that holds the database."""

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


@pytest.mark.parametrize(
    ("name", "fields", "leads_to"),
    [("publish", {"revision": "1", "newest": "0", "running": "finish"}, ""), ("checks/remove", {"name": "gone"}, "/checks")],
)
def test_a_form_that_replays_all_checks_keeps_no_other_waiting(
    name: str, fields: dict[str, str], leads_to: str, installation: Installation, app: Starlette, signed_in: Browser, bot: Bot
) -> None:
    """That may take seconds: such a form has no part in the queue of forms, nor in that of pages."""
    path = f"/bots/{bot.id}/{name}"
    form = signed_in.filled(path, fields)

    async def story() -> httpx.Response:
        transport, cookies = httpx.ASGITransport(app=app), signed_in.cookies
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=SAME_ORIGIN, cookies=cookies) as client,
            held(installation.services.pools.form),
            held(installation.services.pools.page),
        ):
            return await asyncio.wait_for(client.post(path, data=form), SOON_SECONDS)

    assert asyncio.run(story()).headers["location"] == f"/bots/{bot.id}{leads_to}"


def test_when_too_many_forms_wait_the_next_is_asked_to_come_back(installation: Installation, app: Starlette) -> None:
    """Each holds what was sent, and the client that sent it may be gone."""
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
    """A thread that waits for a server leaves the GIL to the others."""
    pools = Pools.for_cores(2, 1, single_writer=single_writer)
    assert (pools.form is pools.page) is not single_writer
    of_pages = PAGE_THREADS_WITH_SINGLE_WRITER if single_writer else PAGE_THREADS
    of_slow_forms, of_mail, of_jobs, of_chat = 1, 1, 1, 1 if single_writer else CHAT_THREADS
    of_sign_ins = 2 + SIGN_IN_THREADS_BEYOND_HASHES
    assert pools.threads == of_pages + single_writer + of_slow_forms + of_sign_ins + of_mail + of_jobs + of_chat


@pytest.mark.parametrize("name", ["form", "slow_form", "sign_in", "chat"])
@pytest.mark.parametrize("too_late", [False, True])
def test_what_has_waited_for_too_long_is_not_begun(name: str, too_late: bool) -> None:
    """The client that sent it has been told by a proxy, or has given up; and those behind it would wait for even longer."""
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
