"""The thread pools of one worker. The event loop parses and hands over; everything that waits, waits on a thread."""

import asyncio
import math
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final, Self, TypeVar

from anyio import CapacityLimiter, to_thread

from xpressbot.foundation.metrics import stopwatch

PAGE_THREADS: Final = 8
PAGE_THREADS_WITH_SINGLE_WRITER: Final = 3
"""One makes pages, and the others are for what is slow, so that it stops no page (docs/adr/0013)."""
SLOW_AFTER_SECONDS: Final = 0.02
"""With SQLite, the next page begins when the one before is done, or has been at work for so long. Most take two milliseconds."""
SIGN_IN_THREADS_BEYOND_HASHES: Final = 2
MOST_WAITING_TO_SIGN_IN: Final = 64
MOST_FORMS_WAITING: Final = 256
CHAT_THREADS: Final = 4
"""Where the database lets several connections write at a time; otherwise one."""
MOST_MESSAGES_WAITING: Final = 256
PATIENCE_SECONDS: Final = 15
"""How long a form may wait for a thread where forms wait for others that write or hash."""
RETRY_AFTER_SECONDS: Final = 5
SWITCH_INTERVAL_SECONDS: Final = 0.0005
"""For sys.setswitchinterval: how long a thread keeps the GIL from those that wait for it. Python's own 5 ms is longer than most
requests take: the event loop would wait as long as a whole request, each time that it has something to send or to read."""

T = TypeVar("T")


class PoolBusyError(Exception):
    """So much work waits already, or this work has waited for so long, that it is not begun: answer 503."""


@dataclass(eq=False, slots=True)
class _Place:
    """Where one may be at work at a time, for as long as its work is not slow."""

    places: CapacityLimiter
    is_held: bool = True

    def leave(self) -> None:
        """Let the next one begin. The second time, nothing."""
        if self.is_held:
            self.is_held = False
            self.places.release_on_behalf_of(self)


class Pool:
    """Work on at most so many of anyio's threads at once; what comes then waits in the order in which it came.

    Used from one event loop at a time. The threads are lent by anyio, which may end one that rests: nothing is kept on a thread.
    """

    def __init__(
        self,
        threads: int,
        *,
        slow_after_seconds: float | None = None,
        most_waiting: float = math.inf,
        patience_seconds: float = math.inf,
        now: Callable[[], float] = stopwatch,
    ) -> None:
        """most_waiting: how much may wait for a thread. patience_seconds: for how long; what has waited longer is not begun.

        slow_after_seconds: if given, one work is done at a time, and another begins beside it once it has taken for so long.
        """
        self.threads = threads
        self._limiter = CapacityLimiter(threads)
        self._places = None if slow_after_seconds is None else CapacityLimiter(1)
        self._slow_after_seconds = slow_after_seconds or 0.0
        self._most_inside = threads + most_waiting
        self._patience_seconds = patience_seconds
        self._now = now
        self.inside = 0
        """How much is worked on or waits."""

    async def run(self, work: Callable[[], T]) -> T:
        """Run `work` on a thread, with this task's context. Where the task is cancelled before work has begun, it never begins.

        Raises PoolBusyError.
        """
        if self.inside >= self._most_inside:
            raise PoolBusyError
        begin_by = self._now() + self._patience_seconds

        def begin() -> T:
            if self._now() > begin_by:
                raise PoolBusyError
            return work()

        self.inside += 1
        try:
            async with self._place():
                return await to_thread.run_sync(begin, limiter=self._limiter)
        finally:
            self.inside -= 1

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        if self._places is None:
            yield
            return
        place = _Place(self._places)
        await self._places.acquire_on_behalf_of(place)
        slow = asyncio.get_running_loop().call_later(self._slow_after_seconds, place.leave)
        try:
            yield
        finally:
            slow.cancel()
            place.leave()


def available_cores() -> int:
    """Those that this process may run on: a container or a service may be kept to some of the machine's."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Pools:
    """Pages, the forms that people send, and the use cases that hash passwords: a storm of sign-ins must not stop the pages.

    Mails are handed over on a thread of their own, so that a mail server that hangs delays no request. Periodic jobs have another. What
    customers write has threads of its own as well: however many write to a bot, the forms of members wait for no more than one of them.
    Forms that may compute for seconds have one thread, and wait for each other alone.
    """

    page: Pool
    form: Pool
    slow_form: Pool
    sign_in: Pool
    mail: Pool
    job: Pool
    chat: Pool
    hash_threads: int

    @classmethod
    def for_cores(cls, cores: int, workers: int, *, single_writer: bool, now: Callable[[], float] = stopwatch) -> Self:
        """The pools of one of the workers on so many cores, which they share; each hashes on at least one.

        single_writer: the database lets one write at a time. Other forms then wait for one thread, instead of on a thread each for the
        lock of the writer (docs/adr/0013). Otherwise they are pages like others.
        """
        hash_threads = max(1, cores // workers)
        limited = partial(Pool, patience_seconds=PATIENCE_SECONDS, now=now)
        page = Pool(PAGE_THREADS_WITH_SINGLE_WRITER, slow_after_seconds=SLOW_AFTER_SECONDS) if single_writer else Pool(PAGE_THREADS)
        form = limited(1, most_waiting=MOST_FORMS_WAITING) if single_writer else page
        slow_form = limited(1, most_waiting=MOST_FORMS_WAITING)
        sign_in = limited(hash_threads + SIGN_IN_THREADS_BEYOND_HASHES, most_waiting=MOST_WAITING_TO_SIGN_IN)
        chat = limited(1 if single_writer else CHAT_THREADS, most_waiting=MOST_MESSAGES_WAITING)
        return cls(page, form, slow_form, sign_in, mail=Pool(1), job=Pool(1), chat=chat, hash_threads=hash_threads)

    @property
    def by_name(self) -> dict[str, Pool]:
        """Each of them once."""
        own = {} if self.form is self.page else {"form": self.form}
        return {
            "page": self.page,
            **own,
            "slow_form": self.slow_form,
            "sign_in": self.sign_in,
            "mail": self.mail,
            "job": self.job,
            "chat": self.chat,
        }

    @property
    def threads(self) -> int:
        """How many threads may each hold a connection to the database."""
        return sum(pool.threads for pool in self.by_name.values())
