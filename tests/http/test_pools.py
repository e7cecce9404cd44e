"""What is handed to threads: its context, its outcome, the way back, its end."""

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from tests.support.settable_loop import pass_time, run
from xpressbot.foundation.threads.worker_pools import Pool

SOON_SECONDS = 10
LONG_SECONDS = 3600
VARIABLE = contextvars.ContextVar("variable", default="unset")


@pytest.fixture(params=[None, LONG_SECONDS], ids=["answering at once", "keeping answers"])
def pool(request: pytest.FixtureRequest) -> Iterator[Pool]:
    """Answers are kept for longer than anybody would wait, so that it shows where nothing else hands them back."""
    pool = Pool("test", 1, longest_kept_seconds=request.param)
    yield pool
    pool.close()


@pytest.fixture
def keeping() -> Iterator[Pool]:
    pool = Pool("test", 1, longest_kept_seconds=LONG_SECONDS)
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

        async with asyncio.timeout(SOON_SECONDS):
            return (*await pool.run(work), VARIABLE.get())

    assert asyncio.run(story()) == ("of the task", "test-0", "of the task")


@pytest.mark.parametrize(("error", "raised"), [(ZeroDivisionError,) * 2, (SystemExit,) * 2, (StopIteration, RuntimeError)])
def test_what_work_raises_is_raised_where_it_is_waited_for(pool: Pool, error: type[BaseException], raised: type[BaseException]) -> None:
    """The thread goes on."""

    def fail() -> None:
        raise error

    async def story() -> str:
        with pytest.raises(raised):
            async with asyncio.timeout(SOON_SECONDS):
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
    """As when a server is stopped in the midst of a request. A commit that would hand it back is not disturbed."""
    begun, release, committed = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        release.wait(SOON_SECONDS)

    def commit() -> None:
        pool.hand_back()
        committed.set()

    async def left_behind() -> None:
        asyncio.create_task(pool.run(work))  # noqa: RUF006  # on purpose
        assert await asyncio.to_thread(begun.wait, SOON_SECONDS)

    async def afterwards() -> str:
        return await asyncio.wait_for(pool.run(lambda: "the next"), SOON_SECONDS)

    asyncio.run(left_behind())
    pool.begin(commit)
    release.set()
    assert committed.wait(SOON_SECONDS)
    assert asyncio.run(afterwards()) == "the next"


class TestKeptAnswers:
    """Answers stay with their thread until one is about to wait (docs/adr/0021)."""

    def test_it_is_handed_back_when_a_thread_is_about_to_wait(self, keeping: Pool) -> None:
        """Before that, it would take the interpreter from the thread."""

        async def story() -> None:
            async with one_is_kept(keeping) as (kept, following):
                assert not kept.done()
                following.set()
                assert await asyncio.wait_for(kept, SOON_SECONDS) == "kept"

        run(story)

    @pytest.mark.parametrize("looks_in_vain", [0, 1])
    def test_it_is_not_kept_for_long(self, keeping: Pool, looks_in_vain: int) -> None:
        """Whatever the thread waits for meanwhile: another process that holds the database, say."""

        async def story() -> None:
            async with one_is_kept(keeping, looks_in_vain=looks_in_vain) as (kept, _following):
                pass_time(LONG_SECONDS)
                assert await asyncio.wait_for(kept, SOON_SECONDS) == "kept"

        run(story)

    def test_nobody_looks_where_nobody_waits(self, keeping: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
        """One timer will do for all, and a service that rests has none."""
        timers: list[float] = []

        async def story() -> None:
            loop = asyncio.get_running_loop()
            set_timer = loop.call_later

            def note(seconds: float, *what: Any) -> asyncio.TimerHandle:
                timers.append(seconds)
                return set_timer(seconds, *what)

            monkeypatch.setattr(loop, "call_later", note)
            async with asyncio.timeout(SOON_SECONDS):
                await keeping.run(int)
                await keeping.run(int)
            for _look in range(3):
                await look_around()
            async with asyncio.timeout(SOON_SECONDS):
                await keeping.run(int)

        run(story)
        assert timers == [LONG_SECONDS] * 2


@asynccontextmanager
async def one_is_kept(pool: Pool, *, looks_in_vain: int = 0) -> AsyncIterator[tuple[asyncio.Task[str], threading.Event]]:
    """The task that waits for it, and what has the work after it hand it back; that work goes on until the end."""
    both_are_in, begun, following, release = (threading.Event() for _event in range(4))

    def first() -> str:
        both_are_in.wait(SOON_SECONDS)
        return "kept"

    def second() -> None:
        begun.set()
        following.wait()
        pool.hand_back()
        release.wait()

    kept, held = asyncio.create_task(pool.run(first)), asyncio.create_task(pool.run(second))
    try:
        for _look in range(looks_in_vain):
            await look_around()
        await asyncio.sleep(0)
        both_are_in.set()
        assert await asyncio.to_thread(begun.wait, SOON_SECONDS)
        yield kept, following
    finally:
        following.set()
        release.set()
        await held


async def look_around() -> None:
    """Let the time of a look come, and pass."""
    await asyncio.sleep(0)
    pass_time(LONG_SECONDS)
    for _turn in range(3):
        await asyncio.sleep(0)
