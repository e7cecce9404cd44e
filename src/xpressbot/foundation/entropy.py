"""Random bytes (ASVS 11.5.1). Nothing else draws them."""

import secrets
from typing import Protocol


class Entropy(Protocol):
    """A source of unpredictable bytes."""

    def token_bytes(self, length: int) -> bytes:
        """Return `length` unpredictable bytes."""


class SystemEntropy:
    """The operating system's cryptographic generator."""

    def token_bytes(self, length: int) -> bytes:
        return secrets.token_bytes(length)
