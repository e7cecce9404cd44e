"""The Unicode scripts that a text is written in, so that an operator sees what looks alike and is not."""

import unicodedata
from typing import Final

_OTHER_NAMES: Final = {"CJK": "Han", "IDEOGRAPHIC": "Han"}
_OF_SEVERAL: Final = frozenset({"MODIFIER", "KATAKANA-HIRAGANA", "HALFWIDTH", "FULLWIDTH"})
"""First words of names that say nothing of a script, or of several."""
_WRITTEN_TOGETHER: Final = (
    frozenset({"Latin", "Han", "Hiragana", "Katakana"}),
    frozenset({"Latin", "Han", "Bopomofo"}),
    frozenset({"Latin", "Han", "Hangul"}),
)
"""What one word may mix in Japanese, Chinese and Korean (UTS 39 section 5.2, "Highly Restrictive")."""


def scripts_of(text: str) -> frozenset[str]:
    """The scripts of its letters, in English: "Latin", "Cyrillic", "Han".

    unicodedata has no property Script; the names of letters begin with it.
    """
    letters = (character for character in text if unicodedata.category(character).startswith("L"))
    words = {unicodedata.name(letter, "").partition(" ")[0] for letter in letters}
    return frozenset(_OTHER_NAMES.get(word, word.capitalize()) for word in words - _OF_SEVERAL - {""})


def mixes_scripts(word: str) -> bool:
    """Whether a word is written in scripts that no language writes together, as a Cyrillic a among Latin letters."""
    scripts = scripts_of(word)
    return len(scripts) > 1 and not any(scripts <= together for together in _WRITTEN_TOGETHER)
