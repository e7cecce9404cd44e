"""The provisioning URI, read back by parsers that are not ours."""

import base64
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpressbot.identity.factors.totp.rules.otpauth import base32_key, groups_of_four, provisioning_uri

SECRET = bytes(range(20))
HOSTILE_NAMES = [
    "anna@example.com",
    "Anna Berg",
    "a:b:c",
    "a&secret=AAAA",
    "a#fragment",
    "a+b@example.com",
    "100%",
    "%41%3A",
    "a?issuer=Other",
    "a/../b",
    "quote\"'<b>",
    "\U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\u05d0\u05e0\u05d4 \u05e9\u05dc\u05d5\u05dd",
    "\u202eabc",
    "tab\tnew\nline",
    "\u00e9" * 100 + "x" * 100,
]


@pytest.mark.parametrize("account", HOSTILE_NAMES)
@pytest.mark.parametrize("issuer", ["XpressBot", "My Bot & Co: 100% #1 +"])
def test_any_name_comes_back_as_it_was_but_for_its_colons(issuer: str, account: str) -> None:
    """Urllib and pyotp read the same issuer, account and secret that went in."""
    uri = provisioning_uri(SECRET, issuer=issuer, account=account)
    issuer_kept, account_kept = issuer.replace(":", ""), account.replace(":", "")
    read = pyotp.parse_uri(uri)
    assert (issuer_kept, account_kept, base32_key(SECRET)) == (read.issuer, read.name, read.secret)
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("otpauth", "totp", "")
    assert f"/{issuer_kept}:{account_kept}" == unquote(parts.path)
    expected = {"secret": [base32_key(SECRET)], "issuer": [issuer_kept], "algorithm": ["SHA1"], "digits": ["6"], "period": ["30"]}
    assert expected == parse_qs(parts.query, strict_parsing=True)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=200))
def test_the_uri_is_printable_ascii_without_plus_or_raw_space(account: str) -> None:
    """Some apps show a "+" as it stands or refuse a space, so neither ever occurs; the label has exactly one colon."""
    uri = provisioning_uri(SECRET, issuer="XpressBot", account=account)
    assert uri.isascii()
    assert uri.isprintable()
    assert not {" ", "+", "#"} & set(uri)
    assert urlsplit(uri).path.count(":") == 1
    assert account.replace(":", "") == unquote(urlsplit(uri).path.partition(":")[2])


def test_a_space_is_percent_encoded() -> None:
    """Label and issuer spell a space %20."""
    uri = provisioning_uri(SECRET, issuer="Xpress Bot", account="Anna Berg")
    assert uri.startswith("otpauth://totp/Xpress%20Bot:Anna%20Berg?")
    assert "&issuer=Xpress%20Bot&" in uri


@given(st.binary(min_size=1, max_size=40))
def test_the_key_is_unpadded_upper_case_base32(secret: bytes) -> None:
    """The key for typing decodes to the secret, has no padding, and its groups put together are the key."""
    key = base32_key(secret)
    assert secret == base64.b32decode(key + "=" * (-len(key) % 8))
    assert key == key.upper().rstrip("=")
    assert key == "".join(groups_of_four(key))
    assert {4} >= {len(group) for group in groups_of_four(key)[:-1]}


def test_a_key_of_twenty_bytes_is_eight_groups_of_four() -> None:
    """160 bits are 32 characters, which a person reads out in eight groups."""
    assert [len(group) for group in groups_of_four(base32_key(SECRET))] == [4] * 8
