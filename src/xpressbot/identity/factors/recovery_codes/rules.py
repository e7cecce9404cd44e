"""Recovery codes: look-up secrets (ASVS 6.5) that sign in when the authenticator is gone."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from xpressbot.identity.factors.typed_code import DASH, QUOTE, SPACE, plain

CODES_IN_A_SET: Final = 10
FEW_CODES: Final = 3
"""From this many unused codes on, sign-in and settings warn."""
ENTROPY_BYTES: Final = 10
"""80 bits a code (NIST SP 800-63B-4 section 4.2.1.1 asks for 64)."""
LENGTH: Final = 16
_GROUP: Final = 4
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FORGIVEN: Final = str.maketrans({"O": "0", "I": "1", "L": "1", SPACE: "", DASH: "", "_": ""})
_AROUND: Final = f"[{SPACE}{QUOTE}]*"
_WITHIN: Final = f"[{SPACE}_{DASH}]*"
_LINE: Final = re.compile(
    rf"{_AROUND}(?:[0-9]{{1,2}}[.):]{_AROUND})?({_WITHIN}(?:[0-9A-Z]{_WITHIN}){{{LENGTH}}}){_AROUND}(?:\([^()0-9]*\){_AROUND})?"
)
"""A code with the number before it and the remark in brackets after it, as our list and file have them."""


@dataclass(frozen=True, slots=True)
class RecoveryCode:
    """One code of a set as it is stored.

    digest: keyed HMAC that verifies. shown_copy: encrypted copy for viewing, None once the installation has dropped it.
    """

    id: str
    position: int
    digest: bytes
    shown_copy: bytes | None
    used_at: int | None
    used_agent: str | None


@dataclass(frozen=True, slots=True)
class RecoveryCodeSet:
    """The codes made together, in the session that made them. saved_at is when its owner pressed "Continue"."""

    id: str
    session_id: str
    saved_at: int | None
    codes: tuple[RecoveryCode, ...]

    @property
    def unused(self) -> int:
        """How many codes are left."""
        return sum(code.used_at is None for code in self.codes)


class SavedCode(StrEnum):
    """What a saved code is worth."""

    GOOD = "good"
    USED = "used"
    UNKNOWN = "unknown"


def code_from(entropy: bytes) -> str:
    """Return the canonical 16 Crockford base32 characters of 80 random bits."""
    if len(entropy) != ENTROPY_BYTES:
        raise ValueError(f"a recovery code takes {ENTROPY_BYTES} bytes of entropy, not {len(entropy)}")
    bits = int.from_bytes(entropy, "big")
    return "".join(_ALPHABET[(bits >> (5 * place)) & 0x1F] for place in reversed(range(LENGTH)))


def parse_code(text: str) -> str | None:
    """Return the canonical code that a person typed or copied, or None for a shape that can be no code.

    Spaces, dashes, quotes, width and case are forgiven, and so are O for 0 and I or L for 1. A line of a printed list is taken
    whole: "3. XXXX-XXXX-XXXX-XXXX (used)".
    """
    line = _LINE.fullmatch(plain(text))
    code = line[1].translate(_FORGIVEN) if line else ""
    return code if code and all(character in _ALPHABET for character in code) else None


def grouped(code: str) -> str:
    """The code as it is shown and printed: four groups of four."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))
