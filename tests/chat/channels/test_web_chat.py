"""The rules of web chat: settings, colours, tokens, what was typed."""

import hashlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpressbot.chat.channels.web.settings import MOST_GREETING, SettingsProblem, WebSettings
from xpressbot.chat.channels.web.theme import CONTRAST, DARK_GROUND, LIGHT_GROUND, Theme, contrast
from xpressbot.chat.channels.web.visitor import contact_of, event_of, is_send_id
from xpressbot.chat.conversations.events import MAX_MESSAGE_LENGTH
from xpressbot.chat.conversations.typed import TypedProblem, typed
from xpressbot.foundation.tokens import Token

COLOURS = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")


def test_settings_are_read_as_they_were_written() -> None:
    settings = WebSettings("Hello!\nHow can we help?", "#00aa88", "https://example.com/privacy?lang=en#chat")
    assert settings.problems() == frozenset()
    assert WebSettings.read(settings.written()) == settings


def test_what_an_older_version_lacks_or_a_newer_one_has_beside_it_harms_nothing() -> None:
    assert WebSettings.read("{}") == WebSettings()
    assert WebSettings.read('{"accent": "#010203", "sound": true}') == WebSettings(accent="#010203")


@pytest.mark.parametrize("accent", ["", "red", "#fff", "#AABBCC", "#12345g", "#1234567", "#123456\n", "#123456;}", "123456"])
def test_an_accent_is_six_small_hexadecimal_digits(accent: str) -> None:
    """It stands in a style sheet."""
    assert WebSettings(accent=accent).problems() == {SettingsProblem.ACCENT}


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "javascript:alert(1)",
        "//example.com/",
        "https://",
        "https:///privacy",
        "https://anna:secret@example.com/",
        "https://example.com/a b",
        "https://exa\u0000mple.com/",
        "https://example.com:port/",
        "https://[::1/",
        "https://example.com/" + "a" * 500,
    ],
)
def test_a_privacy_notice_is_an_https_address(url: str) -> None:
    assert WebSettings(privacy_url=url).problems() == {SettingsProblem.PRIVACY_URL}


def test_a_greeting_has_a_longest_length() -> None:
    assert WebSettings(greeting="a" * MOST_GREETING).problems() == frozenset()
    assert WebSettings(greeting="a" * (MOST_GREETING + 1)).problems() == {SettingsProblem.GREETING_TOO_LONG}


@given(COLOURS)
def test_every_accent_gives_texts_that_can_be_read_in_light_and_dark(accent: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    theme = Theme.of(accent)
    assert contrast(theme.accent, theme.on_accent) >= CONTRAST
    assert contrast(theme.light_ink, LIGHT_GROUND) >= CONTRAST
    assert contrast(theme.dark_ink, DARK_GROUND) >= CONTRAST


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    assert Theme.of("#0b57d0").light_ink == "#0b57d0"
    assert Theme.of("#ffd54f").dark_ink == "#ffd54f"
    assert Theme.of("#ffd54f") == Theme("#ffd54f", "#000000", "#816b27", "#ffd54f")


def test_contrast_is_that_of_the_standard() -> None:
    """WCAG 2.2: 21 between black and white; 4.54 is the known figure of #767676 on white."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_the_database_holds_a_digest_of_the_token() -> None:
    token = Token(bytes(range(32)))
    assert contact_of(token) == hashlib.sha256(bytes(range(32))).hexdigest()


def test_one_send_is_its_contact_its_id_and_its_text() -> None:
    same = event_of("a" * 64, "b" * 32, "Hello")
    assert same == event_of("a" * 64, "b" * 32, "Hello")
    assert (
        len({same, event_of("c" * 64, "b" * 32, "Hello"), event_of("a" * 64, "d" * 32, "Hello"), event_of("a" * 64, "b" * 32, "hello")})
        == 4
    )


@pytest.mark.parametrize(
    ("text", "expected"), [("0" * 32, True), ("A" * 32, False), ("0" * 31, False), ("0" * 32 + "\n", False), ("", False)]
)
def test_ids_of_sends_have_one_spelling(text: str, expected: bool) -> None:
    assert is_send_id(text) is expected


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Hello", "Hello"),
        ("  one\r\ntwo\tthree \n", "one\ntwo\tthree"),
        ("a\x00b\x07c\x1bd\x7fe", "abcde"),
        ("a\x80b\x85c\x9bd\x9fe\xa0f", "abcde\xa0f"),
        ("e\u0301", "\u00e9"),
        ("<b>bold</b> &amp; {{name}}", "<b>bold</b> &amp; {{name}}"),
        ("\u0928\u092e\u0938\u094d\u0924\u0947", "\u0928\u092e\u0938\u094d\u0924\u0947"),
        ("", TypedProblem.EMPTY),
        (" \r\n\t", TypedProblem.EMPTY),
        ("\x00\x01", TypedProblem.EMPTY),
        ("\x85 \x9b", TypedProblem.EMPTY),
        ("\u200b\n\u200d\u2800", TypedProblem.EMPTY),
        ("a" * MAX_MESSAGE_LENGTH, "a" * MAX_MESSAGE_LENGTH),
        ("\U0001f600" * MAX_MESSAGE_LENGTH, "\U0001f600" * MAX_MESSAGE_LENGTH),
        ("a" * (MAX_MESSAGE_LENGTH + 1), TypedProblem.TOO_LONG),
        ("\ufb2c" * MAX_MESSAGE_LENGTH, TypedProblem.TOO_LONG),
        ("e\u0301" * (MAX_MESSAGE_LENGTH // 2 + 1), TypedProblem.TOO_LONG),
        ("x" * 100_000, TypedProblem.TOO_LONG),
    ],
)
def test_what_was_typed_is_kept_composed_and_without_control_characters(text: str, kept: str | TypedProblem) -> None:
    """U+FB2C becomes three code points when it is composed."""
    assert typed(text) == kept


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_what_is_kept_is_in_nfc_and_stays_as_it_is(text: str) -> None:
    kept = typed(text)
    if not isinstance(kept, TypedProblem):
        assert unicodedata.is_normalized("NFC", kept)
        assert typed(kept) == kept
        assert not {character for character in kept if unicodedata.category(character) == "Cc"} - {"\n", "\t"}


def test_surrogates_are_no_text() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        typed("a\ud800")
