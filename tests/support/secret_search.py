"""Searches logs, pages and databases for secrets: in every encoding in which one could stand there."""

import base64
import re
from collections.abc import Iterable

from xpressbot.foundation.tokens import Token


def of_bytes(name: str, secret: bytes) -> dict[str, bytes]:
    """Random bytes: raw, hexadecimal, base32, base64."""
    base64_text = base64.b64encode(secret).rstrip(b"=")
    return {
        f"{name}, raw": secret,
        f"{name}, hex": secret.hex().encode(),
        f"{name}, upper hex": secret.hex().upper().encode(),
        f"{name}, base32": base64.b32encode(secret).rstrip(b"="),
        f"{name}, base64": base64_text,
        f"{name}, url-safe": base64_text.translate(bytes.maketrans(b"+/", b"-_")),
    }


def of_token(name: str, token: Token) -> dict[str, bytes]:
    """A bearer token."""
    return of_bytes(name, token.secret)


def of_text(name: str, text: str) -> dict[str, bytes]:
    """A password, or a recovery code: as shown, as typed, as stored."""
    plain = re.sub(r"[^0-9A-Za-z]", "", text)
    return {f"{name}, {spelling!r}": spelling.encode() for spelling in (text, text.lower(), plain, plain.lower(), text.replace("-", " "))}


def found(haystack: bytes, needles: dict[str, bytes]) -> list[str]:
    """The names of the needles that are there."""
    return [name for name, needle in needles.items() if needle in haystack]


def of_codes(codes: Iterable[str]) -> dict[str, bytes]:
    """A set of recovery codes."""
    return {name: needle for number, code in enumerate(codes, start=1) for name, needle in of_text(f"recovery code {number}", code).items()}
