"""Bounded JSON as values that know their place in it. Whatever a file holds, reading it ends with a value or with a refusal."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NoReturn, TypeVar

from xpressbot.chat.scripts.script import Place

E = TypeVar("E", bound=StrEnum)

MOST_NESTING: Final = 64
"""Brackets within brackets. A script of format 1 has at most 17."""
_MOST_DIGITS: Final = 9
_MAX_SHOWN_LENGTH: Final = 40
"""What a refusal repeats of a name that stands in the file."""
_BRACKETS: Final = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|(?P<opening>[\[{])|(?P<closing>[\]}])', re.DOTALL)
"""A text that is not closed goes up to the end of the file, so that each character is looked at once."""
_NOT_IN_TEXT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_NOT_IN_LINE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class Unreadable(StrEnum):
    """Why a file is no script. What Refused.detail holds stands in parentheses."""

    TOO_LARGE = "too_large"
    """(the most bytes)"""
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    """(the line, counted from 1)"""
    NESTED_TOO_DEEP = "nested_too_deep"
    """(the deepest nesting)"""
    UNKNOWN_FORMAT = "unknown_format"
    """(the format that is understood)"""
    UNKNOWN_KEY = "unknown_key"
    """(the key, shortened)"""
    DOUBLED_KEY = "doubled_key"
    """(the key, shortened)"""
    MISSING_KEY = "missing_key"
    """(the key)"""
    NOT_AN_OBJECT = "not_an_object"
    NOT_A_LIST = "not_a_list"
    NOT_A_TEXT = "not_a_text"
    NOT_A_NUMBER = "not_a_number"
    """(the least and the most: "1-1440")"""
    NOT_ONE_OF = "not_one_of"
    """(what it may be, separated by commas)"""
    NOT_AN_ID = "not_an_id"
    NOT_A_FIELD = "not_a_field"
    NOT_A_LANGUAGE = "not_a_language"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    """(the most characters)"""
    TOO_MANY = "too_many"
    """(the most items, or the most steps of a script)"""
    BAD_CHARACTER = "bad_character"
    """A control character or half of a surrogate pair (its code point, as U+0000)."""
    DOUBLED_ID = "doubled_id"
    """(the id)"""
    DOUBLED_START = "doubled_start"
    """A second topic that starts on what only one may (what that is)."""
    INDENTED_TOO_DEEP = "indented_too_deep"
    """(the deepest indentation)"""


@dataclass(frozen=True, slots=True)
class Refused:
    """What is wrong, and where; the first of what is. detail: see Unreadable; empty where that names none."""

    place: Place
    problem: Unreadable
    detail: str = ""


class RefusalError(Exception):
    """Carries a refusal out of the reading of a document, to whoever began it; it goes no further."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused)
        self.refused: Final = refused


@dataclass(frozen=True, slots=True)
class _Object:
    """An object of JSON with its keys as they stand there, also those that stand there twice."""

    pairs: tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True)
class _OtherNumber:
    """A number that no script has: with a fraction or an exponent, with many digits, NaN or an infinity."""


@dataclass(frozen=True, slots=True)
class JsonValue:
    """A value and its place. Each method gives it as what is expected there, and raises RefusalError if it is something else."""

    value: object
    place: Place

    def refuse(self, problem: Unreadable, detail: object = "") -> NoReturn:
        """End the reading at this place."""
        raise RefusalError(Refused(self.place, problem, str(detail)))

    def parts(self, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> "dict[str, JsonValue]":
        """The values of an object that has all the required keys and none but these and the optional ones."""
        found: dict[str, JsonValue] = {}
        for key, value in self._pairs():
            if key not in required and key not in optional:
                self.refuse(Unreadable.UNKNOWN_KEY, _shown(key))
            if key in found:
                self.refuse(Unreadable.DOUBLED_KEY, _shown(key))
            found[key] = JsonValue(value, self.place.within(key))
        for key in required:
            if key not in found:
                self.refuse(Unreadable.MISSING_KEY, key)
        return found

    def part(self, key: str) -> "JsonValue":
        """One value of an object that may have others."""
        found = next(((value,) for name, value in self._pairs() if name == key), None)
        if found is None:
            self.refuse(Unreadable.MISSING_KEY, key)
        return JsonValue(*found, self.place.within(key))

    def items(self, most: int, *, least: int = 0) -> "Iterator[JsonValue]":
        """The values of a list of this length."""
        if not isinstance(self.value, list):
            self.refuse(Unreadable.NOT_A_LIST)
        if len(self.value) < least:
            self.refuse(Unreadable.EMPTY)
        if len(self.value) > most:
            JsonValue(None, self.place.within(most)).refuse(Unreadable.TOO_MANY, most)
        return (JsonValue(value, self.place.within(i)) for i, value in enumerate(self.value))

    def text(self, longest: int) -> str:
        """A text, possibly empty, of so many code points. Every system's line break becomes a line feed."""
        if not isinstance(self.value, str):
            self.refuse(Unreadable.NOT_A_TEXT)
        text = self.value.replace("\r\n", "\n").replace("\r", "\n")
        self._refuse_characters(_NOT_IN_TEXT, text)
        if len(text) > longest:
            self.refuse(Unreadable.TOO_LONG, longest)
        return text

    def line(self, longest: int, *, may_be_blank: bool = False) -> str:
        """The same on one line, and not blank."""
        text = self.text(longest)
        self._refuse_characters(_NOT_IN_LINE, text)
        if not may_be_blank and not text.strip():
            self.refuse(Unreadable.EMPTY)
        return text

    def matching(self, pattern: re.Pattern[str], otherwise: Unreadable) -> str:
        """A text that the pattern matches from end to end."""
        if not isinstance(self.value, str):
            self.refuse(Unreadable.NOT_A_TEXT)
        if not pattern.fullmatch(self.value):
            self.refuse(otherwise)
        return self.value

    def one_of(self, kind: type[E]) -> E:
        """A member of the enum, by its value."""
        found = next((member for member in kind if member == self.value), None)
        if found is None:
            self.refuse(Unreadable.NOT_ONE_OF, ", ".join(kind))
        return found

    def whole_number(self, least: int, most: int) -> int:
        """An integer from the least to the most. true is none."""
        if type(self.value) is not int or not least <= self.value <= most:
            self.refuse(Unreadable.NOT_A_NUMBER, f"{least}-{most}")
        return self.value

    def _pairs(self) -> tuple[tuple[str, object], ...]:
        if not isinstance(self.value, _Object):
            self.refuse(Unreadable.NOT_AN_OBJECT)
        return self.value.pairs

    def _refuse_characters(self, pattern: re.Pattern[str], text: str) -> None:
        if found := pattern.search(text):
            self.refuse(Unreadable.BAD_CHARACTER, f"U+{ord(found[0]):04X}")


def read_json(data: bytes | str, most_bytes: int) -> JsonValue:
    """Parse JSON of at most so many bytes in UTF-8, with or without a byte order mark. Raises RefusalError for anything else."""
    document = JsonValue(None, Place())
    if len(data if isinstance(data, bytes) else data.encode(errors="surrogatepass")) > most_bytes:
        document.refuse(Unreadable.TOO_LARGE, most_bytes)
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data.removeprefix("\ufeff")
    except UnicodeDecodeError:
        document.refuse(Unreadable.NOT_UTF8)
    if _nesting(text) > MOST_NESTING:
        document.refuse(Unreadable.NESTED_TOO_DEEP, MOST_NESTING)
    try:
        value: object = json.loads(
            text,
            object_pairs_hook=lambda pairs: _Object(tuple(pairs)),
            parse_constant=lambda _: _OtherNumber(),
            parse_float=lambda _: _OtherNumber(),
            parse_int=lambda digits: int(digits) if len(digits) <= _MOST_DIGITS else _OtherNumber(),
        )
    except json.JSONDecodeError as error:
        document.refuse(Unreadable.NOT_JSON, error.lineno)
    return JsonValue(value, Place())


def _nesting(text: str) -> int:
    deepest = depth = 0
    for found in _BRACKETS.finditer(text):
        depth += (found.lastgroup == "opening") - (found.lastgroup == "closing")
        deepest = max(deepest, depth)
    return deepest


def _shown(key: str) -> str:
    """A name from the file, short and without what cannot be printed."""
    return "".join(character if character.isprintable() else "\ufffd" for character in key[:_MAX_SHOWN_LENGTH])
