"""Bearer tokens: 256 random bits for the browser, their SHA-256 for the database."""

import base64
import hashlib
import re
from dataclasses import dataclass, field
from typing import Final, Self

TOKEN_BYTES: Final = 32
_CANONICAL: Final = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
"""43 characters of six bits each; the last two bits must be zero."""


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer secret. Its text form goes to the bearer once; only `digest` is ever stored.

    A plain SHA-256 is enough, as 256 random bits cannot be searched (ASVS 11.5.1); a copy of the database
    therefore opens no session.
    """

    secret: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str | None) -> Self | None:
        """Read the text form; anything but the one canonical spelling of 32 bytes is no token at all."""
        if text is None or _CANONICAL.fullmatch(text) is None:
            return None
        return cls(base64.urlsafe_b64decode(text + "="))

    @property
    def text(self) -> str:
        """URL-safe base64 without padding, 43 characters."""
        return base64.urlsafe_b64encode(self.secret).rstrip(b"=").decode("ascii")

    @property
    def digest(self) -> bytes:
        """The stored form."""
        return hashlib.sha256(self.secret).digest()
