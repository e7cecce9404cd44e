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
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final, Self, TypeVar

from xpressbot.foundation.metrics import stopwatch

PAGE_THREADS: Final = 8
SIGN_IN_THREADS_BEYOND_HASHES: Final = 2
MOST_WAITING_TO_SIGN_IN: Final = 64
MOST_FORMS_WAITING: Final = 256
PATIENCE_SECONDS: Final = 15
"""How long forms wait for a thread, where they wait for others that write or hash."""
RETRY_AFTER_SECONDS: Final = 5
LONGEST_KEPT_SECONDS: Final = 0.01
"""A form's answer goes to the event loop after so long, whatever its thread does."""
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
        longest_kept_seconds: float | None = None,
        now: Callable[[], float] = stopwatch,
    ) -> None:
        """most_waiting: how many may wait for a thread. patience_seconds: how long one may; what has waited longer is not begun.

        longest_kept_seconds: for so long, answers stay with their thread until it is about to wait (docs/adr/0021). Without it they
        go to the event loop at once.
        """
        self.threads = threads
        self._patience_seconds = math.inf if patience_seconds is None else patience_seconds
        self._longest_kept_seconds = longest_kept_seconds
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
        """Let the event loop have the answers that are ready. From any thread that is about to wait, and needs no interpreter meanwhile."""
        if self._way_back is not None:
            self._way_back.hand_back()

    def close(self) -> None:
        """Let the threads finish what they do and what waits, and end."""
        self._threads.close()

    def _hand_over(self, work: Callable[[], T], *, begin_by: float) -> "asyncio.Future[T]":
        way_back, context = self._way_back_to(asyncio.get_running_loop()), contextvars.copy_context()
        way_back.set_timer()
        answer: asyncio.Future[T] = way_back.loop.create_future()

        def job() -> None:
            if answer.cancelled():
                return
            if self._now() > begin_by:
                way_back.put(answer, partial(answer.set_exception, PoolBusyError()))
                return
            try:
                result = context.run(work)
            except BaseException as error:  # noqa: BLE001  # whoever waits decides about it
                way_back.put(answer, partial(answer.set_exception, _raisable(error)))
            else:
                way_back.put(answer, partial(answer.set_result, result))

        self._threads.do(job)
        return answer

    def _way_back_to(self, loop: asyncio.AbstractEventLoop) -> "_WayBack":
        if self._way_back is None or self._way_back.loop is not loop:
            self._way_back = _WayBack(loop, self._longest_kept_seconds, is_awaited=lambda: self._inside > 0)
        return self._way_back


class _WayBack:
    """Answers on their way from threads to the event loop that waits for them."""

    def __init__(self, loop: asyncio.AbstractEventLoop, longest_kept_seconds: float | None, *, is_awaited: Callable[[], bool]) -> None:
        """is_awaited: whether anybody on the loop waits for an answer."""
        self.loop = loop
        self._longest_kept_seconds = longest_kept_seconds
        self._is_awaited = is_awaited
        self._ready: deque[tuple[asyncio.Future[Any], Callable[[], None]]] = deque()
        self._has_timer = False

    def put(self, answer: "asyncio.Future[Any]", settle: Callable[[], None]) -> None:
        """Take an answer from a thread, and what settles it."""
        self._ready.append((answer, settle))
        if self._longest_kept_seconds is None:
            self.hand_back()

    def hand_back(self) -> None:
        """Have the loop settle what is ready. If it has ended, nobody waits any more."""
        if self._ready:
            with suppress(RuntimeError):
                self.loop.call_soon_threadsafe(self._settle_ready)

    def set_timer(self) -> None:
        """On the loop: have it look by itself for as long as somebody waits."""
        if self._longest_kept_seconds is not None and not self._has_timer:
            self._has_timer = True
            self.loop.call_later(self._longest_kept_seconds, self._on_timer)

    def _on_timer(self) -> None:
        self._has_timer = False
        self._settle_ready()
        if self._is_awaited():
            self.set_timer()

    def _settle_ready(self) -> None:
        while self._ready:
            answer, settle = self._ready.popleft()
            if not answer.done():
                settle()


def _raisable(error: BaseException) -> BaseException:
    """What a future takes: it refuses StopIteration, which would end the coroutine that waits for it."""
    if not isinstance(error, StopIteration):
        return error
    raisable = RuntimeError("StopIteration was raised")
    raisable.__cause__ = error
    return raisable


class _Threads:
    """Threads that do what is handed to them: concurrent.futures takes three times as long to hand it over and back (docs/adr/0001)."""

    def __init__(self, name: str, count: int, *, before_waiting: Callable[[], None]) -> None:
        """before_waiting: called by a thread before it waits for something to do."""
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
        try:
            return self._jobs.get_nowait()
        except Empty:
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
        form = page
        if single_writer:
            form = Pool(
                "form",
                1,
                most_waiting=MOST_FORMS_WAITING,
                patience_seconds=PATIENCE_SECONDS,
                longest_kept_seconds=LONGEST_KEPT_SECONDS,
                now=now,
            )
        return cls(
            page=page,
            form=form,
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
