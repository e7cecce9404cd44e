"""Argon2id on threads of its own."""

import time
from typing import Final

from argon2 import PasswordHasher as Argon2
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from xpressbot.foundation.threads.hash_threads import HashFigures, HashThreads

_SHORTEST_PATIENCE_SECONDS: Final = 1.0
_HASHES_OF_PATIENCE: Final = 20


class PasswordHasher:
    """Slow, salted hashes of normalised passwords. Never called while a transaction is open.

    Hashes run on `threads` threads and nowhere else, which yield to all others.
    """

    def __init__(self, *, memory_kib: int, iterations: int, threads: int, filler: bytes, figures: HashFigures | None = None) -> None:
        self._argon2 = Argon2(time_cost=iterations, memory_cost=memory_kib, parallelism=1)
        began = time.thread_time()
        self._filler_hash = self._argon2.hash(filler, salt=filler[:16])
        patience = max(_SHORTEST_PATIENCE_SECONDS, _HASHES_OF_PATIENCE * (time.thread_time() - began))
        self._threads = HashThreads(threads, patience_seconds=patience, figures=figures or HashFigures())

    def hash(self, password: str) -> str:
        return self._threads.run(lambda: self._argon2.hash(password))

    def verify(self, password_hash: str, password: str) -> bool:
        return self._threads.run(lambda: self._verify(password_hash, password))

    def verify_without_account(self, password: str) -> None:
        """Take as long as `verify` does, for an address that has no account."""
        self.verify(self._filler_hash, password)

    def needs_renewal(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than those in force."""
        return self._argon2.check_needs_rehash(password_hash)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._argon2.verify(password_hash, password)
        except VerifyMismatchError:
            return False
        except (VerificationError, InvalidHashError) as error:
            raise RuntimeError("a stored password hash is damaged") from error
