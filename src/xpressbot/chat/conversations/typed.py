"""What a person has typed, as it is kept, or why it is not. Pure."""

import unicodedata
from enum import StrEnum

from xpressbot.chat.conversations.events import MAX_MESSAGE_LENGTH
from xpressbot.foundation.text import shows_something, without_controls


class TypedProblem(StrEnum):
    """Why a text is no message."""

    EMPTY = "empty"
    TOO_LONG = "too_long"


def typed(text: str) -> str | TypedProblem:
    """The text in NFC, without control characters and without white space around it. One that shows nothing is empty.

    It is measured before it is composed, too: composing takes time that grows with the square of its length. Raises ValueError for
    surrogates, which no well-formed form has.
    """
    kept = without_controls(text).strip()
    if not shows_something(kept):
        return TypedProblem.EMPTY
    if len(kept) > MAX_MESSAGE_LENGTH:
        return TypedProblem.TOO_LONG
    kept.encode()
    composed = unicodedata.normalize("NFC", kept)
    return composed if len(composed) <= MAX_MESSAGE_LENGTH else TypedProblem.TOO_LONG
