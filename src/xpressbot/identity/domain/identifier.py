"""Identifiers of rows: random enough to be unguessable, ordered enough to keep an index compact."""

from typing import Final

ENTROPY_BYTES: Final = 10


def identifier(now: int, entropy: bytes) -> str:
    """Return 32 hexadecimal digits: 48 bits of milliseconds, then 80 bits of entropy (the layout idea of RFC 9562, UUID version 7)."""
    if len(entropy) != ENTROPY_BYTES:
        raise ValueError(f"an identifier takes {ENTROPY_BYTES} bytes of entropy, not {len(entropy)}")
    return f"{now // 1000:012x}{entropy.hex()}"
