"""Bearer tokens: 256 random bits for the browser, their SHA-256 for the database."""

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from typing import Final, Self

TOKEN_BYTES: Final = 32
_TEXT_LENGTH: Final = 43


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
        if text is None or len(text) != _TEXT_LENGTH:
            return None
        try:
            secret = base64.b64decode(text.encode("ascii") + b"=", altchars=b"-_", validate=True)
        except (UnicodeEncodeError, binascii.Error):
            return None
        token = cls(secret)
        return token if token.text == text else None

    @property
    def text(self) -> str:
        """URL-safe base64 without padding, 43 characters."""
        return base64.urlsafe_b64encode(self.secret).rstrip(b"=").decode("ascii")

    @property
    def digest(self) -> bytes:
        """The stored form."""
        return hashlib.sha256(self.secret).digest()
