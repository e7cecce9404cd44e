"""What people write, as it is kept: checked and brought into one form before anything is stored."""

import unicodedata
from enum import StrEnum
from typing import Final

MAX_LENGTH: Final = 4096
"""Of a message, in code points. WhatsApp and Telegram take no longer one."""
_KEPT_CONTROLS: Final = "\n\t"


class TextProblem(StrEnum):
    """Why a text is no message."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    MALFORMED = "malformed"
    """It has half of a surrogate pair, which no encoding can carry on."""


def message_text(typed: str) -> str | TextProblem:
    """The text as it is kept: NFC, lines ended by LF, without control characters but LF and TAB, and without blank ends."""
    if len(typed) > 2 * MAX_LENGTH:
        return TextProblem.TOO_LONG
    if any("\ud800" <= character <= "\udfff" for character in typed):
        return TextProblem.MALFORMED
    lines = typed.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(character for character in lines if character in _KEPT_CONTROLS or unicodedata.category(character) != "Cc")
    text = unicodedata.normalize("NFC", kept).strip()
    if not text:
        return TextProblem.EMPTY
    return text if len(text) <= MAX_LENGTH else TextProblem.TOO_LONG
