"""The catalogues of translations: a directory for each language, with the .po file that translators write.

They are read as they are when a process starts, so that nothing has to be compiled and nothing compiled can be out of date.
"""

from functools import cache
from gettext import GNUTranslations
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from typing import Final

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from xpressbot.entrypoints.messages.languages import Languages
from xpressbot.entrypoints.messages.translation import Texts

_FILE: Final = "LC_MESSAGES/messages.po"


def catalogue_files() -> dict[Locale, Traversable]:
    """The .po file of each language that there is."""
    directories = sorted((place for place in files(__name__).iterdir() if (place / _FILE).is_file()), key=lambda place: place.name)
    return {Locale.parse(place.name): place / _FILE for place in directories}


def read_catalogue(locale: Locale, file: Traversable) -> Catalog:
    """What a .po file says."""
    return read_po(BytesIO(file.read_bytes()), locale=locale, abort_invalid=True)


@cache
def load_languages() -> Languages:
    """English, and every language that there is a catalogue of. They are read once in a process."""
    return Languages(*(_texts(locale, read_catalogue(locale, file)) for locale, file in catalogue_files().items()))


def _texts(locale: Locale, catalogue: Catalog) -> Texts:
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Texts(locale, GNUTranslations(compiled))
