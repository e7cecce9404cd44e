"""Texts in the reader's language. A text is marked where it stands, and looked up when it is needed: in no module when it is imported."""

from dataclasses import dataclass
from functools import cached_property
from gettext import NullTranslations
from typing import Final

from babel import Locale


def N_(text: str) -> str:  # noqa: N802  # the name by which gettext's tools find a text that is looked up elsewhere
    """Mark a text for translators, and return it as it is."""
    return text


@dataclass(frozen=True)
class Texts:
    """The texts of one language. locale: how it writes dates and numbers."""

    locale: Locale
    catalogue: NullTranslations

    @cached_property
    def tag(self) -> str:
        """The language as pages and headers name it (BCP 47)."""
        return str(self.locale).replace("_", "-")

    @cached_property
    def name(self) -> str:
        """What it is called by those who speak it, with a capital where it stands alone."""
        own = self.locale.get_display_name(self.locale) or self.tag
        return own[:1].upper() + own[1:]

    @cached_property
    def direction(self) -> str:
        """Where its lines begin: "ltr" or "rtl"."""
        return self.locale.text_direction

    def gettext(self, text: str) -> str:
        """The text in this language; as it is where the catalogue lacks it."""
        return self.catalogue.gettext(text)

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        """The form of the text for this count."""
        return self.catalogue.ngettext(singular, plural, count)


ENGLISH: Final = Texts(Locale("en"), NullTranslations())
"""What commands speak, and pages to those who ask for none of the languages there are."""
