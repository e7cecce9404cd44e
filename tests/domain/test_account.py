"""Addresses and names as people and attackers write them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpressbot.identity.domain.account import Account, AccountStatus, email_key, normalise_email, normalise_name


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("anna@example.com", "anna@example.com"),
        ("  Anna@Example.com\n", "Anna@Example.com"),
        ("anna.b+bot@mail.example.co.uk", "anna.b+bot@mail.example.co.uk"),
        ("o'brien@example.com", "o'brien@example.com"),
        ("\u00fcnal@b\u00fccher.example", "\u00fcnal@b\u00fccher.example"),
        ("u\u0308nal@example.com", "\u00fcnal@example.com"),
        ("\u05d0\u05e0\u05d4@example.com", "\u05d0\u05e0\u05d4@example.com"),
        ("a&b#c%d@example.com", "a&b#c%d@example.com"),
        ("a" * 242 + "@example.com", "a" * 242 + "@example.com"),
    ],
)
def test_an_address_is_kept_as_typed_but_for_spaces_around_it(typed: str, kept: str) -> None:
    """Trimmed and composed, with its case."""
    assert kept == normalise_email(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "anna",
        "anna@",
        "@example.com",
        "anna@localhost",
        "anna@example.",
        "an na@example.com",
        "anna@exa mple.com",
        "anna@@example.com",
        "a@b@example.com",
        '"anna"@example.com',
        "anna:berg@example.com",
        "anna,berta@example.com",
        "<anna@example.com>",
        "Anna <anna@example.com>",
        "anna@[192.0.2.1]",
        "anna\\@example.com",
        "anna\r\nBcc: x@example.com",
        "anna\x00@example.com",
        "anna\x1b[31m@example.com",
        "anna\x85@example.com",
        "anna\u2028@example.com",
        "anna\ud800@example.com",
        "anna\ue000@example.com",
        "anna\u0378@example.com",
        "anna\u202e@example.com",
        "anna\u2066@example.com",
        "a" * 243 + "@example.com",
        "a" * 1_000_000 + "@example.com",
    ],
)
def test_what_no_mail_server_takes_is_no_address(typed: str) -> None:
    """Missing parts, quoting, several addresses, control characters, turned reading direction and endless ones."""
    assert normalise_email(typed) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna@example.com", "ANNA@EXAMPLE.COM"),
        ("anna@example.com", " anna@example.com "),
        ("stra\u00dfe@example.com", "STRASSE@example.com"),
        ("\uff41nna@example.com", "anna@example.com"),
        ("\ufb01ona@example.com", "fiona@example.com"),
        ("\u212aarl@example.com", "karl@example.com"),
        ("u\u0308nal@example.com", "\u00dcNAL@example.com"),
    ],
)
def test_spellings_of_one_address_are_one_account(one: str, other: str) -> None:
    """Case, width, ligatures and composed letters make no second account."""
    assert email_key(one) == email_key(other)


@pytest.mark.parametrize("other", ["anna@example.org", "anna.@example.com", "anna+1@example.com", "\u0430nna@example.com"])
def test_other_addresses_are_other_accounts(other: str) -> None:
    """Dots, tags and letters of other scripts do make a difference."""
    assert email_key("anna@example.com") != email_key(other)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=20))
def test_keeping_an_address_does_not_change_whose_it_is(text: str) -> None:
    """What is kept, what was typed, and its decomposed spelling with spaces around it are one account."""
    typed = f" {unicodedata.normalize('NFD', text)}@example.com "
    kept = normalise_email(typed)
    assert email_key(typed) == email_key(f"{text}@example.com")
    assert kept is None or email_key(typed) == email_key(kept)


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
    ],
)
def test_a_name_needs_printable_characters_and_a_length(typed: str) -> None:
    """Empty, endless, control, private and direction-turning ones are refused, and such as show nothing."""
    assert normalise_name(typed) is None


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
