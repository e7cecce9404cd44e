"""The thread pools of one worker. The event loop parses and hands over; everything that waits, waits here."""

import asyncio
import contextvars
import math
import os
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Final, Self, TypeVar

from xpressbot.foundation.metrics import stopwatch

PAGE_THREADS: Final = 8
SIGN_IN_THREADS_BEYOND_HASHES: Final = 2
MOST_WAITING_TO_SIGN_IN: Final = 64
MOST_FORMS_WAITING: Final = 256
PATIENCE_SECONDS: Final = 15
"""How long forms wait for a thread, where they wait for others that write or hash."""
RETRY_AFTER_SECONDS: Final = 5
LONGEST_KEPT_SECONDS: Final = 0.01
"""How long an answer waits for its thread to wait, at most."""
SWITCH_INTERVAL_SECONDS: Final = 0.0005
"""How long a thread may run Python before the event loop gets its turn. By default that is longer than most requests take."""

T = TypeVar("T")


class PoolBusyError(Exception):
    """So many wait already, or this one has waited for so long, that it would only make it worse: answer 503."""


class Pool:
    """Threads, and a line before them. Used from one event loop at a time."""

    def __init__(
        self,
        name: str,
        threads: int,
        *,
        most_waiting: int | None = None,
        patience_seconds: float | None = None,
        keeps_answers: bool = False,
        now: Callable[[], float] = stopwatch,
    ) -> None:
        """most_waiting: how many may wait for a thread. patience_seconds: how long one may; what has waited longer is not begun.

        keeps_answers: answers wait until a thread does (`hand_back`), instead of calling the event loop at once. No longer than
        LONGEST_KEPT_SECONDS.
        """
        self.threads = threads
        self._patience_seconds = math.inf if patience_seconds is None else patience_seconds
        self._keeps_answers = keeps_answers
        self._now = now
        self._threads = _Threads(name, threads, before_waiting=self.hand_back)
        self._most_inside = math.inf if most_waiting is None else threads + most_waiting
        self._inside = 0
        self._way_back: _WayBack | None = None

    @property
    def inside(self) -> int:
        """How many are worked on or wait."""
        return self._inside

    async def run(self, work: Callable[[], T]) -> T:
        """Run `work` on a thread, with this task's context. What nobody waits for any more is not begun.

        Raises PoolBusyError.
        """
        if self._inside >= self._most_inside:
            raise PoolBusyError
        self._inside += 1
        try:
            return await self._hand_over(work, begin_by=self._now() + self._patience_seconds)
        finally:
            self._inside -= 1

    def begin(self, work: Callable[[], None]) -> None:
        """Have `work` done by a thread that nobody waits for. It handles its own exceptions; a pool that is closed does none."""
        self._threads.do(partial(contextvars.copy_context().run, work))

    def hand_back(self) -> None:
        """Call the event loop for the answers that are ready.

        For a thread that is about to wait for something else than the interpreter: the event loop has it meanwhile, and need not
        take it from a thread that could go on (docs/adr/0021).
        """
        if self._way_back is not None:
            self._way_back.call()

    def close(self) -> None:
        """Let the threads finish what they do and what waits, and end."""
        self._threads.close()

    def _hand_over(self, work: Callable[[], T], *, begin_by: float) -> "asyncio.Future[T]":
        way_back, context = self._way_back_to(asyncio.get_running_loop()), contextvars.copy_context()
        way_back.look_later()
        answer: asyncio.Future[T] = way_back.loop.create_future()

        def give(result: T) -> None:
            if not answer.done():
                answer.set_result(result)

        def fail(error: BaseException) -> None:
            if not answer.done():
                answer.set_exception(error)

        def job() -> None:
            if answer.cancelled():
                return
            if self._now() > begin_by:
                way_back.put(partial(fail, PoolBusyError()))
                return
            try:
                result = context.run(work)
            except BaseException as error:  # noqa: BLE001  # whoever waits decides about it
                way_back.put(partial(fail, error))
            else:
                way_back.put(partial(give, result))

        self._threads.do(job)
        return answer

    def _way_back_to(self, loop: asyncio.AbstractEventLoop) -> "_WayBack":
        if self._way_back is None or self._way_back.loop is not loop:
            self._way_back = _WayBack(loop, keeps=self._keeps_answers, is_awaited=lambda: self._inside > 0)
        return self._way_back


class _WayBack:
    """Answers on their way from threads to the event loop that waits for them."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, keeps: bool, is_awaited: Callable[[], bool]) -> None:
        """keeps: whether answers wait until somebody calls the loop for them. is_awaited: whether there is one yet to come."""
        self.loop = loop
        self._keeps = keeps
        self._is_awaited = is_awaited
        self._ready: deque[Callable[[], None]] = deque()
        self._is_called = False
        self._look: asyncio.TimerHandle | None = None

    def put(self, settle: Callable[[], None]) -> None:
        """Take an answer from a thread, as what the loop has to do with it."""
        self._ready.append(settle)
        if not self._keeps:
            self.call()

    def call(self) -> None:
        """Have the loop settle what is ready. If it has ended, nobody waits any more."""
        if self._ready and not self._is_called:
            self._is_called = True
            with suppress(RuntimeError):
                self.loop.call_soon_threadsafe(self._settle)

    def look_later(self) -> None:
        """Have the loop look by itself before long, whatever the threads do."""
        if self._keeps and self._look is None and self._is_awaited():
            self._look = self.loop.call_later(LONGEST_KEPT_SECONDS, self._look_after)

    def _look_after(self) -> None:
        self._look = None
        self._settle()
        self.look_later()

    def _settle(self) -> None:
        self._is_called = False  # first: what comes from now on may find that all has been taken
        while self._ready:
            self._ready.popleft()()


class _Threads:
    """Threads that do what is handed to them: concurrent.futures takes three times as long to hand it over and back (docs/adr/0001)."""

    def __init__(self, name: str, count: int, *, before_waiting: Callable[[], None]) -> None:
        """before_waiting: called by a thread that has nothing to do any more."""
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads = [Thread(target=self._work, name=f"{name}-{number}", daemon=True) for number in range(count)]
        self._before_waiting = before_waiting
        self._are_started = False

    def do(self, job: Callable[[], None]) -> None:
        """Have it done. Nobody learns what it raises."""
        if not self._are_started:
            self._are_started = True
            for thread in self._threads:
                thread.start()
        self._jobs.put(job)

    def close(self) -> None:
        """Return when everything is done that was handed over before."""
        if self._are_started:
            for _thread in self._threads:
                self._jobs.put(None)
            for thread in self._threads:
                thread.join()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            with suppress(BaseException):  # a thread that died of it would be missed by everybody
                job()
            del job

    def _next(self) -> Callable[[], None] | None:
        if self._jobs.empty():
            self._before_waiting()
        return self._jobs.get()


def available_cores() -> int:
    """Those that this process may run on: a container or a service may be kept to some of the machine's."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def hash_threads_of_a_worker(cores: int, workers: int) -> int:
    """The cores are shared among the workers; each hashes on at least one."""
    return max(1, cores // workers)


def threads_of_a_worker(cores: int, workers: int, *, single_writer: bool) -> int:
    """How many threads of one worker may each hold a connection to the database."""
    return PAGE_THREADS + single_writer + hash_threads_of_a_worker(cores, workers) + SIGN_IN_THREADS_BEYOND_HASHES


@dataclass(frozen=True, slots=True)
class Pools:
    """Pages, the forms that people send, and the use cases that hash passwords: a storm of sign-ins must not stop the pages."""

    page: Pool
    form: Pool
    sign_in: Pool
    hash_threads: int

    @classmethod
    def for_cores(cls, cores: int, workers: int, *, single_writer: bool, now: Callable[[], float] = stopwatch) -> Self:
        """The pools of one of the workers on so many cores.

        single_writer: the database lets one write at a time. Forms then stand in line for a thread, instead of with
        a thread each for their turn to write (docs/adr/0019). Otherwise they are pages like others.
        """
        hash_threads = hash_threads_of_a_worker(cores, workers)
        sign_in_threads = hash_threads + SIGN_IN_THREADS_BEYOND_HASHES
        page = Pool("page", PAGE_THREADS)
        form = Pool("form", 1, most_waiting=MOST_FORMS_WAITING, patience_seconds=PATIENCE_SECONDS, keeps_answers=True, now=now)
        return cls(
            page=page,
            form=form if single_writer else page,
            sign_in=Pool("sign-in", sign_in_threads, most_waiting=MOST_WAITING_TO_SIGN_IN, patience_seconds=PATIENCE_SECONDS, now=now),
            hash_threads=hash_threads,
        )

    @property
    def by_name(self) -> dict[str, Pool]:
        """Each of them once."""
        own = {} if self.form is self.page else {"form": self.form}
        return {"page": self.page, **own, "sign_in": self.sign_in}

    @property
    def threads(self) -> int:
        """How many threads may each hold a connection to the database."""
        return sum(pool.threads for pool in self.by_name.values())

    def close(self) -> None:
        """End them."""
        for pool in self.by_name.values():
            pool.close()
