"""A session begun with a recovery code: half an hour to repair the account without further proof."""

from collections.abc import Callable

import pytest

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import PASSWORD, Installation
from tests.use_cases.use_case_browser import UseCaseBrowser, canonical
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.factors.totp.kind import Totp, TotpCode
from xpressbot.identity.factors.two_factor import InPlace
from xpressbot.identity.outcomes import Denied, Done, SecondFactorRequired, SessionRenewed, SignedIn, StepUpRequired
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.sign_in.step_up import FactorsNeeded


@pytest.fixture
def codes(app: AuthenticatorApp, visitor: UseCaseBrowser) -> tuple[str, ...]:
    return visitor.codes()


@pytest.fixture
def recovered(codes: tuple[str, ...], new_visitor: Callable[..., UseCaseBrowser]) -> UseCaseBrowser:
    """A browser that came in with a recovery code 29 minutes ago."""
    recovered = new_visitor().sign_in(canonical(codes[0]))
    recovered.clock.advance(minutes=29)
    assert recovered.identity.account_page.settings(recovered.me).protection.recovery_session
    return recovered


def test_it_may_move_2fa_to_a_new_phone(recovered: UseCaseBrowser, app: AuthenticatorApp, codes: tuple[str, ...]) -> None:
    """No further proof; the codes stay, the old app is out, and the grant is used up."""
    new = recovered.enable()
    assert not recovered.identity.account_page.settings(recovered.me).protection.recovery_session
    recovered.clock.advance(minutes=6)
    assert recovered.disable() == recovered.regenerate() == StepUpRequired()
    recovered.begin()
    assert recovered.code(app.code()) == Denied(ProofRefusal.WRONG_CODE)
    assert isinstance(recovered.code(new.code()), SignedIn)
    recovered.begin()
    assert isinstance(recovered.recovery_code(codes[1]), SignedIn)


def test_it_may_disable_2fa(recovered: UseCaseBrowser, codes: tuple[str, ...]) -> None:
    """No further proof; it uses up the grant, so that enabling again needs a fresh one."""
    assert isinstance(recovered.disable(), SessionRenewed)
    assert not recovered.identity.account_page.settings(recovered.me).protection.recovery_session
    assert recovered.identity.two_factor.start(recovered.me, Totp.name) == StepUpRequired()
    assert isinstance(recovered.begin(), SignedIn)


def test_it_may_make_a_new_set(recovered: UseCaseBrowser, codes: tuple[str, ...]) -> None:
    """No further proof; the new set is shown and the old codes are void from "Continue" on; the grant goes on."""
    assert recovered.regenerate() == Done()
    new = recovered.codes()
    assert not set(new) & set(codes)
    assert isinstance(recovered.keep_codes(), SessionRenewed)
    assert recovered.identity.account_page.settings(recovered.me).protection.recovery_session
    recovered.begin()
    assert recovered.recovery_code(codes[1]) == Denied(ProofRefusal.WRONG_CODE)
    assert isinstance(recovered.recovery_code(new[1]), SignedIn)


def test_it_may_not_look_at_the_codes(recovered: UseCaseBrowser) -> None:
    """Revealing is no repair: it takes a proof."""
    assert recovered.reveal() == StepUpRequired()
    assert recovered.shown_codes() is None


def test_after_half_an_hour_it_is_a_session_like_any_other(recovered: UseCaseBrowser, codes: tuple[str, ...]) -> None:
    """While codes are left, the password alone is not enough to go on."""
    recovered.clock.advance(minutes=1)
    assert not recovered.identity.account_page.settings(recovered.me).protection.recovery_session
    assert recovered.disable() == recovered.regenerate() == StepUpRequired()
    assert recovered.identity.two_factor.start(recovered.me, Totp.name) == StepUpRequired()
    assert recovered.identity.step_up.factors_needed(recovered.me) == FactorsNeeded(("totp", "recovery_code"))
    assert recovered.confirm() == Denied(ProofRefusal.WRONG_CODE, tries_left=4)
    assert isinstance(recovered.confirm(factor=canonical(codes[1])), SessionRenewed)
    assert isinstance(recovered.disable(), SessionRenewed)


def test_an_enrolment_begun_in_time_keeps_its_own_ten_minutes(recovered: UseCaseBrowser) -> None:
    """The grant may run out between the QR code and the first code."""
    new = recovered.start()
    recovered.clock.advance(minutes=9)
    assert isinstance(recovered.confirm_enrolment(new.code()), InPlace)


def spend(visitor: UseCaseBrowser, codes: tuple[str, ...]) -> None:
    for code in codes:
        visitor.sign_in(canonical(code))


def test_without_any_code_left_its_password_is_enough(codes: tuple[str, ...], new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """A person who came in with the last code has nothing left to give, and must not be locked out."""
    last = new_visitor()
    spend(last, codes)
    last.clock.advance(minutes=31)
    assert last.disable() == StepUpRequired()
    assert last.identity.step_up.factors_needed(last.me) == FactorsNeeded(())
    assert last.confirm("wrong") == Denied(PasswordRefusal.WRONG_CREDENTIALS, tries_left=4)
    assert isinstance(last.confirm(), SessionRenewed)
    assert isinstance(last.disable(), SessionRenewed)


def test_without_any_code_left_another_session_needs_the_app(
    app: AuthenticatorApp, codes: tuple[str, ...], visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Only in a session begun with a recovery code is the password enough."""
    spend(new_visitor(), codes)
    visitor.clock.advance(minutes=6)
    assert visitor.confirm() == Denied(ProofRefusal.WRONG_CODE, tries_left=4)
    assert isinstance(visitor.confirm(factor=TotpCode(app.code())), SessionRenewed)


def test_the_last_code_spent_in_a_step_up_opens_no_way_round_the_app(
    installation: Installation,
    app: AuthenticatorApp,
    codes: tuple[str, ...],
    visitor: UseCaseBrowser,
    new_visitor: Callable[..., UseCaseBrowser],
) -> None:
    """A session begun with the app was not begun with a recovery code, whatever it used later."""
    spend(new_visitor(), codes[:-1])
    assert isinstance(visitor.confirm(factor=canonical(codes[-1])), SessionRenewed)
    visitor.clock.advance(minutes=6)
    assert visitor.identity.step_up.factors_needed(visitor.me) == FactorsNeeded(("totp", "recovery_code"))
    assert visitor.confirm(PASSWORD) == Denied(ProofRefusal.WRONG_CODE, tries_left=4)
    assert isinstance(visitor.confirm(factor=TotpCode(app.code())), SessionRenewed)


def test_a_recovery_sign_in_leaves_the_app_as_it_was(
    app: AuthenticatorApp, recovered: UseCaseBrowser, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """The phone may turn up again: its codes still sign in, and the session it had goes on."""
    assert visitor.caller is not None
    other = new_visitor()
    assert isinstance(other.begin(), SecondFactorRequired)
    assert isinstance(other.code(app.code()), SignedIn)
