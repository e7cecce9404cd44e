r"""Which topic a message is about: words, and phrases whose words stand in it in a row.

A word is a run of letters, marks and digits (Unicode categories L, M, N). Python's \w leaves the marks out, and so cuts Hindi
words apart. The time grows with the length of a message alone, whatever stands in it.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache
from typing import Final

from xpressbot.chat.scripts.script import Starts, Topic

_MOST_MARKS: Final = 30
"""UAX 15, section 13: no real text has more in a row, and sorting them takes time that grows with the square of their number."""
_ASCII: Final = "".join(chr(code).lower() if chr(code).isalnum() else " " for code in range(128))


class _Kind(Enum):
    LATIN = auto()
    OTHER_WORD = auto()
    MARK = auto()
    UNSEEN = auto()
    """What shows nothing of its own or only frames what it stands on: joiners, soft hyphens, selectors of emoji, key caps."""
    BETWEEN_WORDS = auto()


@dataclass(slots=True)
class _Node:
    """What may follow the words up to here, and the first topic that has a phrase of just these."""

    following: "dict[str, _Node]" = field(default_factory=dict)
    topic: int | None = None


def words(text: str) -> tuple[str, ...]:
    """The words of a text as they are compared: NFKC, case folded, Latin letters without accents, without what is not seen."""
    if text.isascii():
        return tuple(text.translate(_ASCII).split())
    folded = unicodedata.normalize("NFKC", "".join(_with_bounded_marks(text))).casefold()
    return tuple("".join(_comparable(unicodedata.normalize("NFD", folded))).split())


def matching_topic(topics: Sequence[Topic], text: str) -> Topic | None:
    """The topic with a phrase that stands in the text: of several the one with the most words, of these the first."""
    first, written = _phrases(tuple(topic.starts for topic in topics)), words(text)
    longest, best = 0, len(topics)
    for start in range(len(written)):
        node, end = first, start
        while end < len(written) and (following := node.following.get(written[end])) is not None:
            node, end = following, end + 1
            if node.topic is not None and (start - end, node.topic) < (-longest, best):
                longest, best = end - start, node.topic
    return topics[best] if longest else None


@lru_cache(maxsize=64)
def _phrases(starts: tuple[Starts, ...]) -> _Node:
    first = _Node()
    for topic, start in enumerate(starts):
        for phrase in start.phrases:
            node = first
            for word in words(phrase):
                node = node.following.setdefault(word, _Node())
            if node is not first and node.topic is None:
                node.topic = topic
    return first


def _with_bounded_marks(text: str) -> Iterator[str]:
    row = 0
    for character in text:
        row = row + 1 if unicodedata.combining(character) else 0
        if row <= _MOST_MARKS:
            yield character


def _comparable(text: str) -> Iterator[str]:
    is_on_latin = False
    for character in text:
        match _kind(character):
            case _Kind.MARK:
                if not is_on_latin:
                    yield character
            case _Kind.UNSEEN:
                pass
            case _Kind.BETWEEN_WORDS:
                is_on_latin = False
                yield " "
            case kind:
                is_on_latin = kind is _Kind.LATIN
                yield character


@lru_cache(maxsize=4096)
def _kind(character: str) -> _Kind:
    category = unicodedata.category(character)
    if category in {"Cf", "Me"} or "\ufe00" <= character <= "\ufe0f":
        return _Kind.UNSEEN
    if category.startswith("M"):
        return _Kind.MARK
    if category.startswith("L") and unicodedata.name(character, "").startswith("LATIN "):
        return _Kind.LATIN
    return _Kind.OTHER_WORD if category[0] in "LN" else _Kind.BETWEEN_WORDS
