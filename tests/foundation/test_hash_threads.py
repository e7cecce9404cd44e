"""The threads that hash: they yield at once, stop yielding where they would never run, and work where neither is allowed."""

import errno
import os
import threading
from collections.abc import Callable, Iterator

import pytest

from xpressbot.foundation.threads.hash_threads import INSISTING_FOR, NICENESS, HashFigures, HashThreads
from xpressbot.identity.passwords.hasher import PasswordHasher

USUAL = os.getpriority(os.PRIO_PROCESS, 0)
YIELDING = (os.SCHED_IDLE, USUAL)
INSISTING = (os.SCHED_OTHER, NICENESS)
AS_USUAL = (os.SCHED_OTHER, USUAL)


def manners() -> tuple[int, int]:
    """How this thread asks for a core."""
    return os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def refusing(number: int) -> Callable[..., None]:
    def refuse(*_arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


class Starved:
    """Work that a yielding thread does not get to, until it is released."""

    def __init__(self) -> None:
        self._released = threading.Event()

    def __call__(self) -> tuple[int, int]:
        if os.sched_getscheduler(0) == os.SCHED_IDLE:
            self._released.wait(60)
        return manners()

    def release(self) -> None:
        """Let it go on."""
        self._released.set()


@pytest.fixture
def starved() -> Iterator[Starved]:
    work = Starved()
    yield work
    work.release()


def hash_threads(count: int = 1, *, patience_seconds: float = 30, figures: HashFigures | None = None) -> HashThreads:
    return HashThreads(count, patience_seconds=patience_seconds, figures=figures or HashFigures())


def test_a_hash_has_a_core_while_no_other_thread_wants_it() -> None:
    """A request that asks for something else meanwhile does not even wait for a slice of time to end."""
    assert hash_threads().run(manners) == YIELDING


def test_a_hash_that_gets_no_core_insists_on_a_share(starved: Starved) -> None:
    """And so do those after it for a while, which are spared the wait."""
    threads = hash_threads(patience_seconds=0.01)
    assert threads.run(starved) == INSISTING
    assert {threads.run(manners) for _next in range(INSISTING_FOR)} == {INSISTING}
    starved.release()
    assert threads.run(manners) == YIELDING


def test_a_hash_whose_turn_does_not_come_insists_too(starved: Starved) -> None:
    """It is done once, and counted once."""
    waiting: list[float] = []
    ran: list[float] = []
    began = threading.Event()

    def begin() -> object:
        began.set()
        return starved()

    threads = hash_threads(patience_seconds=0.2, figures=HashFigures(waiting=waiting.append, ran=ran.append))
    first = threading.Thread(target=threads.run, args=[begin])
    first.start()
    assert began.wait(60)
    done = []
    threads.run(lambda: done.append(1))
    first.join()
    starved.release()
    assert len(ran) == 2
    while threads.run(manners) != YIELDING:
        pass  # the thread that yields takes up work in the order in which it was asked for: nothing earlier is left
    assert done == [1]
    assert sum(waiting) == 0


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOSYS, errno.EINVAL], ids=errno.errorcode.get)
@pytest.mark.parametrize(
    ("refused", "left"), [(["sched_setscheduler"], INSISTING), (["sched_setscheduler", "setpriority"], AS_USUAL)], ids=["one", "both"]
)
def test_passwords_are_hashed_where_a_service_may_not_lower_priorities(
    refused: list[str], left: tuple[int, int], number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sandbox forbids it, a C library or a kernel does not know it; sign-ins go on as politely as can be."""
    for name in refused:
        monkeypatch.setattr(os, name, refusing(number))
    assert hash_threads().run(manners) == left
    hasher = PasswordHasher(memory_kib=8, iterations=1, threads=1, filler=bytes(32))
    assert hasher.verify(hasher.hash("a password"), "a password")
