"""Throttling of second factors: five free, doubling waits, suspension, and how each is lifted."""

import pytest

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import Installation
from tests.support.people import trust_passwords
from tests.use_cases.instrumentation import kinds, tries
from tests.use_cases.use_case_browser import UseCaseBrowser, canonical
from xpressbot.foundation.times import SECOND
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors.kind import Proof, ProofRefusal
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.factors.two_factor import InPlace
from xpressbot.identity.outcomes import Denied, Done, NewPasswordRequired, Reason, SessionRenewed, SignedIn
from xpressbot.identity.throttling.charges import ThrottleRefusal

WRONG_RECOVERY_CODE = canonical("0000-0000-0000-0000")


def wrong_code(app: AuthenticatorApp) -> TotpCode:
    """Far outside of the window and of any clock."""
    right = {app.code(steps=steps) for steps in range(-12, 13)}
    return TotpCode(next(code for code in ("000000", "111111", "222222") if code not in right))


def guess(installation: Installation, times: int, factor: Proof) -> Denied[Reason]:
    """Guess with the right password from ever new browsers and networks, as soon as it is allowed; the last answer."""
    outcome: SignedIn | NewPasswordRequired | Denied[Reason] | None = None
    for number in range(times):
        stranger = UseCaseBrowser(installation, address=f"198.51.{number}.1")
        stranger.begin()
        outcome = stranger.prove(factor)
        if isinstance(outcome, Denied) and outcome.reason is ThrottleRefusal.THROTTLED:
            assert outcome.retry_at is not None
            installation.clock.set(outcome.retry_at)
            stranger.begin()
            outcome = stranger.prove(factor)
    assert isinstance(outcome, Denied)
    trust_passwords(installation.services)
    return outcome


@pytest.mark.parametrize("kind", ["totp", "recovery_code"])
def test_waits_begin_after_five_wrong_codes_and_double(installation: Installation, app: AuthenticatorApp, kind: str) -> None:
    """30 s to 1 h, for the account and not for the browser; the right code has to wait as well, and is not used up."""
    factor = wrong_code(app) if kind == "totp" else WRONG_RECOVERY_CODE
    for number in range(5):
        stranger = UseCaseBrowser(installation, address=f"198.51.{number}.1")
        stranger.begin()
        assert stranger.prove(factor) == Denied(ProofRefusal.WRONG_CODE)
    for wait in (30, 60, 120, 240, 480, 960, 1920, 3600, 3600):
        owner = UseCaseBrowser(installation)
        owner.begin()
        refused = Denied(ThrottleRefusal.THROTTLED, retry_at=installation.clock.now() + wait * SECOND)
        assert owner.prove(TotpCode(app.code()) if kind == "totp" else factor) == refused
        installation.clock.advance(seconds=wait)
        owner.begin()
        assert owner.prove(factor) == Denied(ProofRefusal.WRONG_CODE)
    installation.clock.advance(hours=1)
    assert tries(installation)[kind] == 14


def test_the_two_factors_are_counted_apart(installation: Installation, app: AuthenticatorApp, visitor: UseCaseBrowser) -> None:
    """A person who cannot get at the codes of the app for a while can still use a recovery code, and the other way round."""
    codes = visitor.codes()
    guess(installation, 8, wrong_code(app))
    other = UseCaseBrowser(installation)
    other.sign_in(canonical(codes[0]))
    assert tries(installation)["totp"] == 8
    guess(installation, 8, WRONG_RECOVERY_CODE)
    installation.clock.advance(hours=1)
    UseCaseBrowser(installation).sign_in(TotpCode(app.code()))
    assert {kind: count for kind, count in tries(installation).items() if kind in {"totp", "recovery_code"}} == {"recovery_code": 8}


def test_a_right_code_clears_its_count(installation: Installation, app: AuthenticatorApp) -> None:
    """After a completed sign-in there are five free tries again."""
    guess(installation, 4, wrong_code(app))
    installation.clock.advance(seconds=30)
    UseCaseBrowser(installation).sign_in(TotpCode(app.code()))
    assert tries(installation)["totp"] == 0
    assert guess(installation, 5, wrong_code(app)) == Denied(ProofRefusal.WRONG_CODE)


@pytest.mark.parametrize("kind", ["totp", "recovery_code"])
def test_the_fiftieth_wrong_code_suspends_the_factor(
    installation: Installation, anna: Account, app: AuthenticatorApp, visitor: UseCaseBrowser, kind: str
) -> None:
    """The try itself says so and is a notice of its own; from then on the right one is refused too, after any wait."""
    codes = visitor.codes()
    factor = wrong_code(app) if kind == "totp" else WRONG_RECOVERY_CODE
    assert guess(installation, 49, factor) == Denied(ProofRefusal.WRONG_CODE)
    assert EventKind.SECOND_FACTOR_SUSPENDED not in kinds(installation, anna.id)
    assert guess(installation, 1, factor) == Denied(ThrottleRefusal.SUSPENDED)
    assert EventKind.SECOND_FACTOR_SUSPENDED in kinds(installation, anna.id)[-2:]
    installation.clock.advance(hours=24 * 365)
    owner = UseCaseBrowser(installation)
    owner.begin()
    assert owner.prove(TotpCode(app.code()) if kind == "totp" else canonical(codes[0])) == Denied(ThrottleRefusal.SUSPENDED)
    assert owner.caller is None
    assert tries(installation)[kind] == 50


def test_a_recovery_code_lifts_the_suspension_of_the_app(
    installation: Installation, app: AuthenticatorApp, visitor: UseCaseBrowser
) -> None:
    """Its owner has proven to be there: the app signs in again."""
    codes = visitor.codes()
    guess(installation, 50, wrong_code(app))
    UseCaseBrowser(installation).sign_in(canonical(codes[0]))
    assert tries(installation)["totp"] == 0
    UseCaseBrowser(installation).sign_in(TotpCode(app.code()))


def test_a_recovery_code_lifts_no_wait_that_will_end_by_itself(
    installation: Installation, app: AuthenticatorApp, visitor: UseCaseBrowser
) -> None:
    """Only a suspension is lifted; the count of an app that is merely throttled goes on."""
    codes = visitor.codes()
    guess(installation, 49, wrong_code(app))
    UseCaseBrowser(installation).sign_in(canonical(codes[0]))
    assert tries(installation)["totp"] == 49


def test_a_new_set_lifts_the_suspension_of_recovery_codes(installation: Installation, app: AuthenticatorApp) -> None:
    """Made after a sign-in with the app, and from its "Continue" on, not before."""
    guess(installation, 50, WRONG_RECOVERY_CODE)
    owner = UseCaseBrowser(installation).sign_in(TotpCode(app.code()))
    assert owner.regenerate() == Done()
    assert tries(installation)["recovery_code"] == 50
    codes = owner.codes()
    assert isinstance(owner.keep_codes(), SessionRenewed)
    UseCaseBrowser(installation).sign_in(canonical(codes[0]))


def test_moving_the_app_clears_its_count(installation: Installation, app: AuthenticatorApp, visitor: UseCaseBrowser) -> None:
    """Guesses at the old secret say nothing about the new one; the count of recovery codes stays."""
    guess(installation, 3, WRONG_RECOVERY_CODE)
    guess(installation, 4, wrong_code(app))
    new = visitor.start()
    assert isinstance(visitor.confirm_enrolment(new.code()), InPlace)
    assert (tries(installation)["totp"], tries(installation)["recovery_code"]) == (0, 3)


def test_disabling_clears_both_counts(installation: Installation, app: AuthenticatorApp, visitor: UseCaseBrowser) -> None:
    """What was guessed at is gone."""
    for factor in (wrong_code(app), WRONG_RECOVERY_CODE):
        stranger = UseCaseBrowser(installation)
        stranger.begin()
        stranger.prove(factor)
    assert isinstance(visitor.disable(), SessionRenewed)
    assert set(tries(installation)) == {"network"}


def test_a_second_factors_wait_is_cut_when_the_clock_goes_back(installation: Installation, app: AuthenticatorApp) -> None:
    """At most an hour, counted from when it is first met; a suspension stays one."""
    installation.clock.advance(hours=48)
    guess(installation, 5, wrong_code(app))
    installation.clock.advance(hours=-47)
    owner = UseCaseBrowser(installation)
    owner.begin()
    cut = Denied(ThrottleRefusal.THROTTLED, retry_at=installation.clock.now() + 3600 * SECOND)
    assert owner.code(app.code()) == cut
    installation.clock.advance(minutes=59)
    owner.begin()
    assert owner.code(app.code()) == cut
    installation.clock.advance(minutes=1)
    assert isinstance(owner.code(app.code()), SignedIn)
