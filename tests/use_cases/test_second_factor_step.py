"""The second step of a sign-in: codes are good once, for one purpose."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import pytest
from sqlalchemy import update

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import Installation
from tests.support.optional import present
from tests.support.people import claimant_of
from tests.use_cases.instrumentation import LOOKED_AND_CHARGED, after_transaction, events, kinds, parts_of, tries
from tests.use_cases.use_case_browser import ANNA, UseCaseBrowser, canonical
from xpressbot.foundation.times import SECOND
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.audit.rules.event import EventKind, NewEvent
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.factors.totp.kind import Totp, TotpCode
from xpressbot.identity.outcomes import Denied, Reason, SessionRenewed, SignedIn
from xpressbot.identity.sign_in.refusals import PendingRefusal, SignInRefusal
from xpressbot.identity.sign_in.rules.pending import NextStep
from xpressbot.identity.sign_in.second_step import Claimant
from xpressbot.identity.tables import ACCOUNT, PENDING_SIGN_IN
from xpressbot.identity.throttling import store as throttle_store
from xpressbot.identity.throttling.rules import Refusal, second_factor


@dataclass(frozen=True)
class OfANewerVersion:
    """A proof of a kind that there is not."""

    kind: ClassVar[str] = "of_a_newer_version"


def used(seconds: float, visitor: UseCaseBrowser) -> Denied[Reason]:
    return Denied(ProofRefusal.CODE_ALREADY_USED, retry_at=visitor.clock.now() + round(seconds * SECOND))


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_codes_of_the_steps_around_now_sign_in(app: AuthenticatorApp, visitor: UseCaseBrowser, steps: int) -> None:
    """T-1, T and T+1 are right, and the session is of level 2."""
    visitor.clock.advance(minutes=5)
    visitor.sign_in(TotpCode(app.code(steps=steps)))
    assert (frozenset({"pwd", "otp"}), 2) == (visitor.me.session.amr, visitor.me.session.aal)


@pytest.mark.parametrize("steps", [-20, -3, -2, 2, 3, 20])
def test_codes_of_other_steps_do_not(app: AuthenticatorApp, new_visitor: Callable[..., UseCaseBrowser], steps: int) -> None:
    """T-2 and T+2 are wrong codes, and nothing more is said about them."""
    other = new_visitor()
    other.clock.advance(minutes=15)
    other.begin()
    assert other.code(app.code(steps=steps)) == Denied(ProofRefusal.WRONG_CODE)
    assert other.caller is None


def test_the_enrolment_code_is_refused_at_the_first_sign_in(app: AuthenticatorApp, new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """It is used up by turning 2FA on; the refusal says when the next one comes (the world stands 20 s into a step)."""
    other = new_visitor()
    other.begin()
    assert other.code(app.code()) == used(10, other)
    assert other.caller is None
    other.clock.advance(seconds=10)
    assert isinstance(other.code(app.code()), SignedIn)


def test_a_code_signs_in_once(app: AuthenticatorApp, new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """The same code is refused in a second browser that has typed the right password."""
    first, second = new_visitor(), new_visitor()
    code = app.next_code()
    first.sign_in(TotpCode(code))
    second.begin()
    assert second.code(code) == used(10, second)
    assert second.caller is None


def test_an_earlier_code_is_refused_after_a_later_one(app: AuthenticatorApp, new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """T-1 after T, and T after T+1, are used up too, though no client has typed them."""
    first, second = new_visitor(), new_visitor()
    first.clock.advance(minutes=5)
    first.sign_in(TotpCode(app.code(steps=1)))
    second.begin()
    assert second.code(app.code(steps=-1)) == used(40, second)
    assert second.code(app.code()) == used(40, second)
    second.clock.advance(seconds=40)
    assert isinstance(second.code(app.code()), SignedIn)


def test_a_code_used_to_step_up_does_not_sign_in(
    app: AuthenticatorApp, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """One memory for every purpose, and the other way round."""
    code = app.next_code()
    assert isinstance(visitor.confirm(factor=TotpCode(code)), SessionRenewed)
    other = new_visitor()
    other.begin()
    assert other.code(code) == used(10, other)
    code = app.next_code()
    assert isinstance(other.code(code), SignedIn)
    refusal = visitor.confirm(factor=TotpCode(code))
    assert isinstance(refusal, Denied)
    assert refusal.reason is ProofRefusal.CODE_ALREADY_USED


def test_another_accounts_code_is_a_wrong_one(installation: Installation, app: AuthenticatorApp) -> None:
    """Berta's phone does not open Anna's account, nor do her recovery codes."""
    installation.add_account("berta@example.com", "Berta")
    berta = UseCaseBrowser(installation, email="berta@example.com").sign_in()
    bertas_app = berta.enable()
    codes = berta.codes()
    stranger = UseCaseBrowser(installation)
    stranger.begin()
    stranger.clock.advance(seconds=30)
    assert stranger.code(bertas_app.code()) == Denied(ProofRefusal.WRONG_CODE)
    assert stranger.recovery_code(codes[0]) == Denied(ProofRefusal.WRONG_CODE)
    assert isinstance(stranger.code(app.code()), SignedIn)


def test_a_recovery_code_signs_in_once(installation: Installation, anna: Account, app: AuthenticatorApp, visitor: UseCaseBrowser) -> None:
    """Where it was used is kept; the second time it is told from a wrong one; the others stay good."""
    codes = visitor.codes()
    first, second = UseCaseBrowser(installation, user_agent="Safari"), UseCaseBrowser(installation)
    first.sign_in(canonical(codes[3]))
    assert (frozenset({"pwd", "recovery_code"}), 2) == (first.me.session.amr, first.me.session.aal)
    second.begin()
    assert second.recovery_code(codes[3]) == Denied(ProofRefusal.CODE_ALREADY_USED)
    assert second.recovery_code("0000-0000-0000-0000") == Denied(ProofRefusal.WRONG_CODE)
    assert isinstance(second.recovery_code(codes[4]), SignedIn)
    ledger = installation.services.identity.recovery_codes.ledger(second.me)
    assert ledger is not None
    assert [position for position, code in enumerate(ledger.code_set.codes) if code.used_at == installation.clock.now()] == [3, 4]
    assert ledger.code_set.codes[3].used_agent == "Safari"
    assert ledger.code_set.unused == 8
    assert kinds(installation, anna.id).count(EventKind.SIGNED_IN_WITH_BACKUP) == 2


def test_without_a_right_password_before_no_code_helps(app: AuthenticatorApp, visitor: UseCaseBrowser) -> None:
    """No token, an unknown one and a session's are no pending sign-in."""
    code, recovery = app.next_code(), visitor.codes()[0]
    for token, reason in (
        (None, PendingRefusal.NO_SIGN_IN),
        (Token(bytes(32)), SignInRefusal.START_AGAIN),
        (visitor.session, SignInRefusal.START_AGAIN),
    ):
        visitor.pending = token
        assert visitor.code(code) == visitor.recovery_code(recovery) == Denied(reason)


def test_a_pending_sign_in_lives_ten_minutes(app: AuthenticatorApp, new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """In its last moment it is good; at its end it is not, and the try is not charged."""
    other = new_visitor()
    other.begin(next_path="/account")
    other.clock.advance(minutes=10, seconds=-1)
    claimant = other.identity.second_step.claimant(other.pending, other.client)
    assert isinstance(claimant, Claimant)
    assert (claimant.pending.email, claimant.pending.next_path, claimant.pending.amr) == (ANNA, "/account", frozenset({"pwd"}))
    other.clock.advance(seconds=1)
    assert other.code(app.code()) == Denied(SignInRefusal.START_AGAIN)


def test_a_pending_sign_in_that_expires_while_its_code_is_checked_begins_no_session(
    installation: Installation, app: AuthenticatorApp
) -> None:
    """The end is looked at again with the write that consumes it, and the code stays good."""
    other = UseCaseBrowser(installation)
    other.begin()
    installation.clock.advance(minutes=10, seconds=-1)
    with after_transaction(installation, LOOKED_AND_CHARGED, lambda: installation.clock.advance(seconds=1)):
        assert other.code(app.code()) == Denied(SignInRefusal.START_AGAIN)
    assert other.caller is None
    other.begin()
    assert isinstance(other.code(app.code()), SignedIn)


def test_a_double_click_is_told_and_not_charged(installation: Installation, app: AuthenticatorApp) -> None:
    """The second half of a double click on a right code is no guess."""
    other = UseCaseBrowser(installation)
    other.begin()
    pending, code = other.pending, app.next_code()
    assert isinstance(other.code(code), SignedIn)
    other.pending = pending
    assert other.code(code) == Denied(PendingRefusal.JUST_SIGNED_IN)
    assert set(tries(installation)) == {"network"}
    assert other.caller is not None


def test_a_double_click_that_races_is_not_charged_either(installation: Installation, anna: Account, app: AuthenticatorApp) -> None:
    """Both halves find the sign-in pending; the later one gives its charge back and leaves no event."""
    other, twin = UseCaseBrowser(installation), UseCaseBrowser(installation)
    other.begin()
    twin.pending, code = other.pending, app.next_code()
    with after_transaction(installation, LOOKED_AND_CHARGED, lambda: twin.code(code)):
        assert other.code(code) == Denied(PendingRefusal.JUST_SIGNED_IN)
    assert twin.caller is not None
    assert other.caller is None
    assert set(tries(installation)) == {"network"}
    assert EventKind.SECOND_FACTOR_REFUSED not in kinds(installation, anna.id)


def test_two_right_codes_for_one_pending_sign_in_give_one_session(
    installation: Installation, app: AuthenticatorApp, visitor: UseCaseBrowser
) -> None:
    """A recovery code that comes second to a TOTP code begins nothing, and is not used up."""
    codes = visitor.codes()
    other, twin = UseCaseBrowser(installation), UseCaseBrowser(installation)
    other.begin()
    twin.pending = other.pending
    app.next_code()
    with after_transaction(installation, LOOKED_AND_CHARGED, lambda: twin.code(app.code())):
        assert other.recovery_code(codes[0]) == Denied(SignInRefusal.START_AGAIN)
    assert twin.caller is not None
    assert other.caller is None
    assert isinstance(UseCaseBrowser(installation).sign_in(canonical(codes[0])), UseCaseBrowser)


def disable_account(installation: Installation, visitor: UseCaseBrowser) -> None:
    installation.services.identity.administration.set_status(ANNA, AccountStatus.DISABLED)


def disable_and_enable_account(installation: Installation, visitor: UseCaseBrowser) -> None:
    installation.services.identity.administration.set_status(ANNA, AccountStatus.DISABLED)
    installation.services.identity.administration.set_status(ANNA, AccountStatus.ACTIVE)


def change_password(installation: Installation, visitor: UseCaseBrowser) -> None:
    with parts_of(installation).transactions.writing() as tx:
        account_store.lock(tx, visitor.me.account.id)
        account_store.raise_security_version(tx, visitor.me.account.id)
        tx.commit()


def turn_2fa_off(installation: Installation, visitor: UseCaseBrowser) -> None:
    assert isinstance(visitor.disable(), SessionRenewed)


def move_2fa(installation: Installation, visitor: UseCaseBrowser) -> None:
    visitor.enable()


CHANGES = [disable_account, disable_and_enable_account, change_password, turn_2fa_off, move_2fa]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_between_password_and_code_voids_the_pending_sign_in(
    installation: Installation, app: AuthenticatorApp, visitor: UseCaseBrowser, change: Callable[[Installation, UseCaseBrowser], None]
) -> None:
    """A password checked before the change is checked again: no code and no recovery code completes it."""
    codes = visitor.codes()
    other = UseCaseBrowser(installation)
    other.begin()
    code = app.next_code()
    change(installation, visitor)
    assert other.code(code) == other.recovery_code(codes[0]) == Denied(SignInRefusal.START_AGAIN)
    assert other.caller is None


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_while_the_code_is_being_charged_voids_it_too(
    installation: Installation, app: AuthenticatorApp, visitor: UseCaseBrowser, change: Callable[[Installation, UseCaseBrowser], None]
) -> None:
    """Status and version are read again under the lock."""
    other = UseCaseBrowser(installation)
    other.begin()
    app.next_code()
    with after_transaction(installation, LOOKED_AND_CHARGED, lambda: change(installation, visitor)):
        assert other.code(app.code()) == Denied(SignInRefusal.START_AGAIN)
    assert other.caller is None


def test_every_refused_code_is_an_event_with_its_circumstances(installation: Installation, anna: Account, app: AuthenticatorApp) -> None:
    """The kind of factor and the reason, from which address and browser, but never the code; and not whose try it was."""
    other = UseCaseBrowser(installation, address="203.0.113.9", user_agent="curl/8")
    other.begin()
    other.code("000000")
    details = {"address": "203.0.113.9", "user_agent": "curl/8", "reason": "wrong_code"}
    assert events(installation, anna.id)[-1] == NewEvent(EventKind.SECOND_FACTOR_REFUSED, details, factor="totp", actor=None)


def test_a_revoked_apps_code_is_refused_at_once(
    app: AuthenticatorApp, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """After a move only the new app signs in (ASVS 6.5.6)."""
    app.next_code()
    new = visitor.enable()
    other = new_visitor()
    other.begin()
    other.clock.advance(minutes=2)
    assert other.code(app.code()) == Denied(ProofRefusal.WRONG_CODE)
    assert isinstance(other.code(new.code()), SignedIn)


def test_a_try_without_room_whose_sign_in_was_completed_meanwhile_is_no_refusal(
    installation: Installation, app: AuthenticatorApp, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """The other half of a double click hears that it has just signed in, also where the count has no room for it."""
    browser = new_visitor()
    browser.begin()
    claimant = browser.identity.second_step.claimant(browser.pending, browser.client)
    assert isinstance(claimant, Claimant)
    assert isinstance(browser.code(app.next_code()), SignedIn)
    bucket = second_factor(Totp.name, claimant.pending.account_id)
    with parts_of(installation).transactions.writing() as tx:
        while not isinstance(throttle_store.charge(tx, [bucket], installation.clock.now()), Refusal):
            pass
        tx.commit()
    assert browser.identity.second_step.verify(claimant, TotpCode(app.code())) == Denied(PendingRefusal.JUST_SIGNED_IN)


def test_a_claimant_whose_account_has_changed_is_signed_in_by_no_code(
    installation: Installation, app: AuthenticatorApp, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """What was decided at the password must hold under the account's lock."""
    browser = new_visitor()
    browser.begin()
    claimant = browser.identity.second_step.claimant(browser.pending, browser.client)
    assert isinstance(claimant, Claimant)
    with parts_of(installation).transactions.writing() as tx:
        account_store.raise_security_version(tx, claimant.pending.account_id)
        tx.commit()
    assert browser.identity.second_step.verify(claimant, TotpCode(app.next_code())) == Denied(SignInRefusal.START_AGAIN)


def test_a_kind_that_is_not_known_here_is_neither_shown_nor_checked(
    installation: Installation, anna: Account, app: AuthenticatorApp, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """A page of another version may send it: nothing is counted for what was no try, and the code still signs in."""
    browser = new_visitor()
    browser.begin()
    claimant, before = claimant_of(installation.services, present(browser.pending)), tries(installation)
    no_sign_in = Denied(PendingRefusal.NO_SIGN_IN)
    assert browser.identity.second_step.challenge(claimant, OfANewerVersion.kind) == no_sign_in
    assert browser.identity.second_step.verify(claimant, OfANewerVersion()) == no_sign_in
    assert (tries(installation), EventKind.SECOND_FACTOR_REFUSED in kinds(installation, anna.id)) == (before, False)
    assert isinstance(browser.code(app.next_code()), SignedIn)


def test_no_code_signs_in_to_an_account_that_must_enrol_even_if_its_security_version_stayed(
    installation: Installation, app: AuthenticatorApp, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """A reset raises the version too; one of the two is enough. Nothing of the try is kept but its charge."""
    browser, code = new_visitor(), app.next_code()
    browser.begin()
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).values(must_enrol=True))
        connection.commit()
    assert browser.code(code) == Denied(SignInRefusal.START_AGAIN)
    assert browser.caller is None
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).values(must_enrol=False))
        connection.commit()
    assert isinstance(browser.code(code), SignedIn)


@pytest.mark.parametrize("step", [NextStep.SESSION.value, "of_a_newer_version"])
def test_a_sign_in_that_says_it_waits_for_nothing_known_opens_nothing(
    installation: Installation, app: AuthenticatorApp, new_visitor: Callable[..., UseCaseBrowser], step: str
) -> None:
    """Least of all a session: it begins at once, or another step comes first."""
    browser = new_visitor()
    browser.begin()
    with installation.services.database.write() as connection:
        connection.execute(update(PENDING_SIGN_IN).values(next_step=step))
        connection.commit()
    start_again = Denied(SignInRefusal.START_AGAIN)
    assert browser.code(app.next_code()) == start_again
    assert browser.identity.new_password_step.subscriber(browser.pending, browser.client) == start_again
    assert browser.identity.re_enrolment.enrollee(browser.pending, None, browser.client) == start_again
    assert browser.caller is None
