"""Identifiers of rows: random enough to be unguessable, ordered enough to keep an index compact."""

import re
from typing import Final

from xpressbot.foundation.times import MILLISECOND

ENTROPY_BYTES: Final = 10
IDENTIFIER_LENGTH: Final = 32
"""Hexadecimal digits."""
_DIGITS: Final = re.compile(f"[0-9a-f]{{{IDENTIFIER_LENGTH}}}")


def identifier(now: int, entropy: bytes) -> str:
    """Return 32 hexadecimal digits: 48 bits of milliseconds, then 80 bits of entropy (the layout idea of RFC 9562, UUID version 7)."""
    if len(entropy) != ENTROPY_BYTES:
        raise ValueError(f"an identifier takes {ENTROPY_BYTES} bytes of entropy, not {len(entropy)}")
    return f"{now // MILLISECOND:012x}{entropy.hex()}"


def bound_of_identifiers(made_by: int) -> str:
    """What every identifier made at `made_by` or before sorts before; one of a later millisecond does not.

    With it, rows of a certain age are a range of the primary key, and need no index of their own.
    """
    return f"{max(0, made_by // MILLISECOND + 1):012x}{'0' * 2 * ENTROPY_BYTES}"


def is_identifier(text: str) -> bool:
    """Whether a text is spelt as identifiers are."""
    return _DIGITS.fullmatch(text) is not None
