"""Every catalogue has every text of the sources, translated, and nothing else."""

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser

import pytest
from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg

from tests.contract.documents import ROOT
from xpressbot.entrypoints.messages.catalogues import catalogue_files, load_languages, read_catalogue

CATALOGUES = {str(locale): read_catalogue(locale, file) for locale, file in catalogue_files().items()}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|\{\w+\}")
KEPT = re.compile(
    r"XPRESSBOT_\w+|--[\w-]+=?\w*|https?://\S+|docs/\w+\.md"
    r"|\bxpressbot (?:2fa|accounts|audit|db|keys|mail|sessions) [a-z-]+|\bxpressbot [a-z]+"
)
"""What is typed or looked for as it is: settings, options, documents, commands."""
Key = str | tuple[str, ...]

every_language = pytest.mark.parametrize("tag", CATALOGUES)


@cache
def texts_of_sources() -> frozenset[Key]:
    """What `make messages` extracts."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]  # the library's
    return frozenset(found[2] for found in extract_from_dir(ROOT / "src", methods, options))


def translated(catalogue: Catalog) -> Iterator[Message]:
    """Its messages, the header aside."""
    return (message for message in catalogue if message.id)


def key_of(message: Message) -> Key:
    """A text, or the forms of one."""
    return tuple(message.id) if isinstance(message.id, (list, tuple)) else message.id


def forms(text: Key | list[str] | None) -> tuple[str, ...]:
    """The text, or each of its forms."""
    return (text or "",) if text is None or isinstance(text, str) else tuple(text)


class Markup(HTMLParser):
    """Collects tags with their attributes, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, object]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, sorted(attrs, key=str)))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}", None))


def test_the_languages_served_are_those_of_the_catalogues() -> None:
    """English and each directory."""
    assert {texts.tag for texts in load_languages()} == {"en", "es", "hi"}
    assert set(CATALOGUES) == {"es", "hi"}


@every_language
def test_a_catalogue_has_the_texts_of_the_sources(tag: str) -> None:
    """`make messages` adds what is missing and drops what is gone."""
    held = {key_of(message) for message in translated(CATALOGUES[tag])}
    assert texts_of_sources() - held == set(), "missing"
    assert held - texts_of_sources() == set(), "left over"


@every_language
def test_every_text_is_translated(tag: str) -> None:
    """In each plural form that the language has; a guess that gettext marks as fuzzy counts for nothing."""
    catalogue = CATALOGUES[tag]
    incomplete = [
        message.id
        for message in translated(catalogue)
        if message.fuzzy or not all(forms(message.string)) or (message.pluralizable and len(forms(message.string)) != catalogue.num_plurals)
    ]
    assert incomplete == []
    assert not catalogue.obsolete


@every_language
def test_a_translation_has_what_its_original_has(tag: str) -> None:
    """Placeholders, what is typed as it is, and markup: in each plural form, those of the same form of the original."""
    wrong = [(message.id, message.string) for message in translated(CATALOGUES[tag]) if not all(_agrees(message))]
    assert wrong == []


def _agrees(message: Message) -> Iterator[bool]:
    originals, translations = forms(key_of(message)), forms(message.string)
    for place, translation in enumerate(translations):
        original = originals[min(place, len(originals) - 1)]
        for pattern in (PLACEHOLDER, KEPT):
            yield sorted(pattern.findall(translation)) == sorted(pattern.findall(original))
        yield sorted(Markup(translation).tags, key=str) == sorted(Markup(original).tags, key=str)
        yield ("%" in PLACEHOLDER.sub("", translation)) == ("%" in PLACEHOLDER.sub("", original))
        yield translation.strip() == translation and "  " not in translation


@pytest.mark.parametrize(("tag", "ones"), [("es", {1}), ("hi", {0, 1})])
def test_plural_forms_follow_the_rule_of_the_language(tag: str, ones: set[int]) -> None:
    """CLDR's: one is 1 in Spanish, 0 and 1 in Hindi."""
    texts = next(texts for texts in load_languages() if texts.tag == tag)
    singular, plural = "%(count)s more try.", "%(count)s more tries."
    one = texts.ngettext(singular, plural, 1)
    assert {count for count in range(200) if texts.ngettext(singular, plural, count) == one} == ones
    assert {count for count in range(200) if Locale(tag).plural_form(count) == "one"} == ones
