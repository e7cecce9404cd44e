"""One line of text that people typed and others will read: a name, a reason. And what of a text can be seen."""

import re
import unicodedata
from itertools import chain
from typing import Final

MOST_TYPED: Final = 1024
"""Longer text is refused unread: composing it takes time that grows with the square of its length."""
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_IGNORABLE: Final = frozenset(
    chain(
        [0x00AD, 0x034F, 0x061C, 0x3164, 0xFEFF, 0xFFA0],
        range(0x115F, 0x1161),
        range(0x17B4, 0x17B6),
        range(0x180B, 0x1810),
        range(0x200B, 0x2010),
        range(0x202A, 0x202F),
        range(0x2060, 0x2070),
        range(0xFE00, 0xFE10),
        range(0xFFF0, 0xFFF9),
        range(0x1BCA0, 0x1BCA4),
        range(0x1D173, 0x1D17B),
        range(0xE0000, 0xE1000),
    )
)
"""Default_Ignorable_Code_Point: what shows nothing of its own where a font has no shape for it.

The ranges of https://www.unicode.org/Public/14.0.0/ucd/DerivedCoreProperties.txt, 4,174 code points; unicodedata does not have them.
"""
_JOINERS: Final = frozenset("\u200c\u200d")
_SELECTORS: Final = frozenset(map(chr, chain(range(0x180B, 0x180E), [0x180F], range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))))
"""Property Variation_Selector: each chooses a shape of the character before it."""
_TAGS: Final = frozenset(map(chr, range(0xE0020, 0xE0080)))
_BLACK_FLAG: Final = "\U0001f3f4"
"""Tags after it make the flag of a part of a country (UTS 51, emoji tag sequences)."""
_BLANK: Final = "\u2800"
"""The empty Braille pattern: a sign that shows nothing, although neither its category nor a property says so."""
_TURNS: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def normalise_line(text: str, *, max_length: int) -> str | None:
    """Return the line as it is kept (NFC, white space collapsed), or None if it shows nothing, is too long or has control characters.

    Of the ignorable characters those stay that shape what is seen: joiners (Persian and Indic names, composed emoji), variation
    selectors (emoji, Japanese names), and the tags of a flag. All others are taken out.
    """
    if len(text) > MOST_TYPED or not is_printable(typed := " ".join(text.split())):
        return None
    line = unicodedata.normalize("NFC", " ".join(_without_idle(typed).split()))
    return line if len(line) <= max_length and shows_something(line) else None


def without_controls(text: str) -> str:
    """The text without control characters (C0, DEL, C1) but TAB and LF. With CR gone, the CR LF of forms are the LF that was typed."""
    return _CONTROLS.sub("", text)


def is_printable(text: str) -> bool:
    """No control, surrogate, unassigned or private-use character, and none that turns the reading direction about."""
    return not any(
        unicodedata.category(character) in {"Cc", "Cs", "Cn", "Co"} or unicodedata.bidirectional(character) in _TURNS for character in text
    )


def is_ignorable(character: str) -> bool:
    """Whether Unicode counts a character among those that show nothing of their own."""
    return ord(character) in _IGNORABLE


def as_seen(line: str) -> str:
    """What two lines have in common that look the same: no capitals, compatibility forms and characters that show nothing."""
    visible = " ".join("".join(character for character in line if not _shows_nothing(character)).split())
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", visible).casefold())


def shows_something(text: str) -> bool:
    """Whether there is more in it than white space and characters that only join or mark others."""
    return any(
        not (character.isspace() or unicodedata.category(character) in {"Mn", "Me"} or _shows_nothing(character)) for character in text
    )


def _shows_nothing(character: str) -> bool:
    return is_ignorable(character) or unicodedata.category(character) == "Cf" or character == _BLANK


def _without_idle(text: str) -> str:
    kept = [" "]
    for character in text:
        if not is_ignorable(character) or _shapes(character, before=kept[-1]):
            kept.append(character)
    return "".join(kept)


def _shapes(character: str, *, before: str) -> bool:
    """Whether an ignorable character changes how its neighbours look."""
    seen = not is_ignorable(before) and not before.isspace()
    if character in _JOINERS:
        return seen or before in _SELECTORS
    if character in _SELECTORS:
        return seen
    return character in _TAGS and (before == _BLACK_FLAG or before in _TAGS)
