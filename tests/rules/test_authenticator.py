"""Enrolments, and when two refused codes tell of one wrong clock."""

from dataclasses import replace

import pytest

from xpressbot.foundation.times import MINUTE, SECOND
from xpressbot.identity.factors.rules import (
    Addition,
    Authenticator,
    AuthenticatorState,
    Enrolment,
    Plan,
    Replacement,
    is_name_taken,
    name_in_place,
    normalise_authenticator_name,
)
from xpressbot.identity.factors.totp.rules.clock_sightings import ClockSighting, tells_of_wrong_clock
from xpressbot.identity.throttling.rules import Charge

NOW = 1_790_000_000 * SECOND
AUTHENTICATOR = Authenticator("t", "a", "totp", "Tablet", AuthenticatorState.PENDING, NOW, None, None)
ENROLMENT = Enrolment(AUTHENTICATOR, "mine", Addition(), NOW + 10 * MINUTE)
EARLIER = ClockSighting(step=100, offset=3, seen_at=NOW)


@pytest.mark.parametrize(("age", "is_open"), [(0, True), (10 * MINUTE - 1, True), (10 * MINUTE, False)])
def test_an_enrolment_is_open_ten_minutes(age: int, *, is_open: bool) -> None:
    """The end of its time closes it."""
    assert is_open is ENROLMENT.is_open(NOW + age)


def test_an_enrolment_has_five_tries() -> None:
    """They are counted like those of a sign-in; at the fifth its bucket lets none through."""
    assert Charge(ENROLMENT.bucket, 5, 0, 0, 0).suspends
    assert not Charge(ENROLMENT.bucket, 4, 0, 0, 0).suspends
    assert {ENROLMENT.bucket.policy.delay_after(tries) for tries in range(6)} == {0}


@pytest.mark.parametrize(
    ("typed", "kept"), [("  My \t phone ", "My phone"), ("x" * 40, "x" * 40), ("x" * 41, None), ("", None), ("a\x07b", None)]
)
def test_an_app_has_a_name_of_up_to_forty_printable_characters(typed: str, kept: str | None) -> None:
    """White space is tidied; what could not be read out is refused."""
    assert normalise_authenticator_name(typed) == kept


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("TABLET", True),
        ("\uff34\uff41\uff42\uff4c\uff45\uff54", True),
        ("Tab\u00adlet", True),
        ("Tablet\u200b", True),
        ("Tablet\ufe0f", True),
        ("Tab\u034flet", True),
        ("Tablet\U000e0041", True),
        ("T\u200da\u200cblet", True),
        ("Tablet 2", False),
        ("T\u00e4blet", False),
        ("", False),
    ],
)
def test_two_apps_have_no_name_in_common_however_it_is_written(name: str, *, taken: bool) -> None:
    """Or no person could tell which one to remove: capitals, width and what shows nothing make no other name."""
    assert taken is is_name_taken(name, [AUTHENTICATOR])


def _named(*names: str) -> list[Authenticator]:
    return [replace(AUTHENTICATOR, id=str(number), name=name) for number, name in enumerate(names)]


@pytest.mark.parametrize(
    ("plan", "active", "called"),
    [
        (Addition(), ["", "Phone"], "Tablet"),
        (Addition(), ["", "tablet"], "Tablet 2"),
        (Addition(), ["TABLET", "Tablet 2"], "Tablet 3"),
        (Replacement(), [], ""),
        (Replacement(), ["Phone"], "Phone"),
        (Replacement(), ["Phone", "Work"], ""),
        (Replacement(replaces="1"), ["Phone", "Work"], "Work"),
        (Replacement(replaces="gone"), ["Phone", "Work"], ""),
    ],
)
def test_a_new_app_inherits_a_name_or_keeps_its_own_with_a_number_if_need_be(plan: Plan, active: list[str], called: str) -> None:
    """What it is called is settled when it is put in place, by what the others are called then."""
    assert called == name_in_place(replace(ENROLMENT, plan=plan), _named(*active))


@pytest.mark.parametrize(
    ("earlier", "later", "tells"),
    [
        (None, ClockSighting(101, 3, NOW), False),
        (EARLIER, ClockSighting(101, 3, NOW + 30 * SECOND), True),
        (EARLIER, ClockSighting(102, 4, NOW + 30 * SECOND), True),
        (EARLIER, ClockSighting(100, 2, NOW + 30 * SECOND), False),
        (EARLIER, ClockSighting(99, 2, NOW), True),
        (EARLIER, ClockSighting(100, 3, NOW + 1), False),
        (EARLIER, ClockSighting(103, 5, NOW + 30 * SECOND), False),
        (EARLIER, ClockSighting(101, 1, NOW + 30 * SECOND), False),
        (EARLIER, ClockSighting(95, -3, NOW + 30 * SECOND), False),
        (EARLIER, ClockSighting(110, 3, NOW + 5 * MINUTE), True),
        (EARLIER, ClockSighting(110, 3, NOW + 5 * MINUTE + 1), False),
        (EARLIER, ClockSighting(101, 3, NOW - 2 * MINUTE), True),
        (EARLIER, ClockSighting(101, 3, NOW - 2 * MINUTE - 1), False),
    ],
)
def test_two_different_codes_that_agree_within_five_minutes_tell_of_one_clock(
    earlier: ClockSighting | None, later: ClockSighting, *, tells: bool
) -> None:
    """One code, the same code twice, offsets two steps apart, or an old or future memory prove too little."""
    assert tells is tells_of_wrong_clock(earlier, later)


@pytest.mark.parametrize("blank", ["\u115f", "\u1160", "\u2800", "\u3164", "\uffa0"])
def test_a_letter_that_shows_nothing_makes_neither_a_name_nor_a_difference(blank: str) -> None:
    """Hangul fillers and the empty Braille pattern are letters and signs by their category only."""
    assert normalise_authenticator_name(blank) is None
    assert is_name_taken(f"Tablet{blank}", _named("Tablet"))
