"""Numbers as people write them: read and written by the decimal sign of a language."""

import re
import unicodedata
from decimal import Decimal
from typing import Final

MAX_LENGTH: Final = 40
"""Longer text is no number."""
_DECIMAL_COMMA: Final = (
    "af az be bg br bs ca cs cv da de el eo es et eu ff fi fo fr fy gl hr ht hu hy ia id ie is it jv ka kk kl ku ky lb ln lo lt lu lv "
    "mk nb nl nn no nr pl ps pt rn ro ru rw sc se sg sk sl sq sr ss su sv tg tk tr ts tt uk uz ve vi wo"
)
"""Languages that write 2,5: CLDR, those that have a code of ISO 639-1."""
_SPANISH_WITH_POINT: Final = "419 BR BZ CU DO GT HN MX NI PA PE PR SV US"
_SIGNS: Final = {"\u2212": "-", "\u2019": "'", "\u00a0": " ", "\u202f": " ", "\u066b": ".", "\u066c": ","}
_WHOLE: Final = re.compile(
    r"[0-9]+|[0-9]{1,3}([ .,'])[0-9]{3}(?:\1[0-9]{3})*|[0-9]{1,2}([ .,'])[0-9]{2}(?:\2[0-9]{2})*\2[0-9]{3}", re.ASCII
)
"""Digits alone, in groups of three, or in the groups of India: 12,34,567."""


def number(text: str, language: str) -> Decimal | None:
    """The number that a text is, or None.

    Digits of every script, groups and both decimal signs are understood. Only what could be either, such as 1.234, is read
    by the language.
    """
    if len(text) > MAX_LENGTH:
        return None
    typed = "".join(map(_in_ascii, text.strip())).rstrip(".,!? ")
    sign = "-" if typed.startswith("-") else ""
    whole, fraction = _divided(typed.removeprefix(sign or "+"), language)
    if not _WHOLE.fullmatch(whole) or not (fraction is None or fraction.isdecimal()):
        return None
    digits = "".join(filter(str.isdecimal, whole))
    return Decimal(f"{sign}{digits}" if fraction is None else f"{sign}{digits}.{fraction}")


def written_number(value: Decimal, language: str) -> str:
    """The number without groups, by the decimal sign of the language. Reading it gives the same again."""
    return f"{value:f}".replace(".", decimal_sign(language))


def decimal_sign(language: str) -> str:
    """A comma or a point. `language` is a BCP 47 tag."""
    base, _, region = language.partition("-")
    has_point = base not in _DECIMAL_COMMA.split() or (base == "es" and region in _SPANISH_WITH_POINT.split())
    return "." if has_point else ","


def _divided(typed: str, language: str) -> tuple[str, str | None]:
    """What stands before the decimal sign and after it."""
    last = max(typed.rfind("."), typed.rfind(","))
    if last < 0 or typed.count(sign := typed[last]) > 1:
        return typed, None
    whole, fraction = typed[:last], typed[last + 1 :]
    is_ambiguous = whole.isdecimal() and len(whole) <= 3 and not whole.startswith("0") and len(fraction) == 3
    return (typed, None) if is_ambiguous and sign != decimal_sign(language) else (whole, fraction)


def _in_ascii(character: str) -> str:
    digit = unicodedata.decimal(character, None)
    return _SIGNS.get(character, character) if digit is None else str(digit)
