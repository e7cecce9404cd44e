"""Pools whose threads are all at work."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from xpressbot.foundation.threads.worker_pools import Pool

SOON_SECONDS = 60


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
