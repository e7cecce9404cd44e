"""Languages that are nobody's: what is not translated shows in them, and so do tight layouts.

In two of them every text stands in brackets and is a third longer. One takes each text from the real language that is widest there.
"""

import re
import unicodedata
from gettext import NullTranslations

from babel import Locale

from tests.support import languages
from xpressbot.entrypoints.messages.languages import Languages
from xpressbot.entrypoints.messages.translation import Texts

_KEPT = re.compile(r"(%\(\w+\)s|%%|<[^>]+>|\{\w+\}|XPRESSBOT_\w+)")
"""What translators leave as it is: placeholders, markup, names of settings."""
_FILLER = " ~~~~~~~" * 200


def stretched(text: str) -> str:
    """The text with its vowels doubled, and with more behind it where that does not make it a third longer."""
    parts = _KEPT.split(text)
    longer = "".join(
        part if number % 2 else re.sub("[aeiou]", r"\g<0>\g<0>", part, flags=re.IGNORECASE) for number, part in enumerate(parts)
    )
    lacking = len(text) + len(text) // 3 - len(longer)
    return f"[{longer}{_FILLER[: max(lacking, 0)]}]"


class _Stretched(NullTranslations):
    def gettext(self, message: str) -> str:
        return stretched(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return stretched(super().ngettext(msgid1, msgid2, n))


class _Widest(NullTranslations):
    def gettext(self, message: str) -> str:
        return max((texts.gettext(message) for texts in languages.LANGUAGES), key=widest_word)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return max((texts.ngettext(msgid1, msgid2, n) for texts in languages.LANGUAGES), key=widest_word)


def widest_word(text: str) -> tuple[int, int]:
    """How many letters the longest word has, and then the text: signs that stand above or below a letter take no room."""
    letters = [character for character in text if unicodedata.category(character) != "Mn"]
    return max(map(len, "".join(letters).split()), default=0), len(letters)


PSEUDO = Texts(Locale("de"), _Stretched())
RIGHT_TO_LEFT = Texts(Locale("ar"), _Stretched())
WIDEST = Texts(Locale("hi"), _Widest())
"""A walk in it meets the widest that any real language has; the locale is the one whose letters are tallest."""
LANGUAGES = Languages(PSEUDO, RIGHT_TO_LEFT, WIDEST)
