"""What is handed to threads: its context, its outcome, its end."""

import asyncio
import contextvars
import threading
from contextlib import suppress

import pytest

from xpressbot.entrypoints.http.pools import Pool

SOON_SECONDS = 10
VARIABLE = contextvars.ContextVar("variable", default="unset")


@pytest.fixture
def pool() -> Pool:
    pool = Pool("test", 1)
    yield pool
    pool.close()


def test_work_runs_on_a_thread_in_the_context_of_its_task(pool: Pool) -> None:
    """Its log lines have the request's id. What it sets stays its own."""

    async def story() -> tuple[str, str, str]:
        VARIABLE.set("of the task")

        def work() -> tuple[str, str]:
            seen = VARIABLE.get()
            VARIABLE.set("of the work")
            return seen, threading.current_thread().name

        return (*await pool.run(work), VARIABLE.get())

    assert asyncio.run(story()) == ("of the task", "test-0", "of the task")


@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit])
def test_what_work_raises_is_raised_where_it_is_waited_for(pool: Pool, error: type[BaseException]) -> None:
    """The thread goes on."""

    def fail() -> None:
        raise error

    async def story() -> str:
        with pytest.raises(error):
            await pool.run(fail)
        pool.begin(fail)
        return await asyncio.wait_for(pool.run(lambda: "the next"), SOON_SECONDS)

    assert asyncio.run(story()) == "the next"
    assert pool.inside == 0


def test_what_nobody_waits_for_any_more_is_not_begun(pool: Pool) -> None:
    """What has begun is finished, and its answer dropped."""
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
        release.set()
        await asyncio.wait_for(pool.run(lambda: done.append("third")), SOON_SECONDS)

    asyncio.run(story())
    assert done == ["first", "third"]
    assert complaints == []


def test_closing_waits_for_what_was_handed_over(pool: Pool) -> None:
    """A pool that is closed begins nothing more, and says nothing about it."""
    done = []
    for number in range(20):
        pool.begin(lambda number=number: done.append(number))
    pool.close()
    assert done == list(range(20))
    pool.begin(lambda: done.append("too late"))
    pool.close()
    assert done == list(range(20))


def test_an_answer_to_a_loop_that_has_ended_is_dropped(pool: Pool) -> None:
    """As when a server is stopped in the midst of a request."""
    release = threading.Event()

    async def story() -> None:
        asyncio.create_task(pool.run(release.wait))  # noqa: RUF006  # it is left behind on purpose
        await asyncio.sleep(0)

    asyncio.run(story())
    release.set()
    assert asyncio.run(pool.run(lambda: "the next")) == "the next"
