"""What is an answer to a question, as it is remembered; and whether the condition of an If holds."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from xpressbot.chat.scripts.events import Message
from xpressbot.chat.scripts.matching import words
from xpressbot.chat.scripts.number_formats import number, written_number
from xpressbot.chat.scripts.script import MAX_SAID_LENGTH, Answer, Comparison, If, Option

_MOST_WORDS_BESIDE: Final = 2
"""How many words may stand beside an option's label for a message to choose it: "the red one", but not "where is my red shirt"."""
_MAX_EMAIL_LENGTH: Final = 254
_EMAIL: Final = re.compile(r"[^@]{1,64}@[^@.]+(?:\.[^@.]+)+")
_AROUND_EMAIL: Final = "<>()[]{}\"'`,;:.!?¡¿«»“”\u2018\u2019।"
_PHONE: Final = re.compile(r"\+?[0-9](?:[0-9 ()./\-]*[0-9])?")
_PHONE_DIGITS: Final = range(7, 16)
"""E.164 allows 15; shorter than 7 is a number of a house."""


@dataclass(frozen=True, slots=True)
class _YesNo:
    """How a language says yes and no, and what politely stands beside it. The first of each is what is remembered."""

    yes: str
    no: str
    beside: str

    def meaning(self, text: str) -> str | None:
        """The yes or the no that a text is, or None if it is neither, both, or says more than that."""
        typed = set(words(text))
        yes, no, beside = typed & set(words(self.yes)), typed & set(words(self.no)), set(words(self.beside))
        if not typed or typed - yes - no - beside:
            return None
        if no and not yes - beside:
            return self.no.split()[0]
        return self.yes.split()[0] if yes and not no else None


_ENGLISH: Final = _YesNo(yes="yes y yeah yep yup sure ok okay correct", no="no n nope nah", beside="please thanks thank you")
_YES_NO: Final[Mapping[str, _YesNo]] = {
    "en": _ENGLISH,
    "es": _YesNo(yes="sí s claro vale ok okay correcto dale", no="no n nop", beside="por favor gracias"),
    "hi": _YesNo(
        yes="हाँ हां हा जी ठीक सही बिल्कुल haan han ha ji theek ok okay",
        no="नहीं नही ना न nahin nahi na",
        beside="जी है ji hai धन्यवाद शुक्रिया कृपया",
    ),
}
"""Other languages are asked in English."""


def valid_answer(kind: Answer, text: str, language: str) -> str | None:
    """What is remembered of an answer, or None if the text is none.

    A number is written by the script's language, a phone number in digits, yes and no in the language. An address or a phone
    number may stand within a sentence, as long as it is the only one.
    """
    match kind:
        case Answer.TEXT:
            return text.strip()[:MAX_SAID_LENGTH] or None
        case Answer.NUMBER:
            value = number(text, language)
            return None if value is None else written_number(value, language)
        case Answer.EMAIL:
            return _only(filter(_is_email, (part.strip(_AROUND_EMAIL) for part in text.split() if "@" in part)))
        case Answer.PHONE:
            return _only(filter(_is_phone, map(_phone, _PHONE.findall(_ascii_digits(text)))))
        case Answer.YES_NO:
            return _YES_NO.get(language.partition("-")[0], _ENGLISH).meaning(text)
        case _:
            assert_never(kind)


def chosen(options: Sequence[Option], message: Message, language: str) -> Option | None:
    """The option that was tapped, written, named within few words or by words that its label alone has, or counted from 1."""
    tapped = (option for option in options if option.id == message.option)
    return next(tapped, None) or _written(options, message.text) or _counted(options, message.text, language)


def holds(condition: If, fields: Mapping[str, str], language: str) -> bool:
    """Whether the condition holds. A field that is not set equals nothing, and is neither less nor greater than anything."""
    found, value = fields.get(condition.field, ""), condition.value or ""
    match condition.comparison:
        case Comparison.SET:
            return bool(found)
        case Comparison.NOT_SET:
            return not found
        case Comparison.EQUAL:
            return _is_equal(found, value, language)
        case Comparison.NOT_EQUAL:
            return not _is_equal(found, value, language)
        case Comparison.LESS:
            return _is_less(found, value, language)
        case Comparison.GREATER:
            return _is_less(value, found, language)
        case _:
            assert_never(condition.comparison)


def _written(options: Sequence[Option], text: str) -> Option | None:
    typed = words(text)
    if not typed:
        return next((option for option in options if option.label.strip() == text.strip()), None)
    if exact := next((option for option in options if words(option.label) == typed), None):
        return exact
    row = f" {' '.join(typed)} "
    named = [(len(label), option) for option in options if (label := words(option.label)) and f" {' '.join(label)} " in row]
    most = max((count for count, _ in named), default=0)
    best = [option for count, option in named if count == most]
    if len(best) == 1 and len(typed) <= most + _MOST_WORDS_BESIDE:
        return best[0]
    partly = [option for option in options if row in f" {' '.join(words(option.label))} "]
    return partly[0] if len(partly) == 1 else None


def _counted(options: Sequence[Option], text: str, language: str) -> Option | None:
    place = number(text, language)
    return None if place is None else next((option for i, option in enumerate(options, 1) if place == i), None)


def _is_equal(found: str, value: str, language: str) -> bool:
    numbers = number(found, language), number(value, language)
    if None not in numbers:
        return numbers[0] == numbers[1]
    return found == value or (words(found) == words(value) != ())


def _is_less(one: str, other: str, language: str) -> bool:
    first, second = number(one, language), number(other, language)
    return first is not None and second is not None and first < second


def _only(found: Iterable[str]) -> str | None:
    distinct = set(found)
    return distinct.pop() if len(distinct) == 1 else None


def _is_email(text: str) -> bool:
    return len(text) <= _MAX_EMAIL_LENGTH and _EMAIL.fullmatch(text) is not None


def _phone(text: str) -> str:
    international = text.startswith(("+", "00"))
    digits = "".join(filter(str.isdecimal, text.replace("(0)", "") if international else text))
    return f"+{digits.removeprefix('00')}" if international else digits


def _is_phone(phone: str) -> bool:
    return len(phone.removeprefix("+")) in _PHONE_DIGITS


def _ascii_digits(text: str) -> str:
    return text if text.isascii() else "".join(str(unicodedata.decimal(character, character)) for character in text)
