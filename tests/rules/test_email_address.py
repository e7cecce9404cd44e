"""Addresses as people, browsers and attackers write them."""

import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpressbot.foundation.text import is_ignorable
from xpressbot.identity.accounts.rules.address import (
    AddressProblem,
    email_key,
    normalise_email,
)

CYRILLIC_A = "\u0430"
INVISIBLE = [
    "\u200b",
    "\ufe0f",
    "\u034f",
    "\u00ad",
    "\u2060",
    "\ufeff",
    "\u200c",
    "\u200d",
    "\u200e",
    "\u3164",
    "\u115f",
    "\u180e",
]
INVISIBLE += ["\U000e0001", "\U000e0041", "\U000e0100", "\u17b4", "\u061c", "\uffa0"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("anna@example.com", "anna@example.com"),
        ("  Anna@Example.com\n", "Anna@Example.com"),
        ("INFO@example.com", "INFO@example.com"),
        ("anna.b+bot@mail.example.co.uk", "anna.b+bot@mail.example.co.uk"),
        ("o'brien@example.com", "o'brien@example.com"),
        ("a&b#c%d@example.com", "a&b#c%d@example.com"),
        ("a" * 242 + "@example.com", "a" * 242 + "@example.com"),
        ("anna@" + "a" * 63 + ".example", "anna@" + "a" * 63 + ".example"),
        ("anna@office.local", "anna@office.local"),
        ("anna@mail.home.arpa", "anna@mail.home.arpa"),
        ("Anna@b\u00fccher.example", "Anna@b\u00fccher.example"),
        ("anna@bu\u0308cher.example", "anna@b\u00fccher.example"),
        ("anna@B\u00dcCHER.example", "anna@b\u00fccher.example"),
        ("anna@xn--bcher-kva.example", "anna@b\u00fccher.example"),
        ("anna@XN--BCHER-KVA.example", "anna@b\u00fccher.example"),
        ("anna@b\u00fccher\u3002example", "anna@b\u00fccher.example"),
        ("anna@\uff45xample.com", "anna@example.com"),
        ("anna@\u043f\u0440\u0438\u043c\u0435\u0440.com", "anna@\u043f\u0440\u0438\u043c\u0435\u0440.com"),
        ("anna@\u65e5\u672c\u3054abc.jp", "anna@\u65e5\u672c\u3054abc.jp"),
        (f"anna@ex{CYRILLIC_A}mple.com", "anna@xn--exmple-4nf.com"),
        ("anna@xn--exmple-4nf.com", "anna@xn--exmple-4nf.com"),
    ],
)
def test_an_address_is_kept_as_typed_but_for_spaces_and_its_domains_idna_form(typed: str, kept: str) -> None:
    """The domain in Unicode, whichever form was typed; but one that mixes scripts shows what it is."""
    assert kept == normalise_email(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "@",
        "anna",
        "j\u00f6rg",
        "anna@",
        "@example.com",
        "anna@localhost",
        "anna@example.",
        "anna@example.com.",
        "anna@.example.com",
        "anna@example..com",
        "anna@-example.com",
        "anna@example-.com",
        "anna@" + "a" * 64 + ".example",
        "anna@" + "\u00fc" * 63 + ".example",
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
        "anna@192.0.2.1",
        "anna..b@example.com",
        ".anna@example.com",
        "anna.@example.com",
        "anna@ab--cd.example",
        "anna@[IPv6:2001:db8::1]",
        "anna\\@example.com",
        "anna\r\nBcc: x@example.com",
        "anna\x00@example.com",
        "anna\x1b[31m@example.com",
        "anna\x85@example.com",
        "anna@example\uff0fcom.example",
        "anna\ud800@example.com",
        "anna\ue000@example.com",
        "anna\u0378@example.com",
        "anna\u202e@example.com",
        "anna@exam\u2066ple.com",
        "anna\u2065@example.com",
        "anna@1.\u05d0\u05d1.com",
        "anna@\u2488com.example",
        "a" * 243 + "@example.com",
        "a" * 1_000_000 + "@example.com",
    ],
)
def test_what_no_mail_server_takes_is_no_address(typed: str) -> None:
    """Missing parts, quoting, several addresses, control characters, empty and overlong labels, address literals; at every door."""
    assert normalise_email(typed) is AddressProblem.UNUSABLE


@pytest.mark.parametrize("character", INVISIBLE)
@pytest.mark.parametrize(
    "around", ["an{}na@example.com", "anna@exam{}ple.com", "{}anna@example.com", "anna@example.com{}", "anna{}@b\u00fccher.example"]
)
def test_what_cannot_be_seen_is_refused_wherever_it_stands(character: str, around: str) -> None:
    """No one could type it again, and beside the address without it no person could tell them apart."""
    assert normalise_email(around.format(character)) is AddressProblem.UNSEEN


def test_a_joiner_in_the_xn_form_is_refused_as_in_the_other() -> None:
    """IDNA would let it pass, and it shows as little."""
    domain = "\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.com"
    assert normalise_email(f"anna@{domain}") is AddressProblem.UNSEEN
    assert normalise_email("anna@xn--mgba3gch31f060k.com") is AddressProblem.UNUSABLE


@pytest.mark.parametrize("local", ["j\u00f6rg", "u\u0308nal", "\uff41nna", f"{CYRILLIC_A}nna", "\u05d0\u05e0\u05d4", "anna\u2019s"])
def test_letters_before_the_at_sign_are_ascii(local: str) -> None:
    """A reason of its own, since the sentence has to say it."""
    assert normalise_email(f"{local}@example.com") is AddressProblem.NOT_ASCII


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna@example.com", "ANNA@EXAMPLE.COM"),
        ("anna@example.com", " anna@example.com "),
        ("anna@b\u00fccher.example", "anna@xn--bcher-kva.example"),
        ("anna@bu\u0308cher.example", "ANNA@B\u00dcCHER.EXAMPLE"),
        ("anna@\uff45xample.com", "anna@example.com"),
        ("anna@stra\u00dfe.example", "anna@xn--strae-oqa.example"),
    ],
)
def test_spellings_of_one_address_are_one_account(one: str, other: str) -> None:
    """Case, width, composed letters and the form of the domain make no second account."""
    assert email_key(one) == email_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna@example.com", "anna@example.org"),
        ("anna@example.com", "anna.@example.com"),
        ("anna@example.com", "anna+1@example.com"),
        ("anna@example.com", f"{CYRILLIC_A}nna@example.com"),
        ("anna@example.com", f"anna@ex{CYRILLIC_A}mple.com"),
        ("anna@example.com", "anna@exam\u200bple.com"),
        ("anna@strasse.example", "anna@stra\u00dfe.example"),
    ],
)
def test_other_addresses_are_other_accounts(one: str, other: str) -> None:
    """Dots, tags and letters of other scripts do make a difference, and so does what IDNA 2008 tells apart."""
    assert email_key(one) != email_key(other)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=20), st.booleans())
def test_keeping_an_address_does_not_change_whose_it_is(text: str, in_domain: bool) -> None:
    """What is kept, what was typed, and its decomposed spelling with spaces around it are one account."""
    frame = "anna@{}.example" if in_domain else "{}@example.com"
    typed = f" {frame.format(unicodedata.normalize('NFD', text))} "
    kept = normalise_email(typed)
    if isinstance(kept, str):
        assert email_key(kept) == email_key(typed) == email_key(frame.format(text))
        assert kept == normalise_email(kept)
        assert not any(map(is_ignorable, kept))


def test_the_ignorable_characters_are_as_many_as_the_standard_counts() -> None:
    """DerivedCoreProperties.txt: Default_Ignorable_Code_Point, 4,174 code points."""
    assert sum(is_ignorable(chr(point)) for point in range(sys.maxunicode + 1)) == 4174


def test_judging_an_address_asks_no_name_server() -> None:
    """email-validator's part that would is not even loaded."""
    script = (
        "import sys; from xpressbot.identity.accounts.rules.address import normalise_email\n"
        "assert normalise_email('anna@b\\u00fccher.example'); sys.exit('dns' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
