"""Identifiers of rows, and times."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpressbot.foundation.identifiers import identifier
from xpressbot.foundation.times import SECOND, whole_seconds_until

times = st.integers(0, 2**50)
entropy = st.binary(min_size=10, max_size=10)


@given(times, entropy)
def test_an_identifier_is_thirty_two_hexadecimal_digits(now: int, drawn: bytes) -> None:
    """It fits its column, and all of its entropy shows."""
    text = identifier(now, drawn)
    assert len(text) == 32
    assert set(text) <= set("0123456789abcdef")
    assert drawn.hex() == text[12:]


@given(times, times, entropy, entropy)
def test_identifiers_sort_by_the_millisecond_they_were_made_in(earlier: int, later: int, one: bytes, other: bytes) -> None:
    """What is made later sorts later, so that an index grows at its end."""
    earlier, later = sorted((earlier, later))
    if earlier // 1000 < later // 1000:
        assert identifier(earlier, one) < identifier(later, other)


@pytest.mark.parametrize("length", [0, 9, 11])
def test_another_amount_of_entropy_is_a_bug(length: int) -> None:
    """An identifier never has fewer than 80 random bits."""
    with pytest.raises(ValueError, match="10 bytes"):
        identifier(0, bytes(length))


@pytest.mark.parametrize(
    ("wait", "seconds"), [(-5 * SECOND, 1), (0, 1), (1, 1), (SECOND, 1), (SECOND + 1, 2), (12 * SECOND, 12), (90 * SECOND - 1, 90)]
)
def test_a_wait_is_rounded_up_to_whole_seconds(wait: int, seconds: int) -> None:
    """A client that waits as long as told is never early; a wait is at least one second."""
    assert seconds == whole_seconds_until(1_000_000_007 + wait, 1_000_000_007)
