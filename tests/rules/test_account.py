"""Names as people and attackers write them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpressbot.foundation.text import as_seen
from xpressbot.identity.accounts.rules.account import Account, AccountStatus, normalise_name

ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Anna Berg", "Anna Berg"),
        ("  Anna \t\n Berg  ", "Anna Berg"),
        ("A\u0308nna", "\u00c4nna"),
        ('<b>O\'Brien</b> & "Co": 100%', '<b>O\'Brien</b> & "Co": 100%'),
        ("\u05d0\u05e0\u05d4 \u0627\u0646\u0627", "\u05d0\u05e0\u05d4 \u0627\u0646\u0627"),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
        ("x" * 100, "x" * 100),
        ("\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627"),
        ("\u0dc1\u0dca\u200d\u0dbb\u0dd3", "\u0dc1\u0dca\u200d\u0dbb\u0dd3"),
        ("\u845b\U000e0100\u57ce", "\u845b\U000e0100\u57ce"),
        ("\U0001f3f3\ufe0f\u200d\U0001f308", "\U0001f3f3\ufe0f\u200d\U0001f308"),
        (ENGLAND, ENGLAND),
    ],
)
def test_a_name_is_kept_with_its_white_space_collapsed(typed: str, kept: str) -> None:
    """Any script, markup and emoji are a name; pages escape them."""
    assert kept == normalise_name(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " \t\n",
        "x" * 101,
        "a\x00b",
        "a\x1b[2Jb",
        "a\x7fb",
        "a\ud800b",
        "a\ue000b",
        "a\u202eb",
        "a\u2067b",
        "y" * 300,
        "\u200b",
        "\u00ad \u200d",
        "\u0301",
        "\ufe0f",
        "\u034f \u3164",
        "\U000e0041",
        "\u0301\ufe0f",
    ],
)
def test_a_name_needs_printable_characters_and_a_length(typed: str) -> None:
    """Empty, endless, control, private and direction-turning ones are refused, and such as show nothing."""
    assert normalise_name(typed) is None


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("An\u200bna", "Anna"),
        ("\ufeffAnna \u2060 Berg\u00ad", "Anna Berg"),
        ("\u200eAnna\u061c", "Anna"),
        ("A\u034fnna\u180e", "Anna"),
        ("\u200dAnna \ufe0fBerg", "Anna Berg"),
        ("Anna\ufe0f\ufe0f\u200d\u200d", "Anna\ufe0f\u200d"),
        ("Anna\U000e0061", "Anna"),
        ("e\u034f\u0301", "\u00e9"),
    ],
)
def test_what_shapes_nothing_is_taken_out_of_a_name(typed: str, kept: str) -> None:
    """Ignorable characters stay only where a joiner, a variation selector or a tag has something to shape."""
    assert kept == normalise_name(typed)


@given(st.text(st.sampled_from("a\u00e9 \u0301\u0639\U0001f468\U0001f3f4\u200b\u200c\u200d\ufe0f\u034f\U000e0067\u00ad"), max_size=20))
def test_a_name_is_kept_in_one_go_however_its_ignorable_characters_stand(text: str) -> None:
    """Keeping it again changes nothing, it reads like what was typed, and it shows something."""
    name = normalise_name(text)
    assert name is None or (name == normalise_name(name) and as_seen(name) == as_seen(" ".join(text.split())) != "")


@given(st.text(max_size=150))
def test_a_kept_name_is_one_line_of_composed_text(text: str) -> None:
    """No kept name contains a line break or a control character, and keeping it again changes nothing."""
    name = normalise_name(text)
    if name is not None:
        assert not any(unicodedata.category(character) == "Cc" for character in name)
        assert name == normalise_name(name)


def test_an_account_does_not_print_its_password_hash() -> None:
    """A logged account tells no hash."""
    account = Account("1", "anna@example.com", "Anna", AccountStatus.ACTIVE, 1, "$argon2id$canary")
    assert "canary" not in repr(account)
