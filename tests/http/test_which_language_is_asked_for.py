"""Accept-Language against the languages that there are: what is wanted most of them, and English for all else."""

from gettext import NullTranslations

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from xpressbot.entrypoints.messages.languages import LONGEST_HEADER, Languages
from xpressbot.entrypoints.messages.translation import Texts

SERVED = Languages(*(Texts(Locale.parse(tag, sep="-"), NullTranslations()) for tag in ("de", "pt-BR", "zh-Hant", "ar")))


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("de", "de"),
        ("DE", "de"),
        ("de-AT", "de"),
        ("de-Latn-AT-1996", "de"),
        ("zh-Hant-TW", "zh-Hant"),
        ("pt-br", "pt-BR"),
        ("fr, de", "de"),
        ("fr;q=1.0, de;q=0.8, en;q=0.9", "en"),
        ("de;q=0.5,ar;q=0.9", "ar"),
        ("de;q=0.5,ar;q=0.5", "de"),
        ("en-US,en;q=0.9,de;q=0.8", "en"),
        ("de;q=0, ar;q=0.001", "ar"),
        ("\tde ; q=1 , ,", "de"),
        ("*, de;q=0.5", "en"),
        ("de, *;q=0.5", "de"),
    ],
)
def test_the_language_wanted_most_is_chosen(header: str, tag: str) -> None:
    """By weight, then by place; a variant that there is not stands for its language."""
    assert SERVED.asked_for(header).tag == tag


@pytest.mark.parametrize(
    "header",
    [
        "",
        "fr",
        "pt",
        "*",
        "de;q=0",
        "de;q=2",
        "de;q=1.001",
        "de;q=-1",
        "de;q=",
        "de;level=1",
        "de q=1",
        "de;q=0.5;q=1",
        "de--AT",
        "-de",
        "deutschland",
        "d\u00e9",
        "de, <script>",
        "de\x00",
        "de-" + "a" * 9,
        "de, " + "fr, " * LONGEST_HEADER,
    ],
)
def test_all_else_is_english(header: str) -> None:
    """A language that there is not, one that is refused, and a header that is malformed in any part or too long."""
    assert SERVED.asked_for(header).tag == "en"


@given(st.text(alphabet="de-AT*;q=01., \t\u00e9", max_size=60) | st.text(max_size=40))
def test_any_header_gives_one_of_the_languages(header: str) -> None:
    """Whatever it holds, it is answered, and nothing of it is in the answer but the choice."""
    assert SERVED.asked_for(header) in set(SERVED)
