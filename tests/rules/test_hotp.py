"""HOTP values (RFC 4226)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpressbot.identity.factors.totp.rules.hotp import hotp

RFC_SECRET = b"12345678901234567890"
RFC_4226_APPENDIX_D = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]


@pytest.mark.parametrize(("counter", "value"), list(enumerate(RFC_4226_APPENDIX_D)))
def test_values_are_those_of_rfc_4226_appendix_d(counter: int, value: str) -> None:
    """The ten published values come out of the published secret."""
    assert value == hotp(RFC_SECRET, counter)


@given(st.binary(min_size=20, max_size=20), st.integers(0, 2**63 - 1), st.sampled_from([6, 8]))
def test_a_value_always_has_all_its_digits(secret: bytes, counter: int, digits: int) -> None:
    """Leading zeros are kept, so that every value has the length a person is asked for."""
    value = hotp(secret, counter, digits)
    assert (digits, True) == (len(value), value.isascii() and value.isdigit())


def test_a_leading_zero_is_kept() -> None:
    """The first counter of the RFC's secret whose value begins with 0 has six digits all the same."""
    counter = next(counter for counter in range(1000) if int(hotp(RFC_SECRET, counter)) < 100_000)
    assert len(hotp(RFC_SECRET, counter)) == 6
    assert hotp(RFC_SECRET, counter).startswith("0")
