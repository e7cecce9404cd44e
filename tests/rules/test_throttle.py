"""Throttle policies and keys."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpressbot.foundation.times import HOUR, MINUTE, SECOND
from xpressbot.identity.throttling import rules as throttle
from xpressbot.identity.throttling.rules import ADDRESS, PASSWORD, SECOND_FACTOR, STRANGERS, Bucket, Charge, Policy

ALL = {"password": PASSWORD, "strangers": STRANGERS, "second factor": SECOND_FACTOR, "address": ADDRESS}
policies = st.builds(
    Policy, free=st.integers(1, 40), first_delay=st.integers(1, HOUR), longest_delay=st.integers(HOUR, 2 * HOUR)
) | st.sampled_from(list(ALL.values()))


def test_wrong_passwords_wait_thirty_seconds_doubling_to_a_quarter_of_an_hour() -> None:
    """Four tries are followed at once by the next; from the fifth on each wait is double, and none is over 15 minutes."""
    waits = [PASSWORD.delay_after(tries) // SECOND for tries in range(13)]
    assert waits == [0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]


def test_wrong_second_factors_wait_thirty_seconds_doubling_to_an_hour() -> None:
    """As with passwords, but up to an hour; after 50 in a row no waiting helps."""
    waits = [SECOND_FACTOR.delay_after(tries) // SECOND for tries in range(3, 14)]
    assert waits == [0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert SECOND_FACTOR.suspend_at == 50


def test_only_second_factors_are_suspended() -> None:
    """Anybody can fail a password, so failing one never closes the account (ASVS 6.1.1); at 100 there is an alarm."""
    assert (PASSWORD.suspend_at, ADDRESS.suspend_at, PASSWORD.alarm_at) == (None, None, 100)


def test_an_address_has_thirty_tries_a_minute() -> None:
    """The thirtieth try is let through, and closes the address for a minute."""
    assert (ADDRESS.delay_after(29), ADDRESS.delay_after(30), ADDRESS.delay_after(500), ADDRESS.window) == (0, MINUTE, MINUTE, MINUTE)


@given(policies, st.integers(0, 10_000))
def test_schedule_and_delay_agree(policy: Policy, tries: int) -> None:
    """What the database evaluates row by row of the schedule is what the rule computes."""
    scheduled = next((delay for count, delay in policy.schedule() if tries <= count), policy.longest_delay)
    assert policy.delay_after(tries) == scheduled


@given(policies, st.integers(0, 10_000))
def test_waits_never_shrink_and_never_exceed_the_longest(policy: Policy, tries: int) -> None:
    """One more failure never makes the next try come sooner."""
    assert 0 <= policy.delay_after(tries) <= policy.delay_after(tries + 1) <= policy.longest_delay


@given(policies, st.integers(0, 2**50), st.integers(0, 2**50))
def test_a_wait_is_cut_to_the_longest_delay(policy: Policy, next_allowed_at: int, now: int) -> None:
    """A clock set back makes no client wait longer than the policy does; honest waits stay as they are."""
    cut = policy.cut(next_allowed_at, now)
    assert cut - now <= policy.longest_delay
    assert cut == next_allowed_at or next_allowed_at - now > policy.longest_delay


@pytest.mark.parametrize(("tries", "suspends"), [(1, False), (49, False), (50, True)])
def test_the_fiftieth_try_suspends(tries: int, *, suspends: bool) -> None:
    """The charge itself knows that it was the last."""
    assert suspends is Charge(throttle.second_factor("kind", "a"), tries, 0, 0, 0).suspends
    assert not Charge(throttle.stranger("a"), tries, 0, 0, 0).suspends


def test_every_bucket_has_a_key_of_its_own() -> None:
    """One account's browsers, strangers, codes and networks never share a count."""
    makers: list[Callable[[str], throttle.Bucket]] = [
        throttle.known_browser,
        throttle.stranger,
        throttle.network,
        lambda of: throttle.second_factor("one", of),
        lambda of: throttle.second_factor("other", of),
    ]
    buckets = [maker(of) for maker in makers for of in ("a", "b")]
    assert len(buckets) == len({bucket.key for bucket in buckets})
    expected = [PASSWORD, STRANGERS, ADDRESS, SECOND_FACTOR, SECOND_FACTOR]
    assert expected == [bucket.policy for bucket in map(_of_a, makers)]


def _of_a(maker: object) -> Bucket:
    assert callable(maker)
    bucket = maker("a")
    assert isinstance(bucket, Bucket)
    return bucket
