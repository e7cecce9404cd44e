"""Languages in which every text stands in brackets and is a third longer: untranslated texts show, and so do tight layouts."""

import re
from gettext import NullTranslations

from babel import Locale

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


PSEUDO = Texts(Locale("de"), _Stretched())
RIGHT_TO_LEFT = Texts(Locale("ar"), _Stretched())
LANGUAGES = Languages(PSEUDO, RIGHT_TO_LEFT)
