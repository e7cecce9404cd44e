"""What is decided under an account's lock is decided by the time at which the lock was granted."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import Installation
from tests.use_cases.instrumentation import while_waiting_for_the_account
from tests.use_cases.use_case_browser import UseCaseBrowser
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.factors.totp.kind import Totp
from xpressbot.identity.factors.two_factor import InPlace
from xpressbot.identity.outcomes import Denied, SessionRenewed, SignedIn, StepUpRequired
from xpressbot.identity.sessions.gate import SessionRefusal

LEFT_OF_THE_STEP = 10
"""Seconds from the start of a test until the code before the current one expires."""


@contextmanager
def waiting(installation: Installation, seconds: float) -> Iterator[None]:
    """Another transaction holds the account for so long."""
    with while_waiting_for_the_account(installation, lambda: installation.clock.advance(seconds=seconds)):
        yield


@pytest.fixture
def app(visitor: UseCaseBrowser) -> AuthenticatorApp:
    """Anna's phone; the code that turned 2FA on is two minutes old."""
    app = visitor.sign_in().enable()
    visitor.clock.advance(minutes=2)
    return app


@pytest.mark.parametrize("seconds", [LEFT_OF_THE_STEP - 0.001, LEFT_OF_THE_STEP, 3600])
def test_a_code_that_expires_while_its_sign_in_waits_is_refused(
    installation: Installation, app: AuthenticatorApp, visitor: UseCaseBrowser, seconds: float
) -> None:
    """To the millisecond: a code counts at the moment of its check, however early it was sent."""
    visitor.begin()
    code = app.code(steps=-1)
    with waiting(installation, seconds):
        outcome = visitor.code(code)
    if seconds < LEFT_OF_THE_STEP:
        assert isinstance(outcome, SignedIn)
    else:
        assert outcome == Denied(ProofRefusal.WRONG_CODE)


def test_a_session_begins_when_its_sign_in_was_granted(installation: Installation, app: AuthenticatorApp, visitor: UseCaseBrowser) -> None:
    """Its lifetime and its fresh proof count from there."""
    visitor.begin()
    with waiting(installation, 5):
        assert isinstance(visitor.code(app.code()), SignedIn)
    session = visitor.me.session
    assert session.authenticated_at == session.proven_at == installation.clock.now()


@pytest.mark.parametrize("seconds", [LEFT_OF_THE_STEP - 0.001, LEFT_OF_THE_STEP])
def test_a_first_code_that_expires_while_it_waits_turns_nothing_on(
    installation: Installation, visitor: UseCaseBrowser, seconds: float
) -> None:
    """At the gate as at the sign-in."""
    app = visitor.sign_in().start()
    with waiting(installation, seconds):
        outcome = visitor.confirm_enrolment(app.code(steps=-1))
    if seconds < LEFT_OF_THE_STEP:
        assert isinstance(outcome, InPlace)
    else:
        assert isinstance(outcome, Denied)
        assert outcome.reason is ProofRefusal.CLOCK_IS_OFF


@pytest.mark.parametrize("seconds", [0.999, 1])
def test_a_proof_that_gets_too_old_while_it_waits_is_asked_for_again(
    installation: Installation, visitor: UseCaseBrowser, seconds: float
) -> None:
    """Fresh for just under five minutes when the request came, and not any more when its turn has come."""
    visitor.sign_in().enable()
    visitor.clock.advance(seconds=299)
    with waiting(installation, seconds):
        outcome = visitor.disable()
    assert isinstance(outcome, SessionRenewed) if seconds < 1 else outcome == StepUpRequired()


def test_a_session_that_locks_while_it_waits_changes_nothing(installation: Installation, visitor: UseCaseBrowser) -> None:
    """An hour without use is over, although it was not when the request came."""
    visitor.sign_in()
    caller = visitor.me
    visitor.clock.advance(minutes=59)
    with waiting(installation, 60):
        assert visitor.identity.two_factor.start(caller, Totp.name) == Denied(SessionRefusal.SESSION_LOCKED)
