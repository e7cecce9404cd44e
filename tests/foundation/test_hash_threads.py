"""The threads that hash: low in priority where that is allowed, and at work where it is not."""

import errno
import os

import pytest

from xpressbot.identity.adapters.password_hasher import Argon2Hasher


def test_passwords_are_hashed_where_a_service_may_not_lower_priorities(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sandbox answers EPERM; sign-ins go on at the usual priority."""
    refused = []

    def refuse(*_arguments: int) -> None:
        refused.append(1)
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "setpriority", refuse)
    hasher = Argon2Hasher(memory_kib=8, iterations=1, threads=1, filler=bytes(32))
    assert hasher.verify(hasher.hash("a password"), "a password")
    assert refused == [1]
