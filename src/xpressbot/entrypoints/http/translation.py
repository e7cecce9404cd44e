"""Every text for people goes through here, in Python and in templates. There is one language so far."""

from gettext import NullTranslations
from typing import Final

TRANSLATIONS: Final = NullTranslations()
_ = TRANSLATIONS.gettext
ngettext = TRANSLATIONS.ngettext
