"""HOTP values (RFC 4226)."""

import hashlib
import hmac
from typing import Final

DIGITS: Final = 6


def hotp(secret: bytes, counter: int, digits: int = DIGITS) -> str:
    """Return the HOTP value of `counter` (RFC 4226 section 5.3), zero-padded to `digits`.

    HMAC-SHA-1, because the authenticator apps people have ignore any other algorithm.
    """
    mac = hmac.digest(secret, counter.to_bytes(8, "big"), hashlib.sha1)
    offset = mac[-1] & 0x0F
    truncated = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(truncated % 10**digits).zfill(digits)
