"""The one place that draws random bytes (ASVS 11.5.1)."""

import secrets


class SystemEntropy:
    """The operating system's cryptographic generator."""

    def token_bytes(self, length: int) -> bytes:
        """Return `length` unpredictable bytes."""
        return secrets.token_bytes(length)
