"""TOTP verification (RFC 6238)."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpressbot.foundation.times import SECOND
from xpressbot.identity.factors.recovery_codes.rules import parse_code as parse_recovery_code
from xpressbot.identity.factors.totp.rules import totp
from xpressbot.identity.factors.totp.rules.hotp import hotp

RFC_SECRET = b"12345678901234567890"
RFC_6238_APPENDIX_B_SHA1 = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]
CLOCK = 1_790_000_000 * SECOND
STEP = CLOCK // (30 * SECOND)

secrets = st.binary(min_size=20, max_size=20)
times = st.integers(min_value=15 * 30 * SECOND, max_value=2**53)


@pytest.mark.parametrize(("seconds", "value"), RFC_6238_APPENDIX_B_SHA1)
def test_values_are_those_of_rfc_6238_appendix_b(seconds: int, value: str) -> None:
    """The published SHA-1 values come out with 8 digits, and their last six are the codes that are accepted."""
    step = totp.step_at(seconds * SECOND)
    assert value == hotp(RFC_SECRET, step, 8)
    assert value[-6:] == hotp(RFC_SECRET, step)
    assert step == totp.verify(RFC_SECRET, value[-6:], seconds * SECOND)


@given(secrets, times, st.integers(-12, 12))
def test_exactly_the_steps_before_now_and_after_are_accepted(secret: bytes, now: int, distance: int) -> None:
    """A code is right for T-1, T and T+1 and for no other step, and the step it stands for is what comes back."""
    step = totp.step_at(now) + distance
    window = {totp.step_at(now) + offset: hotp(secret, totp.step_at(now) + offset) for offset in (-1, 0, 1)}
    code = hotp(secret, step)
    expected = max((candidate for candidate, value in window.items() if value == code), default=None)
    assert expected == totp.verify(secret, code, now)
    if abs(distance) <= 1:
        assert totp.verify(secret, code, now) is not None


@given(secrets, times, st.text(max_size=12))
def test_any_other_text_proves_nothing(secret: bytes, now: int, text: str) -> None:
    """Whatever is typed, only a value of the window is accepted; odd text is refused, not an error."""
    window = {hotp(secret, totp.step_at(now) + offset) for offset in (-1, 0, 1)}
    assert (text in window) == (totp.verify(secret, text, now) is not None)


@pytest.mark.parametrize("distance", [-1, 0, 1, 5, None])
def test_the_same_three_values_are_compared_whatever_the_code(monkeypatch: pytest.MonkeyPatch, distance: int | None) -> None:
    """Each of the three values is compared in constant time, also after a match, so that time tells nothing."""
    code = "000000" if distance is None else hotp(RFC_SECRET, STEP + distance)
    compared = []
    constant_time = hmac.compare_digest

    def observed(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return constant_time(one, other)

    monkeypatch.setattr(hmac, "compare_digest", observed)
    totp.verify(RFC_SECRET, code, CLOCK)
    assert [(hotp(RFC_SECRET, STEP + offset).encode(), code.encode()) for offset in (-1, 0, 1)] == compared


def test_of_two_equal_codes_in_the_window_the_later_step_counts() -> None:
    """When one code stands for two steps, the later one is used up, so that it is not good a second time."""
    step = 62_075_369  # the RFC's secret happens to give this step the code of the one before
    assert hotp(RFC_SECRET, step - 1) == hotp(RFC_SECRET, step) == "235522"
    assert step == totp.verify(RFC_SECRET, "235522", (step - 1) * 30 * SECOND)
    assert step == totp.verify(RFC_SECRET, "235522", step * 30 * SECOND)


@given(secrets, times, st.integers(-14, 14))
def test_a_clock_offset_is_found_outside_the_window_and_within_reach(secret: bytes, now: int, distance: int) -> None:
    """Offsets of 2 to 10 steps either way are recognised; inside the window or farther off there is nothing to tell."""
    current = totp.step_at(now)
    code = hotp(secret, current + distance)
    explained = {offset for offset in range(-10, 11) if abs(offset) > 1 and hotp(secret, current + offset) == code}
    offset = totp.clock_offset(secret, code, now)
    assert (offset in explained) if explained else offset is None
    if 2 <= abs(distance) <= 10:
        assert offset is not None


@pytest.mark.parametrize(
    ("distance", "offset"), [(-11, None), (-10, -10), (-2, -2), (-1, None), (0, None), (1, None), (2, 2), (10, 10), (11, None)]
)
def test_the_sign_of_a_clock_offset_says_ahead_or_behind(distance: int, offset: int | None) -> None:
    """A device that is ahead shows codes still to come: positive."""
    assert offset == totp.clock_offset(RFC_SECRET, hotp(RFC_SECRET, STEP + distance), CLOCK)


@given(times)
def test_a_step_begins_where_the_one_before_ends(now: int) -> None:
    """A time lies in the step that began at or before it and ends within 30 s."""
    step = totp.step_at(now)
    assert totp.start_of_step(step) <= now < totp.start_of_step(step + 1)
    assert totp.start_of_step(step + 1) == totp.usable_again_at(step)


@pytest.mark.parametrize(
    "text",
    [
        "123456",
        " 123 456 ",
        "1 2 3 4 5 6",
        "123\u00a0456",
        "123\t456\n",
        "12\u2009345\u20096",
        "123-456",
        "123 - 456",
        "1-2-3-4-5-6",
        "123\u2013456",
        "12\u201034\u221256",
        "123\uff0d456",
        "\uff11\uff12\uff13\uff14\uff15\uff16",
        "\u0661\u0662\u0663\u0664\u0665\u0666",
        "\u06f1\u06f2\u06f3 \u06f4\u06f5\u06f6",
        "\u0967\u0968\u0969\u096a\u096b\u096c",
        "\U0001d7cf\U0001d7d0\U0001d7d1\U0001d7d2\U0001d7d3\U0001d7d4",
        "12345\u0666",
        "123456\u200b",
        "\u200f\u0661\u0662\u0663\u0664\u0665\u0666\u200f",
        "\ufeff123\u00ad456",
    ],
)
def test_six_digits_of_any_script_are_read_as_the_six_they_are(text: str) -> None:
    """Spaces around and between them, dashes between them, and what shows nothing are no part of a code."""
    assert totp.parse_code(text) == "123456"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "12345",
        "1234567",
        "12345a",
        "-12345",
        "+12345",
        "1.3456",
        "-123456",
        "123456-",
        "12_3456",
        "123,456",
        "123.456",
        "123456 234567",
        "123456, 234567",
        "[123456]",
        '["123456"]',
        '"123456"',
        "12345\u00b2",
        "12345\u4e00",
        "12345\u00bd",
        "12345\u2167",
        "\u0661\u0662\u0663\u0664\u0665",
        "\u0661\u0662\u0663\u0664\u0665\u0666\u0667",
        "12345\u2460",
        "123456\x00",
        "0x1234",
        "1" * 10_000,
        "123456" + " " * 1_019,
        "\U0001f600" * 6,
    ],
)
def test_anything_but_six_digits_is_no_code(text: str) -> None:
    """Wrong lengths, lists, letters, signs, and numbers that are no decimal digits have no shape of a code."""
    assert totp.parse_code(text) is None


@given(st.text() | st.text(st.sampled_from("0123456789\u0661\uff12 -\u2013\u200b.A"), max_size=40))
def test_a_parsed_code_is_six_ascii_digits(text: str) -> None:
    """No text gets through with another shape, and none can be a recovery code as well: one field may take both."""
    code = totp.parse_code(text)
    assert code is None or parse_recovery_code(text) is None
    assert code is None or (len(code) == 6 and set(code) <= set("0123456789"))


def test_a_clock_at_the_beginning_of_1970_finds_no_steps_before_it() -> None:
    """A machine that lost its clock verifies and explains as any other."""
    secret = bytes(20)
    assert totp.verify(secret, hotp(secret, 0), 0) == 0
    assert totp.clock_offset(secret, hotp(secret, 5), 0) == 5
