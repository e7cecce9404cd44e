"""Which scripts a text is written in, and which no language mixes."""

import pytest

from xpressbot.identity.accounts.rules.unicode_scripts import mixes_scripts, scripts_of


@pytest.mark.parametrize(
    ("text", "scripts"),
    [
        ("example-1.com", {"Latin"}),
        ("b\u00fccher", {"Latin"}),
        ("ex\u0430mple", {"Latin", "Cyrillic"}),
        ("\u03b5xample", {"Latin", "Greek"}),
        ("\u65e5\u672c\u3005\u3054\u30ab\u30fc", {"Han", "Hiragana", "Katakana"}),
        ("\u0646\u0627\u0645", {"Arabic"}),
        ("123-\u0301", set()),
    ],
)
def test_letters_tell_their_script(text: str, scripts: set[str]) -> None:
    """Digits, marks and signs belong to all."""
    assert scripts_of(text) == scripts


@pytest.mark.parametrize(
    ("word", "mixed"),
    [
        ("example", False),
        ("\u0440\u0443\u0441\u0441\u043a\u0438\u0439", False),
        ("\u65e5\u672c\u3054abc", False),
        ("\ud55c\u6f22abc", False),
        ("ex\u0430mple", True),
        ("\u0430\u03b1", True),
        ("\u3054\ud55c", True),
        ("", False),
    ],
)
def test_only_what_no_language_writes_together_is_mixed(word: str, *, mixed: bool) -> None:
    """Japanese, Chinese and Korean write several scripts, Latin among them."""
    assert mixes_scripts(word) is mixed
