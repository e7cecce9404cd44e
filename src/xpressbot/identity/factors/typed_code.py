"""Codes as people type, dictate, copy and paste them: in any script's digits, with any spaces and dashes."""

import unicodedata
from typing import Final

from xpressbot.foundation.text import MOST_TYPED, is_ignorable

SPACE: Final = " "
DASH: Final = "-"
QUOTE: Final = '"'
_OTHER_DASHES: Final = frozenset("\u2053\u207b\u208b\u2212")
"""What PropList.txt counts as Dash besides the category Pd."""
_OTHER_QUOTES: Final = frozenset("\"'`\u00b4\u201a\u201e\u2039\u203a\u00ab\u00bb")
_QUOTE_CATEGORIES: Final = frozenset({"Pi", "Pf"})


def plain(text: str) -> str:
    """Return the same with ASCII digits, capitals, DASH, QUOTE and single SPACEs for all of their kind, and without what shows nothing.

    Anything else stays as it is, so that it can be refused. Of what is longer than MOST_TYPED nothing is left.
    """
    if len(text) > MOST_TYPED:
        return ""
    seen = "".join(character for character in text if not is_ignorable(character))
    return "".join(map(_plain, SPACE.join(seen.split())))


def _plain(character: str) -> str:
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)
    category = unicodedata.category(character)
    if category == "Pd" or character in _OTHER_DASHES:
        return DASH
    if category in _QUOTE_CATEGORIES or character in _OTHER_QUOTES:
        return QUOTE
    # Full-width letters and points; but ß is no two letters of a code, and ² no digit.
    same = unicodedata.normalize("NFKC", character).upper()
    return same if len(same) == 1 and not same.isdigit() else character
