"""What is dated in the future."""

from dataclasses import replace

import pytest

from xpressbot.foundation.times import DAY, MINUTE, SECOND, is_from_the_future, latest_credible
from xpressbot.identity.factors.rules import ENROLMENT_LIFETIME, Authenticator, AuthenticatorState, Enrolment, Replacement
from xpressbot.identity.factors.totp.rules.clock_sightings import ClockSighting, CommonOffset, common_offset, tells_of_wrong_clock
from xpressbot.identity.factors.totp.rules.totp import latest_credible_step, step_at
from xpressbot.identity.sign_in.rules.pending import LIFETIME, NextStep, PendingSignIn

NOW = 1_790_000_000 * SECOND
AHEAD = [(0, True), (2 * MINUTE, True), (2 * MINUTE + 1, False), (365 * DAY, False)]
PENDING = PendingSignIn(
    id="p",
    next_step=NextStep.SECOND_FACTOR,
    account_id="a",
    email="a@example.com",
    security_version=1,
    amr=frozenset({"pwd"}),
    next_path="/",
    password_bucket="",
    after_waits=False,
    expires_at=NOW + LIFETIME,
    consumed_at=None,
)
APP = Authenticator("x", "a", "totp", "", AuthenticatorState.PENDING, NOW, None, None)


@pytest.mark.parametrize(("ahead", "credible"), [(-365 * DAY, True), *AHEAD])
def test_the_future_begins_two_minutes_from_now(ahead: int, *, credible: bool) -> None:
    """Which is more than the clocks of two nodes should ever differ by."""
    assert is_from_the_future(NOW + ahead, NOW) is not credible
    assert (NOW + ahead <= latest_credible(NOW)) is credible


@pytest.mark.parametrize(("ahead", "is_open"), AHEAD)
def test_a_pending_sign_in_of_the_future_is_not_open(ahead: int, *, is_open: bool) -> None:
    """It would be for as long as the clock was ahead."""
    pending = replace(PENDING, expires_at=NOW + ahead + LIFETIME)
    assert (pending.is_open(NOW), pending.is_from_the_future(NOW)) == (is_open, not is_open)


@pytest.mark.parametrize(("ahead", "is_open"), AHEAD)
def test_a_set_up_of_the_future_is_not_open(ahead: int, *, is_open: bool) -> None:
    """Nor is its secret shown."""
    enrolment = Enrolment(replace(APP, created_at=NOW + ahead), "s", Replacement(), NOW + ahead + ENROLMENT_LIFETIME)
    assert enrolment.is_open(NOW) is is_open


@pytest.mark.parametrize(("ahead", "told"), AHEAD)
def test_a_refused_code_of_the_future_explains_no_other(ahead: int, *, told: bool) -> None:
    """Two that agree must lie close together."""
    earlier, later = ClockSighting(10, 3, NOW + ahead), ClockSighting(11, 3, NOW)
    assert tells_of_wrong_clock(earlier, later) is told


@pytest.mark.parametrize("second", [0, 1, 29, 30, 59])
def test_a_step_that_a_node_ahead_of_this_one_takes_is_credible(second: int) -> None:
    """The code of the step to come, on a node two minutes ahead; the one after it is not."""
    now = NOW + second * SECOND
    assert latest_credible_step(now) == step_at(now + 2 * MINUTE) + 1


@pytest.mark.parametrize(
    ("offsets", "agreed"),
    [
        ([], None),
        ([-4, -4], None),
        ([-4, -4, -4], CommonOffset(3, -4)),
        ([-4, -3, -4], CommonOffset(3, -4)),
        ([-5, -4, -3], None),
        ([4, 4, -4, -4], None),
        ([2, 2, -2], None),
        ([9, -4, -4, 2, -5], CommonOffset(3, -4)),
        ([3, 3, 4, 7, 8, 8, 8], CommonOffset(4, 8)),
    ],
)
def test_three_phones_that_are_off_alike_tell_of_a_wrong_server(offsets: list[int], agreed: CommonOffset | None) -> None:
    """In one direction, and by the same within one step; of several groups the largest counts."""
    sightings = {f"account{number}": ClockSighting(1, offset, NOW) for number, offset in enumerate(offsets)}
    assert common_offset(sightings) == agreed
