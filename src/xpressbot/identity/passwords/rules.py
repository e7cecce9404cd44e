"""What makes a password acceptable (NIST SP 800-63B-4 section 3.1.1.2, ASVS 6.2). Hashing is an adapter."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MAX_BYTES: Final = 1024
"""More than a person types; bounds what one try can cost."""
MAX_TYPED: Final = 2048
"""Code points before composition. Beyond it no page takes a password: composing takes time that grows with the square."""
MIN_SCORE: Final = 3
"""zxcvbn's "safely unguessable": at least 10^8 guesses."""
SCORED_CODE_POINTS: Final = 32
"""A longer password is judged by its beginning: what the estimator takes grows with the square, and a thread cannot be stopped
(docs/adr/0012)."""
PRODUCT_WORDS: Final = ("xpressbot", "xpress")
_UNTYPABLE: Final = frozenset({"Cc", "Zl", "Zp"})
_SHORTEST_CONTEXT_WORD: Final = 3

StrengthEstimator = Callable[[str], int]
"""Gives a zxcvbn score, 0 to 4."""


class PasswordWeakness(StrEnum):
    """Why a password is refused."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    CONTROL = "control"
    CONTEXT = "context"
    GUESSABLE = "guessable"
    SAME = "same"
    """It is the one that the account has. Only who hashes passwords can tell."""


@dataclass(frozen=True, slots=True)
class WeakPassword:
    """The new password is refused, and this is why."""

    weakness: PasswordWeakness
    min_length: int


def normalise(password: str) -> str:
    """Apply Unicode NFC and nothing else: the same keys pressed on another keyboard give the same password."""
    return unicodedata.normalize("NFC", password)


def context_words(*, email: str, name: str) -> frozenset[str]:
    """The words an attacker tries first for this person: product, address and name, whole and in parts."""
    texts = (*PRODUCT_WORDS, email, name, *re.split(r"\W+|_", f"{email} {name}"))
    return frozenset(word for text in texts if len(word := text.casefold()) >= _SHORTEST_CONTEXT_WORD)


def weakness_of(password: str, *, min_length: int, context: Iterable[str], strength: StrengthEstimator) -> PasswordWeakness | None:
    """Return why a normalised password is refused, or None when it is good.

    min_length counts code points. Whatever prints is welcome (NIST SP 800-63B-4 section 3.1.1.2); no field takes a control
    character or a line break, so that its owner would be locked out. Context words are taken out before the estimate, so that
    they add nothing; of what is left, the first SCORED_CODE_POINTS are scored. There are no composition rules (ASVS 6.2.5).
    """
    if len(password) < min_length:
        return PasswordWeakness.TOO_SHORT
    if len(password.encode()) > MAX_BYTES:
        return PasswordWeakness.TOO_LONG
    if any(unicodedata.category(character) in _UNTYPABLE for character in password):
        return PasswordWeakness.CONTROL
    words = sorted(context, key=len, reverse=True)
    folded = password.casefold()
    remainder = re.sub("|".join(map(re.escape, words)), "", folded) if words else folded
    scored = remainder[:SCORED_CODE_POINTS]
    if scored and strength(scored) >= MIN_SCORE:
        return None
    return PasswordWeakness.GUESSABLE if scored == folded[:SCORED_CODE_POINTS] else PasswordWeakness.CONTEXT


@dataclass(frozen=True, slots=True)
class PasswordRules:
    """What a new password is held to."""

    min_length: int
    strength: StrengthEstimator

    def refuse(self, password: str, *, email: str, name: str) -> WeakPassword | None:
        """Return the refusal of a normalised password, or None when it is good."""
        weakness = weakness_of(password, min_length=self.min_length, context=context_words(email=email, name=name), strength=self.strength)
        return None if weakness is None else WeakPassword(weakness, self.min_length)
