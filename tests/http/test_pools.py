"""Work on threads: its context, its outcome, its bounds, what is cancelled."""

import asyncio
import contextvars
import math
import threading
from contextlib import suppress
from functools import partial

import pytest

from tests.support.busy import SOON_SECONDS, held
from tests.support.settable_loop import pass_time, run
from xpressbot.foundation.threads.worker_pools import Pool, PoolBusyError

VARIABLE = contextvars.ContextVar("variable", default="unset")


@pytest.fixture
def pool() -> Pool:
    return Pool(1)


def test_work_runs_on_a_thread_in_the_context_of_its_task(pool: Pool) -> None:
    """Its log lines have the request's id. What it sets stays its own."""

    async def story() -> tuple[str, bool, str]:
        VARIABLE.set("of the task")

        def work() -> tuple[str, bool]:
            seen = VARIABLE.get()
            VARIABLE.set("of the work")
            return seen, threading.current_thread() is threading.main_thread()

        async with asyncio.timeout(SOON_SECONDS):
            return (*await pool.run(work), VARIABLE.get())

    assert asyncio.run(story()) == ("of the task", False, "of the task")


@pytest.mark.parametrize(("error", "raised"), [(ZeroDivisionError,) * 2, (SystemExit,) * 2, (StopIteration, RuntimeError)])
def test_what_work_raises_is_raised_where_it_is_waited_for(pool: Pool, error: type[BaseException], raised: type[BaseException]) -> None:
    """The next work runs."""

    def fail() -> None:
        raise error

    async def story() -> str:
        with pytest.raises(raised):
            async with asyncio.timeout(SOON_SECONDS):
                await pool.run(fail)
        return await asyncio.wait_for(pool.run(lambda: "the next"), SOON_SECONDS)

    assert asyncio.run(story()) == "the next"
    assert pool.inside == 0


def test_work_whose_task_is_cancelled_before_it_begins_never_begins(pool: Pool) -> None:
    """What has begun is finished, and its result dropped."""
    begun, release, done, complaints = threading.Event(), threading.Event(), [], []

    def first() -> None:
        begun.set()
        release.wait()
        done.append("first")

    async def story() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
        tasks = [asyncio.create_task(pool.run(first)), asyncio.create_task(pool.run(lambda: done.append("second")))]
        await asyncio.to_thread(begun.wait, SOON_SECONDS)
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        assert pool.inside == 0
        await asyncio.wait_for(pool.run(release.set), SOON_SECONDS)

    asyncio.run(story())
    for thread in threading.enumerate():
        if thread.name == "AnyIO worker thread":
            thread.join(SOON_SECONDS)
    assert done == ["first"]
    assert complaints == []


def test_work_waits_in_the_order_in_which_it_came(pool: Pool) -> None:
    """However much of it there is."""
    done: list[int] = []

    async def story() -> None:
        async with held(pool):
            waiting = [asyncio.create_task(pool.run(partial(done.append, number))) for number in range(20)]
            await asyncio.sleep(0)
        await asyncio.gather(*waiting)

    asyncio.run(story())
    assert done == list(range(20))


def test_what_comes_when_enough_waits_is_refused() -> None:
    """However many come in the same moment. Once there is room, work is taken again."""
    pool = Pool(1, most_waiting=2)

    async def story() -> tuple[list[object], str]:
        async with held(pool):
            crowd = [asyncio.create_task(pool.run(lambda: "done")) for _one in range(5)]
            await asyncio.wait(crowd, return_when=asyncio.FIRST_COMPLETED)
        return await asyncio.gather(*crowd, return_exceptions=True), await pool.run(lambda: "the next")

    answers, following = asyncio.run(story())
    assert [answer if isinstance(answer, str) else type(answer) for answer in answers] == ["done"] * 2 + [PoolBusyError] * 3
    assert following == "the next"


def test_one_is_at_work_at_a_time_unless_it_is_slow() -> None:
    """Once work has taken for so long, the next begins beside it, as long as there is a thread."""
    pool, begun = Pool(2, slow_after_seconds=3600), [threading.Event() for _one in range(3)]
    release = threading.Event()

    def work(number: int) -> None:
        begun[number].set()
        release.wait()

    async def story() -> list[list[bool]]:
        crowd, seen = [asyncio.create_task(pool.run(partial(work, number))) for number in range(3)], []
        for number in range(2):
            assert await asyncio.to_thread(begun[number].wait, SOON_SECONDS)
            seen.append([event.is_set() for event in begun])
            pass_time(3600)
        for _turn_of_the_loop in range(10):
            await asyncio.sleep(0)
        seen.append([event.is_set() for event in begun])
        release.set()
        await asyncio.gather(*crowd)
        return seen

    assert run(story) == [[True, False, False], [True, True, False], [True, True, False]]
    assert all(event.is_set() for event in begun)
    assert pool.inside == 0


def test_a_place_is_left_by_work_that_fails_or_is_cancelled() -> None:
    """While it waits, or while it is at work."""
    pool = Pool(1, slow_after_seconds=math.inf)

    async def story() -> str:
        async with held(pool):
            waiting = asyncio.create_task(pool.run(int))
            await asyncio.sleep(0)
            waiting.cancel()
        with pytest.raises(ValueError, match="invalid literal"):
            await pool.run(lambda: int("no number"))
        return await asyncio.wait_for(pool.run(lambda: "the next"), SOON_SECONDS)

    assert asyncio.run(story()) == "the next"
    assert pool.inside == 0
