"""Bearer tokens."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpressbot.foundation.tokens import Token

TOKEN = Token(bytes(range(32)))
secrets = st.binary(min_size=32, max_size=32)


@given(secrets)
def test_a_token_survives_the_way_to_the_browser_and_back(secret: bytes) -> None:
    """The text form is 43 URL-safe characters and gives the same token again."""
    token = Token(secret)
    assert (len(token.text), token.text.isascii()) == (43, True)
    assert not set("+/=") & set(token.text)
    assert token == Token.parse(token.text)


@given(secrets, st.integers(0, 42), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"))
def test_only_the_canonical_spelling_is_a_token(secret: bytes, place: int, character: str) -> None:
    """Whatever parses is spelled just so: no two texts are the same token, though the last character has spare bits."""
    text = Token(secret).text
    altered = text[:place] + character + text[place + 1 :]
    parsed = Token.parse(altered)
    assert parsed is None or parsed.text == altered
    assert (altered == text) == (parsed == Token(secret))


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        " ",
        TOKEN.text[:-1],
        TOKEN.text + "=",
        TOKEN.text + "A",
        TOKEN.text[:-1] + "=",
        TOKEN.text[:-1] + "9",
        " " + TOKEN.text[1:],
        TOKEN.text[:-1] + "\n",
        "+" + TOKEN.text[1:],
        "/" + TOKEN.text[1:],
        "\u00e9" * 43,
        "\ud800" * 43,
        "\x00" * 43,
        "." * 43,
        "A" * 10_000,
        "A" * 1_000_000,
    ],
)
def test_anything_else_is_no_token(text: str | None) -> None:
    """Truncated, padded, altered, foreign and endless texts are none, and no error."""
    assert Token.parse(text) is None


@given(st.text(max_size=60))
def test_any_text_is_judged_without_an_error(text: str) -> None:
    """Hostile cookies give None or a token of 32 bytes."""
    token = Token.parse(text)
    assert token is None or len(token.secret) == 32


def test_only_a_digest_is_for_the_database() -> None:
    """The stored form is the SHA-256 of the secret, which does not lead back."""
    assert hashlib.sha256(bytes(range(32))).digest() == TOKEN.digest


def test_a_token_does_not_print_its_secret() -> None:
    """A logged token tells nothing, in either of its forms."""
    assert TOKEN.text not in repr(TOKEN)
    assert base64.b16encode(TOKEN.secret).decode().lower() not in repr(TOKEN)
    assert repr(TOKEN.secret) not in repr(TOKEN)
