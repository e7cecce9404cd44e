"""Threads that hash passwords while nothing else wants their core, and insist on a share of it where that would be never."""

import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final, Generic, TypeVar

from xpressbot.foundation.metrics import stopwatch

NICENESS: Final = 10
INSISTING_FOR: Final = 20
"""Hashes that insist after one that had waited for too long."""

T = TypeVar("T")


def _ignore(_figure: float) -> None:
    """The figure is not wanted."""


@dataclass(frozen=True, slots=True)
class HashFigures:
    """Takes how many more or fewer hashes are asked for and not done, the seconds that each waited, and those of a core it took."""

    waiting: Callable[[float], object] = _ignore
    waited: Callable[[float], object] = _ignore
    ran: Callable[[float], object] = _ignore


@dataclass(frozen=True, slots=True)
class _Done(Generic[T]):
    """What came of a piece of work, when it began, and how many seconds of a core it took."""

    result: T
    began: float
    computed: float


class HashThreads:
    """As many as are given hash at once, and yield to everything else (ASVS 15.2.2).

    A thread of low priority keeps its core for milliseconds after another thread wants it; one of Linux's SCHED_IDLE gives it up at
    once, but gets next to nothing of a core that is never free. So work that is not done after `patience_seconds` is begun anew on
    threads of low priority, and so are the next INSISTING_FOR pieces. Several threads count these down; a few more do no harm.
    """

    def __init__(self, count: int, *, patience_seconds: float, figures: HashFigures) -> None:
        self._yielding = ThreadPoolExecutor(count, thread_name_prefix="hash-yielding", initializer=_yield_at_once)
        self._insisting = ThreadPoolExecutor(count, thread_name_prefix="hash-insisting", initializer=_lower_priority)
        self._patience_seconds = patience_seconds
        self._figures = figures
        self._to_insist = 0

    def run(self, work: Callable[[], T]) -> T:
        """Have it done, perhaps twice, and wait for it.

        What is noted of it is noted by the thread that waits: one that yields must hold no lock that others want.
        """
        asked = stopwatch()
        self._figures.waiting(1)
        try:
            done = self._done(partial(_computed, work))
        finally:
            self._figures.waiting(-1)
        self._figures.waited(done.began - asked)
        self._figures.ran(done.computed)
        return done.result

    def _done(self, work: Callable[[], _Done[T]]) -> _Done[T]:
        if self._to_insist > 0:
            self._to_insist -= 1
            return self._insisting.submit(work).result()
        yielding = self._yielding.submit(work)
        with suppress(TimeoutError):
            return yielding.result(self._patience_seconds)
        yielding.cancel()
        self._to_insist = INSISTING_FOR
        return self._insisting.submit(work).result()


def _computed(work: Callable[[], T]) -> _Done[T]:
    began, computed = stopwatch(), time.thread_time()
    result = work()
    return _Done(result, began, time.thread_time() - computed)


def _yield_at_once() -> None:
    """Let this thread have a core only while no other thread wants it. Where that cannot be asked for, it hashes at low priority."""
    if sys.platform == "linux":
        try:
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        except OSError:  # a sandbox forbids it, or a C library or kernel does not know it
            _lower_priority()


def _lower_priority() -> None:
    """Of this thread. Where that is not to be had, too, it hashes at the usual one."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
