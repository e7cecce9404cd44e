"""Assurance levels, step-up, and what a pending sign-in still needs."""

import pytest

from xpressbot.foundation.times import MINUTE, SECOND
from xpressbot.identity.accounts.rules.actions import ACTIONS, Action, ProofNeeded
from xpressbot.identity.sessions.rules.assurance import RECOVERY_GRANT, Amr, aal_of, is_fresh, step_up_needed, waits_for_new_password
from xpressbot.identity.sign_in.rules.pending import NextStep, next_step

NOW = 1_790_000_000 * SECOND
PWD, OTP, CODE = "pwd", "otp", "recovery_code"


@pytest.mark.parametrize(
    ("amr", "aal"),
    [((), 1), ((PWD,), 1), ((OTP,), 1), ((CODE,), 1), ((OTP, CODE), 1), ((PWD, OTP), 2), ((PWD, CODE), 2), ((PWD, OTP, CODE), 2)],
)
def test_the_second_level_takes_a_password_and_a_second_factor(amr: tuple[str, ...], aal: int) -> None:
    """Neither one nor two second factors alone make up for the password."""
    assert aal == aal_of(frozenset(amr))


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


def _needed(
    proof: ProofNeeded, *, proven_at: int, recovery_grant_until: int, now: int, amr: Amr = frozenset({PWD}), password: bool = False
) -> bool:
    return step_up_needed(proof, amr=amr, proven_at=proven_at, recovery_grant_until=recovery_grant_until, now=now, password_proven=password)


def test_repairs_and_changes_need_the_proofs_that_the_table_says() -> None:
    """Moving, disabling and a new set are repairs; looking at codes and a second app are none. All else needs a session."""
    repairs = {Action.START_ENROLMENT, Action.DISABLE_TWO_FACTOR, Action.REGENERATE_BACKUPS}
    fresh = {Action.ADD_AUTHENTICATOR, Action.REMOVE_AUTHENTICATOR, Action.REVEAL_BACKUPS, Action.CHECK_BACKUP}
    fresh |= {Action.CHANGE_POLICY, Action.EXEMPT_MEMBER, Action.END_EXEMPTION}
    fresh |= {Action.CHANGE_NAME, Action.CHANGE_EMAIL, Action.EXPORT_DATA, Action.CLOSE_ACCOUNT}
    fresh |= {Action.ASK_FOR_RESET, Action.APPROVE_RESET, Action.SHOW_RESET_LINK, Action.EXPORT_TEAM_RECORD}
    fresh |= {Action.INVITE_MEMBER, Action.ERASE_CONTACT}
    assert {action for action in Action if ACTIONS[action].proof is ProofNeeded.FRESH_OR_RECOVERY} == repairs
    fresh |= {Action.CHANGE_ROLE, Action.HAND_OVER_OWNERSHIP, Action.SUSPEND_MEMBER, Action.REINSTATE_MEMBER, Action.REMOVE_MEMBER}
    fresh |= {Action.END_MEMBER_SESSION, Action.END_MEMBER_SESSIONS}
    assert {action for action in Action if ACTIONS[action].proof is ProofNeeded.FRESH} == fresh


@pytest.mark.parametrize("proof", [ProofNeeded.FRESH, ProofNeeded.FRESH_OR_RECOVERY, ProofNeeded.FRESH_OR_PASSWORD])
def test_an_old_proof_is_asked_for_again(proof: ProofNeeded) -> None:
    """With a proof of a moment ago nothing more is asked for; with an old one, it is."""
    assert not _needed(proof, proven_at=NOW, recovery_grant_until=0, now=NOW)
    assert _needed(proof, proven_at=NOW - 5 * MINUTE, recovery_grant_until=0, now=NOW)


def test_what_needs_no_proof_needs_none_however_old_the_last_one_is() -> None:
    """A live session is enough to sign out."""
    assert not _needed(ProofNeeded.NONE, proven_at=0, recovery_grant_until=0, now=NOW)


def test_a_password_in_the_form_is_enough_for_what_says_so_alone() -> None:
    """A person without the other factor can end sessions; nothing else becomes open by a password."""
    open_by_password = {
        proof
        for proof in ProofNeeded
        if not _needed(proof, proven_at=0, recovery_grant_until=0, now=NOW, amr=frozenset({PWD, OTP}), password=True)
    }
    assert open_by_password == {ProofNeeded.NONE, ProofNeeded.FRESH_OR_PASSWORD}


@pytest.mark.parametrize(
    ("amr", "proven_at", "password", "needed"),
    [
        ({PWD}, NOW, False, True),
        ({PWD}, 0, True, False),
        ({PWD, OTP}, NOW, False, False),
        ({PWD, OTP}, 0, True, True),
    ],
)
def test_a_current_password_is_asked_for_each_time_or_both_factors_freshly(
    amr: set[str], proven_at: int, *, password: bool, needed: bool
) -> None:
    """Without a second factor a sign-in of a moment ago does not stand for the current password (ASVS 6.2.3)."""
    proof = ProofNeeded.CURRENT_PASSWORD
    assert needed is _needed(proof, proven_at=proven_at, recovery_grant_until=0, now=NOW, amr=frozenset(amr), password=password)


@pytest.mark.parametrize(("until", "needed"), [(NOW + 1, False), (NOW, True)])
def test_a_recovery_session_repairs_without_further_proof_for_a_while(until: int, *, needed: bool) -> None:
    """At the very time that the grant runs until, it is over. It never opens what is no repair."""
    old = NOW - 6 * MINUTE
    assert _needed(ProofNeeded.FRESH_OR_RECOVERY, proven_at=old, recovery_grant_until=until, now=NOW) is needed
    assert _needed(ProofNeeded.FRESH, proven_at=old, recovery_grant_until=until, now=NOW)


@pytest.mark.parametrize(("ahead", "needed"), [(2 * MINUTE, False), (2 * MINUTE + 1, True)])
def test_a_grant_that_was_given_in_the_future_repairs_nothing(ahead: int, *, needed: bool) -> None:
    """It would run for as long as the clock was ahead, and half an hour."""
    until = NOW + ahead + RECOVERY_GRANT
    assert needed is _needed(ProofNeeded.FRESH_OR_RECOVERY, proven_at=NOW - 6 * MINUTE, recovery_grant_until=until, now=NOW)


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
def test_a_protected_account_needs_a_second_factor_before_its_session(amr: tuple[str, ...], step: NextStep, *, protected: bool) -> None:
    """The password alone is enough only while 2FA is off."""
    assert step is next_step(frozenset(amr), protected=protected, must_enrol=False, replaces_password=False)


@pytest.mark.parametrize("amr", [(PWD,), (PWD, OTP), (PWD, CODE)])
@pytest.mark.parametrize("replaces_password", [True, False])
@pytest.mark.parametrize("protected", [True, False])
def test_an_account_that_was_reset_must_enrol_before_its_session(amr: tuple[str, ...], *, protected: bool, replaces_password: bool) -> None:
    """Whatever else was proven."""
    step = next_step(frozenset(amr), protected=protected, must_enrol=True, replaces_password=replaces_password)
    assert step is NextStep.MUST_ENROL


@pytest.mark.parametrize(
    ("amr", "step"), [((PWD,), NextStep.SECOND_FACTOR), ((PWD, OTP), NextStep.NEW_PASSWORD), ((PWD, CODE), NextStep.NEW_PASSWORD)]
)
@pytest.mark.parametrize("protected", [True, False])
def test_a_password_that_others_may_know_begins_no_session(amr: tuple[str, ...], step: NextStep, *, protected: bool) -> None:
    """A second factor leads to a new one; the password alone leads nowhere, should 2FA be off."""
    assert next_step(frozenset(amr), protected=protected, must_enrol=False, replaces_password=True) is step


@pytest.mark.parametrize("proof", ProofNeeded)
def test_while_the_password_is_to_be_replaced_what_needs_a_proof_of_all_factors_is_closed(proof: ProofNeeded) -> None:
    """But for replacing it, and for what must be possible to a person who has lost the other factor."""
    assert waits_for_new_password(proof) is (proof in {ProofNeeded.FRESH, ProofNeeded.FRESH_OR_RECOVERY})
