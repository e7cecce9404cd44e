"""Costly work is bounded (ASVS 15.2.2): beyond the queue people are asked to come back, and the rest of the services answers."""

import asyncio
import threading

import httpx
import pytest
from starlette.applications import Starlette

from tests.http.raw_requests import SAME_ORIGIN, rows
from tests.support.installation import PASSWORD, Installation
from xpressbot.foundation.threads.worker_pools import MOST_WAITING_TO_SIGN_IN, SIGN_IN_THREADS_BEYOND_HASHES

BUSY_PATHS = ["/sign-in", "/welcome", "/account/confirm-identity", "/link/invite"]


async def while_busy(installation: Installation, app: Starlette, *, waiting: int) -> dict[str, httpx.Response]:
    """What is answered while all threads for hashing work and so many more wait."""
    pools, release = installation.services.pools, threading.Event()
    inside = pools.hash_threads + SIGN_IN_THREADS_BEYOND_HASHES + waiting
    crowd = [asyncio.create_task(pools.sign_in.run(release.wait)) for _one in range(inside)]
    await asyncio.sleep(0)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=SAME_ORIGIN) as client:
        fields = {"email": "anna@example.com", "password": PASSWORD}
        tasks = {path: asyncio.create_task(client.post(path, data=fields)) for path in BUSY_PATHS}
        seen = {path: await client.get(path) for path in ("/healthz", "/readyz", "/sign-in")}
        seen = {f"GET {path}": response for path, response in seen.items()}
        release.set()
        await asyncio.gather(*crowd)
        return seen | {f"POST {path}": await task for path, task in tasks.items()}


def test_when_too_many_wait_to_sign_in_the_next_is_asked_to_come_back(installation: Installation, app: Starlette) -> None:
    """503 with Retry-After and nothing charged, at every route that hashes; health and pages answer throughout."""
    installation.add_account()
    seen = asyncio.run(while_busy(installation, app, waiting=MOST_WAITING_TO_SIGN_IN))
    for path in BUSY_PATHS:
        response = seen[f"POST {path}"]
        assert (response.status_code, response.headers["retry-after"]) == (503, "5")
        assert "try again in a few seconds" in response.text
    assert [seen[f"GET {path}"].status_code for path in ("/healthz", "/readyz", "/sign-in")] == [200, 200, 200]
    assert rows(installation, "throttle_bucket") == []
    assert rows(installation, "session") == []


@pytest.mark.parametrize("waiting", [0, MOST_WAITING_TO_SIGN_IN - len(BUSY_PATHS)])
def test_up_to_the_bound_people_wait_and_are_served(waiting: int, installation: Installation, app: Starlette) -> None:
    """The last place in the queue is a place."""
    installation.add_account()
    seen = asyncio.run(while_busy(installation, app, waiting=waiting))
    assert seen["POST /sign-in"].headers["location"] == "/"
    assert [seen[f"POST {path}"].status_code for path in BUSY_PATHS] == [303, 404, 303, 404]


def test_the_queue_empties_again(installation: Installation, app: Starlette) -> None:
    """A storm leaves nothing behind that would refuse the next person."""
    installation.add_account()
    asyncio.run(while_busy(installation, app, waiting=MOST_WAITING_TO_SIGN_IN))
    seen = asyncio.run(while_busy(installation, app, waiting=0))
    assert seen["POST /sign-in"].headers["location"] == "/"
