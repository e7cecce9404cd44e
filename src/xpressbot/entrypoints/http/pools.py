"""The thread pools of one worker. The event loop parses and hands over; everything that waits, waits here."""

import asyncio
import contextvars
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self, TypeVar

PAGE_THREADS: Final = 8
SIGN_IN_THREADS_BEYOND_HASHES: Final = 2
MOST_WAITING_TO_SIGN_IN: Final = 64
RETRY_AFTER_SECONDS: Final = 5
SWITCH_INTERVAL_SECONDS: Final = 0.001
"""How long a thread may run Python before the event loop gets its turn. By default that is longer than most requests take."""

T = TypeVar("T")


class PoolFullError(Exception):
    """So many wait already that another would only make it worse: answer 503."""


class Pool:
    """Threads with a bounded queue before them. Used from one event loop."""

    def __init__(self, name: str, threads: int, *, most_waiting: int | None = None) -> None:
        self.threads = threads
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._most_inside = None if most_waiting is None else threads + most_waiting
        self._inside = 0

    @property
    def inside(self) -> int:
        """How many are worked on or wait."""
        return self._inside

    async def run(self, work: Callable[[], T]) -> T:
        """Run `work` on a thread, with this task's context.

        Raises PoolFullError.
        """
        if self._most_inside is not None and self._inside >= self._most_inside:
            raise PoolFullError
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, contextvars.copy_context().run, work)
        finally:
            self._inside -= 1

    def begin(self, work: Callable[[], None]) -> None:
        """Have `work` done by a thread that nobody waits for. It handles its own exceptions; a pool that is closing does none."""
        with suppress(RuntimeError):
            self._threads.submit(contextvars.copy_context().run, work)

    def close(self) -> None:
        """Let the threads finish what they do, and end."""
        self._threads.shutdown()


def available_cores() -> int:
    """Those that this process may run on: a container or a service may be kept to some of the machine's."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def hash_threads_of_a_worker(cores: int, workers: int) -> int:
    """The cores are shared among the workers; each hashes on at least one."""
    return max(1, cores // workers)


def threads_of_a_worker(cores: int, workers: int) -> int:
    """How many threads of one worker may each hold a connection to the database."""
    return PAGE_THREADS + hash_threads_of_a_worker(cores, workers) + SIGN_IN_THREADS_BEYOND_HASHES


@dataclass(frozen=True, slots=True)
class Pools:
    """Pages, and the use cases that hash passwords: a storm of sign-ins must not stop the pages."""

    page: Pool
    sign_in: Pool
    threads: int
    hash_threads: int

    @classmethod
    def for_cores(cls, cores: int, workers: int) -> Self:
        """The pools of one of the workers on so many cores."""
        hash_threads = hash_threads_of_a_worker(cores, workers)
        sign_in_threads = hash_threads + SIGN_IN_THREADS_BEYOND_HASHES
        return cls(
            page=Pool("page", PAGE_THREADS),
            sign_in=Pool("sign-in", sign_in_threads, most_waiting=MOST_WAITING_TO_SIGN_IN),
            threads=threads_of_a_worker(cores, workers),
            hash_threads=hash_threads,
        )

    def close(self) -> None:
        """End both."""
        self.page.close()
        self.sign_in.close()
