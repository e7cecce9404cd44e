"""Step-up: "Confirm it's you"."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import PASSWORD, Installation
from tests.use_cases.instrumentation import ObservedHasher, after_transaction, events, kinds, parts_of
from tests.use_cases.use_case_browser import ANNA, UseCaseBrowser, canonical
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.factors.totp.kind import Totp, TotpCode
from xpressbot.identity.outcomes import Denied, Done, SessionRenewed, StepUpRequired
from xpressbot.identity.passwords.hasher import PasswordHasher
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.sessions.failed_proofs import StepUpRefusal
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sign_in.step_up import FactorsNeeded, StepUp
from xpressbot.identity.throttling import store as throttle_store
from xpressbot.identity.throttling.charges import ThrottleRefusal


def stale(visitor: UseCaseBrowser) -> UseCaseBrowser:
    """Six minutes after the last proof."""
    visitor.clock.advance(minutes=6)
    return visitor


def test_a_sign_in_counts_as_a_proof_for_five_minutes(visitor: UseCaseBrowser) -> None:
    """Starting an enrolment needs no further proof at once, and one after that."""
    visitor.sign_in()
    visitor.clock.advance(minutes=4)
    assert visitor.identity.two_factor.start(visitor.me, Totp.name) == Done()
    visitor.clock.advance(minutes=1)
    assert visitor.identity.two_factor.start(visitor.me, Totp.name) == StepUpRequired()


def test_every_sensitive_action_asks_for_a_fresh_proof(visitor: UseCaseBrowser) -> None:
    """Starting, disabling, revealing, regenerating: refused after six minutes, and nothing has changed."""
    visitor.sign_in().enable()
    visitor.keep_codes()
    before = visitor.identity.account_page.settings(stale(visitor).me)
    assert visitor.identity.two_factor.start(visitor.me, Totp.name) == StepUpRequired()
    assert visitor.disable() == visitor.reveal() == visitor.regenerate() == StepUpRequired()
    assert before == visitor.identity.account_page.settings(visitor.me)
    assert visitor.shown_codes() is None


def test_the_password_is_enough_while_2fa_is_off(visitor: UseCaseBrowser) -> None:
    """A code is neither asked for nor looked at."""
    stale(visitor.sign_in())
    assert visitor.identity.step_up.factors_needed(visitor.me) == FactorsNeeded(())
    assert isinstance(visitor.confirm(factor=TotpCode("000000")), SessionRenewed)
    assert visitor.identity.two_factor.start(visitor.me, Totp.name) == Done()


def test_with_2fa_on_the_password_alone_is_not_enough(visitor: UseCaseBrowser) -> None:
    """The factor is asked for, and a missing one counts as a failure."""
    app = visitor.sign_in().enable()
    stale(visitor)
    assert visitor.identity.step_up.factors_needed(visitor.me) == FactorsNeeded(("totp", "recovery_code"))
    assert visitor.confirm() == Denied(ProofRefusal.WRONG_CODE, tries_left=4)
    assert visitor.confirm("wrong", TotpCode(app.code())) == Denied(PasswordRefusal.WRONG_CREDENTIALS, tries_left=3)
    assert visitor.disable() == StepUpRequired()
    assert isinstance(visitor.confirm(factor=TotpCode(app.code())), SessionRenewed)
    assert isinstance(visitor.disable(), SessionRenewed)


def test_a_wrong_password_uses_up_no_code(visitor: UseCaseBrowser) -> None:
    """The code beside a mistyped password is still good for the next try."""
    app = visitor.sign_in().enable()
    codes = visitor.codes()
    stale(visitor)
    visitor.confirm("wrong", canonical(codes[0]))
    visitor.confirm("wrong", TotpCode(app.code()))
    assert isinstance(visitor.confirm(factor=TotpCode(app.code())), SessionRenewed)
    assert isinstance(visitor.confirm(factor=canonical(codes[0])), SessionRenewed)


def test_the_session_goes_on_under_a_new_token(visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """The old token opens nothing; the row and its end stay; the other browsers stay signed in."""
    visitor.sign_in()
    other = new_visitor().sign_in()
    thief, before = new_visitor(), stale(visitor).me.session
    thief.session = visitor.session
    assert isinstance(visitor.confirm(), SessionRenewed)
    after = visitor.me.session
    assert thief.caller is None
    assert replace(before, proven_at=visitor.clock.now()) == replace(after, last_used_at=before.last_used_at)
    assert other.caller is not None


def test_a_recovery_code_is_spent_by_a_step_up(visitor: UseCaseBrowser) -> None:
    """It is used up for signing in too."""
    visitor.sign_in().enable()
    codes = visitor.codes()
    stale(visitor)
    assert isinstance(visitor.confirm(factor=canonical(codes[2])), SessionRenewed)
    assert visitor.me.session.amr == frozenset({"pwd", "otp", "recovery_code"})
    assert visitor.confirm(factor=canonical(codes[2])) == Denied(ProofRefusal.CODE_ALREADY_USED, tries_left=4)
    visitor.begin()
    assert visitor.recovery_code(codes[2]) == Denied(ProofRefusal.CODE_ALREADY_USED)


def test_a_recovery_code_spent_in_a_step_up_makes_no_recovery_session(visitor: UseCaseBrowser) -> None:
    """Only a session begun with a recovery code may repair without further proof."""
    visitor.sign_in().enable()
    codes = visitor.codes()
    stale(visitor).confirm(factor=canonical(codes[0]))
    assert stale(visitor).disable() == visitor.regenerate() == StepUpRequired()


def test_five_wrong_proofs_end_the_session(installation: Installation, anna: Account, visitor: UseCaseBrowser) -> None:
    """The client that holds it does not seem to be its owner. Each try leaves an event."""
    stale(visitor.sign_in())
    me = visitor.me
    outcomes = [visitor.confirm("wrong") for _ in range(5)]
    lefts = [Denied(PasswordRefusal.WRONG_CREDENTIALS, tries_left=left) for left in (4, 3, 2, 1)]
    assert outcomes == [*lefts, Denied(StepUpRefusal.SESSION_ENDED)]
    assert visitor.caller is None
    assert visitor.identity.step_up.confirm(me, PASSWORD, None) == Denied(SessionRefusal.NOT_SIGNED_IN)
    assert kinds(installation, anna.id)[-5:] == [EventKind.IDENTITY_REFUSED] * 4 + [EventKind.SESSION_ENDED_BY_FAILURES]


@pytest.mark.parametrize(
    ("minutes", "prove"),
    [
        (6, UseCaseBrowser.confirm),
        (6, lambda visitor: visitor.change_password("copper-lantern-willow-harbour")),
        (61, UseCaseBrowser.unlock),
    ],
    ids=["step-up", "password in a form", "unlocking"],
)
def test_a_session_whose_tries_were_charged_and_not_checked_ends(
    installation: Installation, anna: Account, visitor: UseCaseBrowser, minutes: int, prove: Callable[[UseCaseBrowser], object]
) -> None:
    """A worker that was killed, say, between the charge and the check: the session must not stay without a way to confirm."""
    bucket = visitor.sign_in().me.session.step_up_bucket
    visitor.clock.advance(minutes=minutes)
    with parts_of(installation).transactions.writing() as tx:
        for _ in range(5):
            throttle_store.charge(tx, [bucket], installation.clock.now())
        tx.commit()
    assert prove(visitor) == Denied(StepUpRefusal.SESSION_ENDED)
    assert visitor.caller is None
    event = events(installation, anna.id)[-1]
    assert (event.kind, event.details["reason"]) == (EventKind.SESSION_ENDED_BY_FAILURES, ThrottleRefusal.SUSPENDED)


def test_the_fifth_proof_may_be_the_right_one(installation: Installation, anna: Account, visitor: UseCaseBrowser) -> None:
    """A right proof gives all five tries back."""
    stale(visitor.sign_in())
    for _ in range(2):
        for _ in range(4):
            visitor.confirm("wrong")
        assert isinstance(visitor.confirm(), SessionRenewed)
    event = events(installation, anna.id)[-1]
    assert (event.kind, event.details["amr"]) == (EventKind.IDENTITY_CONFIRMED, "pwd")


def test_failed_step_ups_touch_no_other_session_and_no_sign_in(visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """The count is the session's own."""
    other = new_visitor().sign_in()
    visitor.sign_in()
    for _ in range(5):
        visitor.confirm("wrong")
    assert other.caller is not None
    visitor.sign_in()


@pytest.fixture
def hasher(installation: Installation) -> ObservedHasher:
    return ObservedHasher(PasswordHasher(memory_kib=8, iterations=1, threads=1, filler=bytes(32)))


@pytest.fixture
def observed(installation: Installation, hasher: ObservedHasher) -> StepUp:
    parts = parts_of(installation)
    return StepUp(parts.transactions, Gate(parts.transactions, parts.system, parts.kinds.methods), hasher, parts.kinds)


def test_a_change_of_security_in_another_tab_meanwhile_refuses_what_was_checked_before(
    visitor: UseCaseBrowser, observed: StepUp, hasher: ObservedHasher
) -> None:
    """The session went on under another token; what was let in under the old one changes nothing."""
    me = visitor.sign_in().me
    hasher.meanwhile = visitor.enable
    assert observed.confirm(me, PASSWORD, None) == Denied(SessionRefusal.TOKEN_SUPERSEDED)
    assert visitor.caller is not None


def test_a_hash_that_is_renewed_meanwhile_refuses_no_one(
    installation: Installation, anna: Account, visitor: UseCaseBrowser, observed: StepUp, hasher: ObservedHasher
) -> None:
    """A sign-in in another browser stores another hash of the same password: that is no change."""

    def renew() -> None:
        with parts_of(installation).transactions.writing() as tx:
            account_store.renew_password_hash(tx, anna.id, anna.password_hash, hasher.inner.hash(PASSWORD))
            tx.commit()

    me = visitor.sign_in().me
    hasher.meanwhile = renew
    assert isinstance(observed.confirm(me, PASSWORD, None), SessionRenewed)


def test_a_session_that_ends_while_the_password_is_checked_does_not_rise(
    visitor: UseCaseBrowser, observed: StepUp, hasher: ObservedHasher
) -> None:
    """Signed out in another tab: the late answer brings nothing back."""
    me = visitor.sign_in().me
    hasher.meanwhile = lambda: visitor.identity.sessions.sign_out(me)
    assert observed.confirm(me, PASSWORD, None) == Denied(SessionRefusal.NOT_SIGNED_IN)
    assert visitor.caller is None


def test_a_disabled_account_steps_up_no_more(installation: Installation, visitor: UseCaseBrowser) -> None:
    """Nor does one that a request of a moment ago still knew, but that there is not any more."""
    me = visitor.sign_in().me
    unknown = replace(me, account=replace(me.account, id="0" * 32))
    assert visitor.identity.step_up.confirm(unknown, PASSWORD, None) == Denied(SessionRefusal.NOT_SIGNED_IN)
    installation.services.identity.administration.set_status(ANNA, AccountStatus.DISABLED)
    assert visitor.identity.step_up.confirm(me, PASSWORD, None) == Denied(SessionRefusal.NOT_SIGNED_IN)


def test_2fa_enabled_elsewhere_while_the_password_is_checked_raises_nothing(
    installation: Installation, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """The other browser's change has ended this session."""
    visitor.sign_in()
    other = new_visitor().sign_in()
    with after_transaction(installation, 2, other.enable):
        me = visitor.me
        assert visitor.identity.step_up.confirm(me, PASSWORD, None) == Denied(SessionRefusal.NOT_SIGNED_IN)
    assert visitor.caller is None


def test_an_app_that_was_moved_away_steps_up_no_more(visitor: UseCaseBrowser) -> None:
    """After a move, the old app's codes are wrong here as well."""
    old: AuthenticatorApp = visitor.sign_in().enable()
    visitor.enable()
    stale(visitor)
    assert visitor.confirm(factor=TotpCode(old.code())) == Denied(ProofRefusal.WRONG_CODE, tries_left=4)
