"""One line of text that people typed and others will read: a name, a reason."""

import unicodedata
from typing import Final

MOST_TYPED: Final = 1024
"""Longer text is refused unread: composing it takes time that grows with the square of its length."""
_BLANKS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs that show nothing, although their category says otherwise."""
_TURNS: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def normalise_line(text: str, *, max_length: int) -> str | None:
    """Return the line as it is kept (NFC, white space collapsed), or None if it shows nothing, is too long or has control characters."""
    if len(text) > MOST_TYPED:
        return None
    line = unicodedata.normalize("NFC", " ".join(text.split()))
    return line if len(line) <= max_length and is_printable(line) and _shows_something(line) else None


def is_printable(text: str) -> bool:
    """No control, surrogate, unassigned or private-use character, and none that turns the reading direction about."""
    return not any(
        unicodedata.category(character) in {"Cc", "Cs", "Cn", "Co"} or unicodedata.bidirectional(character) in _TURNS for character in text
    )


def shows_nothing(character: str) -> bool:
    """Whether a character takes no part in what is seen, beyond joining others or a blank."""
    return unicodedata.category(character) == "Cf" or character in _BLANKS


def _shows_something(text: str) -> bool:
    """Whether there is more in it than spaces and characters that only join or mark others."""
    return any(unicodedata.category(character) not in {"Zs", "Mn", "Me"} and not shows_nothing(character) for character in text)
