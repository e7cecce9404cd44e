"""Recovery codes: alphabet, entropy, forgiving input."""

from collections import Counter
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.settable_system import SeededEntropy
from xpressbot.identity.factors.recovery_codes.rules import RecoveryCode, RecoveryCodeSet, code_from, grouped, parse_code

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE = "0123456789ABCDEF"
entropy = st.binary(min_size=10, max_size=10)


@given(entropy)
def test_a_code_is_sixteen_crockford_characters(drawn: bytes) -> None:
    """The alphabet has no I, L, O and U, which people misread."""
    code = code_from(drawn)
    assert len(code) == 16
    assert set(code) <= set(CROCKFORD)


@given(entropy, entropy)
def test_all_eighty_bits_go_into_a_code(one: bytes, other: bytes) -> None:
    """Different entropy gives different codes: nothing of the 80 bits is lost (ASVS 6.5.4; NIST 800-63B-4 4.2.1.1 asks for 64)."""
    assert (one == other) == (code_from(one) == code_from(other))
    assert len(code_from(one)) * log2(len(CROCKFORD)) >= 80


def test_each_bit_of_the_entropy_shows() -> None:
    """Flipping any single bit changes the code, in exactly one character."""
    for bit in range(80):
        code = code_from((1 << bit).to_bytes(10, "big"))
        assert sum(character != "0" for character in code) == 1, bit


def test_ten_thousand_codes_are_distinct_and_evenly_spread() -> None:
    """Chi-square over each position's characters stays below the 99.9999 % quantile of 31 degrees of freedom."""
    source = SeededEntropy(7)
    codes = [code_from(source.token_bytes(10)) for _ in range(10_000)]
    assert len(set(codes)) == 10_000
    expected = len(codes) / len(CROCKFORD)
    for position in range(16):
        counts = Counter(code[position] for code in codes)
        assert sum((counts[character] - expected) ** 2 / expected for character in CROCKFORD) < 85


@pytest.mark.parametrize("length", [0, 8, 9, 11, 20])
def test_too_little_or_too_much_entropy_is_a_bug(length: int) -> None:
    """A code is never made from anything but 80 bits."""
    with pytest.raises(ValueError, match="10 bytes"):
        code_from(bytes(length))


@pytest.mark.parametrize(
    "typed",
    [
        CODE,
        "0123-4567-89AB-CDEF",
        "0123 4567 89ab cdef",
        " 0123-4567-89AB-CDEF\r\n",
        "o1234567-89abcdef",
        "Oi23456789ABCDEF",
        "OL23456789abcdef",
        "ol23456789abcdef",
        "0123\u20104567\u201189ab\u2013cd\u2014ef",
        "0123_4567_89AB_CDEF",
        "0\u00a01\t2\n3456789ABCDEF",
        "--0123----456789ABCDEF--",
        "3. 0123-4567-89AB-CDEF",
        " 3. 0123-4567-89AB-CDEF",
        "10. 0123-4567-89AB-CDEF\r\n",
        "3.0123456789abcdef",
        "3) 0123-4567-89AB-CDEF",
        "3: 0123-4567-89AB-CDEF",
        "3.\t0123-4567-89AB-CDEF",
        "\uff13\uff0e\u30000123-4567-89AB-CDEF",
        " 5. 0123-4567-89AB-CDEF  (used)",
        "5. 0123-4567-89AB-CDEF (benutzt)",
        "0123-4567-89AB-CDEF(used)",
        '"0123-4567-89AB-CDEF"',
        "'0123456789ABCDEF'",
        "\u201e0123-4567-89AB-CDEF\u201c",
        "\u00ab\u00a00123-4567-89AB-CDEF\u00a0\u00bb",
        "`0123-4567-89AB-CDEF`",
        '3. "0123-4567-89AB-CDEF" (used)',
        "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff21\uff22\uff23\uff24\uff25\uff26",
        "\uff10\uff11\uff12\uff13-4567-\uff18\uff19\uff41\uff42-cdef",
        "\u06601\u06623-4567-89AB-CDEF",
        "0123\u2212456\uff0d789AB\u2012CDEF",
        "0123\u200b-4567-89AB-CDEF\ufeff",
    ],
)
def test_input_is_forgiven_what_people_do_to_codes(typed: str) -> None:
    """Spaces, dashes, quotes, width, case, O for 0, I and L for 1, and the list's number and remark make no difference."""
    assert parse_code(typed) == CODE


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "----",
        CODE[:-1],
        CODE + "0",
        "U123456789ABCDEF",
        "0123456789ABCDE!",
        "0123-4567-89AB-CDEF 0123-4567-89AB-CDEF",
        "0123-4567-89AB-CDEF, 0123-4567-89AB-CDEF",
        "1. 0123-4567-89AB-CDEF 2. 0123-4567-89AB-CDEF",
        "3 0123-4567-89AB-CDEF",
        "100. 0123-4567-89AB-CDEF",
        "3. 0123-4567-89AB",
        "0123-4567-89AB-CDEF (0)",
        "0123-4567-89AB-CDEF used",
        "[0123-4567-89AB-CDEF]",
        "0123.4567.89AB.CDEF",
        "0123456789ABCD\u00df",
        "0123456789ABCD\ufb01",
        "0123456789ABCDE\u00bd",
        "0123456789ABCDE\u0391",
        "0123456789ABCDE\u00df",
        "\x00123456789ABCDEF",
        "A" * 10_000,
        CODE + " " * 1_009,
        "\U0001f600" * 16,
    ],
)
def test_what_can_be_no_code_is_told_from_a_wrong_one(typed: str) -> None:
    """Wrong lengths, U, other scripts and control characters have no shape of a code."""
    assert parse_code(typed) is None


@given(entropy)
def test_a_shown_code_is_read_back(drawn: bytes) -> None:
    """What is printed in four groups of four comes back as the same code, in either case."""
    code = code_from(drawn)
    shown = grouped(code)
    for line in (shown, f" 1. {shown}", f"10. {shown}  (used)", f'"{shown}"', shown.replace("-", "\u2011")):
        assert (code, code) == (parse_code(line), parse_code(line.lower()))
    assert [len(group) for group in shown.split("-")] == [4, 4, 4, 4]
    assert (code, code) == (parse_code(shown), parse_code(shown.lower()))


@given(st.text() | st.text(st.sampled_from('0123ABCZUOIL-. ()"\u200b\uff21'), max_size=40))
def test_a_parsed_code_has_the_canonical_alphabet_and_length(typed: str) -> None:
    """No text gets through with another shape."""
    code = parse_code(typed)
    assert code is None or (len(code) == 16 and set(code) <= set(CROCKFORD))


def test_a_set_counts_the_codes_that_are_left() -> None:
    """A used code is no longer among those left, used at the very beginning of time too."""
    codes = tuple(RecoveryCode(str(position), position, b"", None, used_at, None) for position, used_at in enumerate([None, 0, 5, None]))
    assert RecoveryCodeSet("set", "session", None, codes).unused == 2
