"""Of whom the team requires 2FA, and from when."""

from dataclasses import replace

import pytest

from xpressbot.foundation.times import DAY, HOUR, MINUTE
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.two_factor_policy import (
    FURTHEST_AHEAD,
    LONGEST_EXEMPTION,
    REMINDER_PUT_OFF_FOR,
    TeamPolicy,
    TwoFactorPolicy,
    can_begin_at,
    enrolment_due_at,
    is_reminded,
    must_keep_two_factor,
    owes_enrolment,
)

NOW = 1_800_000_000_000_000
ANNA = Account("a" * 32, "anna@example.com", "Anna", AccountStatus.ACTIVE, 1, "")
PROTECTED = replace(ANNA, protected_since=NOW - DAY)


def required(at: int) -> TeamPolicy:
    return TeamPolicy(TwoFactorPolicy.REQUIRED, at)


@pytest.mark.parametrize("kind", [TwoFactorPolicy.OPTIONAL, TwoFactorPolicy.ASKED, None])
def test_without_a_date_nobody_owes_it(kind: TwoFactorPolicy | None) -> None:
    """Optional, asked for, or what a newer version calls it."""
    assert enrolment_due_at(ANNA, TeamPolicy(kind), NOW) is None
    assert not owes_enrolment(ANNA, TeamPolicy(kind), NOW)


def test_it_is_owed_from_the_moment_on() -> None:
    """Not a microsecond before."""
    assert not owes_enrolment(ANNA, required(NOW + 1), NOW)
    assert owes_enrolment(ANNA, required(NOW), NOW)
    assert enrolment_due_at(ANNA, required(NOW + DAY), NOW) == NOW + DAY


def test_a_date_counts_whatever_its_policy_is_called() -> None:
    """A newer version may know other policies; a date is a requirement."""
    assert owes_enrolment(ANNA, TeamPolicy(None, NOW), NOW)


def test_the_protected_owe_nothing_and_keep_what_they_have() -> None:
    """They cannot turn it off from the moment on, and could before."""
    assert not owes_enrolment(PROTECTED, required(NOW - DAY), NOW)
    assert must_keep_two_factor(PROTECTED, required(NOW), NOW)
    assert not must_keep_two_factor(PROTECTED, required(NOW + 1), NOW)
    assert not must_keep_two_factor(replace(PROTECTED, exempt_until=NOW + DAY), required(NOW - DAY), NOW)


def test_the_exempt_owe_it_when_the_exemption_ends() -> None:
    """And no later than the policy says, where that is later."""
    exempt = replace(ANNA, exempt_until=NOW + DAY)
    assert enrolment_due_at(exempt, required(NOW - DAY), NOW) == NOW + DAY
    assert enrolment_due_at(exempt, required(NOW + 2 * DAY), NOW) == NOW + 2 * DAY
    assert owes_enrolment(exempt, required(NOW - DAY), NOW + DAY)


def test_a_clock_that_was_set_back_exempts_nobody_and_defers_nothing() -> None:
    """An exemption or a date further ahead than any can be was dated by another clock: it opens nothing."""
    exempt = replace(ANNA, exempt_until=NOW + LONGEST_EXEMPTION + HOUR)
    assert owes_enrolment(exempt, required(NOW), NOW)
    assert owes_enrolment(ANNA, required(NOW + FURTHEST_AHEAD + HOUR), NOW)
    assert enrolment_due_at(ANNA, required(NOW + FURTHEST_AHEAD + HOUR), NOW) == NOW
    assert not owes_enrolment(ANNA, required(NOW + FURTHEST_AHEAD + MINUTE), NOW)


def test_who_is_reminded() -> None:
    """Where it is asked for, those without it, unless they have put it off for no longer than they can."""
    asked = TeamPolicy(TwoFactorPolicy.ASKED)
    assert is_reminded(ANNA, asked, NOW)
    assert not is_reminded(PROTECTED, asked, NOW)
    assert not is_reminded(ANNA, TeamPolicy(), NOW)
    assert not is_reminded(ANNA, required(NOW + DAY), NOW)
    assert not is_reminded(replace(ANNA, reminder_put_off_until=NOW + 1), asked, NOW)
    assert is_reminded(replace(ANNA, reminder_put_off_until=NOW), asked, NOW)
    assert is_reminded(replace(ANNA, reminder_put_off_until=NOW + REMINDER_PUT_OFF_FOR + HOUR), asked, NOW)


def test_when_a_requirement_may_begin() -> None:
    """From now to FURTHEST_AHEAD."""
    assert [can_begin_at(NOW + by, NOW) for by in (-1, 0, FURTHEST_AHEAD, FURTHEST_AHEAD + 1)] == [False, True, True, False]
