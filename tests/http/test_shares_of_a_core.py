"""How a worker shares the cores that it may run on."""

import asyncio
import os
import sys
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette

from xpressbot.foundation.threads.worker_pools import SWITCH_INTERVAL_SECONDS, available_cores


@pytest.fixture
def usual_interval() -> Iterator[None]:
    """Python's own, which is put back."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.005)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def one_core() -> Iterator[None]:
    """This process may run on a single core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    yield
    os.sched_setaffinity(0, before)


@pytest.mark.usefixtures("usual_interval")
def test_a_worker_that_serves_gives_the_event_loop_its_turn_soon(app: Starlette) -> None:
    """From its start on, whatever runs on its threads."""

    async def start() -> None:
        async with app.router.lifespan_context(app):
            assert sys.getswitchinterval() == pytest.approx(SWITCH_INTERVAL_SECONDS)

    asyncio.run(start())


@pytest.mark.usefixtures("one_core")
def test_only_cores_that_may_be_used_count() -> None:
    """However many the machine has."""
    assert available_cores() == 1
