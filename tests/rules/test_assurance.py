"""Assurance levels, step-up, and what a pending sign-in still needs."""

import pytest

from xpressbot.foundation.times import MINUTE, SECOND
from xpressbot.identity.sessions.rules.assurance import RECOVERY_GRANT, Action, Method, aal_of, is_fresh, step_up_needed
from xpressbot.identity.sign_in.rules.pending import NextStep, next_step

NOW = 1_790_000_000 * SECOND
PWD, OTP, CODE = Method.PASSWORD, Method.TOTP, Method.RECOVERY_CODE


@pytest.mark.parametrize(
    ("amr", "aal"),
    [((), 1), ((PWD,), 1), ((OTP,), 1), ((CODE,), 1), ((OTP, CODE), 1), ((PWD, OTP), 2), ((PWD, CODE), 2), ((PWD, OTP, CODE), 2)],
)
def test_the_second_level_takes_a_password_and_a_second_factor(amr: tuple[Method, ...], aal: int) -> None:
    """Neither one nor two second factors alone make up for the password."""
    assert aal == aal_of(frozenset(amr))


def test_methods_have_the_names_of_rfc_8176() -> None:
    """What other systems read is spelled as the registry spells it."""
    assert [PWD.value, OTP.value, CODE.value] == ["pwd", "otp", "recovery_code"]


@pytest.mark.parametrize(
    ("age", "fresh"),
    [
        (0, True),
        (1, True),
        (5 * MINUTE - 1, True),
        (5 * MINUTE, False),
        (6 * MINUTE, False),
        (-2 * MINUTE, True),
        (-2 * MINUTE - 1, False),
    ],
)
def test_a_proof_is_fresh_for_five_minutes(age: int, *, fresh: bool) -> None:
    """Not a moment longer, and not when it comes from the future; of two nodes, one may be two minutes behind the other."""
    assert fresh is is_fresh(NOW - age, NOW)


@pytest.mark.parametrize("action", Action)
def test_every_action_needs_a_fresh_proof(action: Action) -> None:
    """With a proof of a moment ago nothing more is asked for; with an old one, it is."""
    assert not step_up_needed(action, proven_at=NOW, recovery_grant_until=0, now=NOW)
    assert step_up_needed(action, proven_at=NOW - 5 * MINUTE, recovery_grant_until=0, now=NOW)


@pytest.mark.parametrize("action", Action)
def test_a_recovery_session_repairs_without_further_proof_but_shows_nothing(action: Action) -> None:
    """Moving, disabling and a new set are repairs; looking at codes and a second app are none."""
    needed = step_up_needed(action, proven_at=NOW - 6 * MINUTE, recovery_grant_until=NOW + 1, now=NOW)
    repairs = {Action.START_ENROLMENT, Action.DISABLE_TWO_FACTOR, Action.REGENERATE_RECOVERY_CODES}
    assert (action not in repairs) is needed


@pytest.mark.parametrize("action", Action)
def test_the_grant_of_a_recovery_session_ends(action: Action) -> None:
    """At the instant it runs until, it is over."""
    assert step_up_needed(action, proven_at=NOW - 6 * MINUTE, recovery_grant_until=NOW, now=NOW)


@pytest.mark.parametrize("action", [Action.START_ENROLMENT, Action.DISABLE_TWO_FACTOR, Action.REGENERATE_RECOVERY_CODES])
@pytest.mark.parametrize(("ahead", "needed"), [(2 * MINUTE, False), (2 * MINUTE + 1, True)])
def test_a_grant_that_was_given_in_the_future_repairs_nothing(action: Action, ahead: int, *, needed: bool) -> None:
    """It would run for as long as the clock was ahead, and half an hour."""
    until = NOW + ahead + RECOVERY_GRANT
    assert needed is step_up_needed(action, proven_at=NOW - 6 * MINUTE, recovery_grant_until=until, now=NOW)


@pytest.mark.parametrize(
    ("amr", "protected", "step"),
    [
        ((PWD,), False, NextStep.SESSION),
        ((PWD,), True, NextStep.SECOND_FACTOR),
        ((), True, NextStep.SECOND_FACTOR),
        ((PWD, OTP), True, NextStep.SESSION),
        ((PWD, CODE), True, NextStep.SESSION),
    ],
)
def test_a_protected_account_needs_a_second_factor_before_its_session(amr: tuple[Method, ...], step: NextStep, *, protected: bool) -> None:
    """The password alone is enough only while 2FA is off."""
    assert step is next_step(frozenset(amr), protected=protected, must_enrol=False)


@pytest.mark.parametrize("amr", [(PWD,), (PWD, OTP), (PWD, CODE)])
@pytest.mark.parametrize("protected", [True, False])
def test_an_account_that_was_reset_must_enrol_before_its_session(amr: tuple[Method, ...], *, protected: bool) -> None:
    """Whatever else was proven."""
    assert next_step(frozenset(amr), protected=protected, must_enrol=True) is NextStep.MUST_ENROL
