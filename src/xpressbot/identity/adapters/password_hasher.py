"""Argon2id on threads of its own, and the strength estimate of a password."""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeVar

from argon2 import PasswordHasher as Argon2
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from xpressbot.foundation.metrics import stopwatch

_NICENESS: Final = 10

T = TypeVar("T")


def _ignore(_figure: float) -> None:
    """Nobody asks for it."""


@dataclass(frozen=True, slots=True)
class HashFigures:
    """Takes how many hashes more or fewer wait for a thread, and the seconds that each waited and ran."""

    waiting: Callable[[float], object] = _ignore
    waited: Callable[[float], object] = _ignore
    ran: Callable[[float], object] = _ignore


class Argon2Hasher:
    """Fulfils the PasswordHasher port.

    Hashes run on `threads` low-priority threads and nowhere else, so that a storm of sign-ins takes no more cores than
    that and yields to everything else (ASVS 15.2.2).
    """

    def __init__(self, *, memory_kib: int, iterations: int, threads: int, filler: bytes, figures: HashFigures | None = None) -> None:
        self._argon2 = Argon2(time_cost=iterations, memory_cost=memory_kib, parallelism=1)
        self._figures = figures or HashFigures()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="argon2", initializer=_yield_to_others)
        self._nobody = self._argon2.hash(filler, salt=filler[:16])

    def hash(self, password: str) -> str:
        return self._run(lambda: self._argon2.hash(password))

    def verify(self, password_hash: str, password: str) -> bool:
        return self._run(lambda: self._verify(password_hash, password))

    def verify_nobody(self, password: str) -> None:
        self.verify(self._nobody, password)

    def needs_renewal(self, password_hash: str) -> bool:
        return self._argon2.check_needs_rehash(password_hash)

    def _run(self, work: Callable[[], T]) -> T:
        """Have it done by a hash thread, and wait for it."""
        asked = stopwatch()

        def timed() -> T:
            began = stopwatch()
            self._figures.waiting(-1)
            self._figures.waited(began - asked)
            try:
                return work()
            finally:
                self._figures.ran(stopwatch() - began)

        self._figures.waiting(1)
        return self._threads.submit(timed).result()

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._argon2.verify(password_hash, password)
        except VerifyMismatchError:
            return False
        except (VerificationError, InvalidHashError) as error:
            raise RuntimeError("a stored password hash is damaged") from error


def _yield_to_others() -> None:
    """Lower this thread's priority. Where that is forbidden, as under some services, it hashes at the usual one."""
    if sys.platform == "linux":
        with suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
