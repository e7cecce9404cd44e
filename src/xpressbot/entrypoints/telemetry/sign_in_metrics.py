"""Counts what use cases answer to people who prove who they are: by outcome, reason and kind of bucket, never by account."""

from collections.abc import Sequence
from enum import StrEnum
from typing import assert_never

from xpressbot.foundation.metrics import Metrics
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.links.charges import LinkThrottleRefusal
from xpressbot.identity.outcomes import Denied, EnrolmentRequired, SecondFactorRequired, SessionRenewed, SignedIn, StepUpRequired
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.sessions.failed_proofs import StepUpRefusal
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.sign_in.refusals import PendingRefusal, SecondStepRefusal, SignInRefusal
from xpressbot.identity.sign_in.second_step import NothingPending
from xpressbot.identity.sign_in.step_up import StepUpOutcome
from xpressbot.identity.throttling.charges import ThrottleRefusal


class Step(StrEnum):
    """What a person has just given in order to sign in, besides a proof of a factor, whose step has its kind's name."""

    PASSWORD = "password"
    SET_UP = "set_up"
    """The first code of a new app, after a reset."""
    LINK = "link"
    """A welcome link or an invitation, with a password chosen for the account."""


class Outcome(StrEnum):
    """What came of it."""

    SIGNED_IN = "signed_in"
    SECOND_FACTOR_REQUIRED = "second_factor_required"
    ENROLMENT_REQUIRED = "enrolment_required"
    REFUSED = "refused"
    THROTTLED = "throttled"
    STARTS_AGAIN = "starts_again"
    """The sign-in had ended, expired or not begun; nothing was checked."""


class CodePurpose(StrEnum):
    """In the course of what a code was given."""

    SIGN_IN = "sign_in"
    STEP_UP = "step_up"
    SET_UP = "set_up"


class StepUp(StrEnum):
    """What came of "Confirm it's you"."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"
    SESSION_ENDED = "session_ended"


SignInStepRefusal = NothingPending | PasswordRefusal | ThrottleRefusal | ProofRefusal | LinkThrottleRefusal
"""Why a step of a sign-in is refused that is counted."""


class SignInMetrics:
    """The counters, each child made at the start, so that the first of a kind is a rise from zero."""

    def __init__(self, metrics: Metrics, kinds: Sequence[str], buckets: Sequence[str]) -> None:
        """kinds: the names of the kinds of factors. buckets: the names of all counts of tries."""
        self._kinds = frozenset(kinds)
        steps = metrics.counter("xpressbot_sign_in_steps_total", "Steps of signing in, by what came of them", "step", "outcome")
        self._steps = {(step, outcome): steps.labels(step, outcome) for step in (*Step, *kinds) for outcome in Outcome}
        codes = metrics.counter("xpressbot_codes_refused_total", "Codes that were checked and refused", "method", "reason", "purpose")
        self._codes = {
            (kind, reason, purpose): codes.labels(kind, reason, purpose)
            for kind in kinds
            for reason in ProofRefusal
            for purpose in CodePurpose
        }
        throttled = metrics.counter("xpressbot_throttled_total", "Tries that were refused before anything was checked", "bucket")
        self._throttled = {name: throttled.labels(name) for name in buckets}
        step_ups = metrics.counter("xpressbot_step_ups_total", 'Tries to "Confirm it\'s you", by what came of them', "outcome")
        self._step_ups = {outcome: step_ups.labels(outcome) for outcome in StepUp}

    def sign_in(self, step: str, outcome: SignedIn | SecondFactorRequired | EnrolmentRequired | Denied[SignInStepRefusal]) -> None:
        """One step of a sign-in."""
        self._steps[step, _outcome(outcome)].inc()
        if isinstance(outcome, Denied):
            self.throttled(outcome)
            if step in self._kinds:
                self.code(step, outcome, CodePurpose.SIGN_IN)

    def step_up(self, kind: str | None, outcome: StepUpOutcome) -> None:
        """One try to "Confirm it's you"; `kind` is that of the proof that came with the password."""
        match outcome:
            case SessionRenewed():
                self._step_ups[StepUp.CONFIRMED].inc()
            case StepUpRequired():
                pass
            case Denied():
                self._step_up_refused(kind, outcome.reason)
            case unknown:
                assert_never(unknown)

    def code(self, kind: str, outcome: object, purpose: CodePurpose) -> None:
        """A code, if it was refused for what it was."""
        if isinstance(outcome, Denied) and isinstance(outcome.reason, ProofRefusal):
            self._codes[kind, outcome.reason, purpose].inc()

    def throttled(self, outcome: object) -> None:
        """A try, if a count had no room for it."""
        if isinstance(outcome, Denied) and outcome.bucket is not None:
            self._throttled[outcome.bucket].inc()

    def _step_up_refused(self, kind: str | None, reason: SessionRefusal | PasswordRefusal | ProofRefusal | StepUpRefusal) -> None:
        match reason:
            case SessionRefusal.NOT_SIGNED_IN | SessionRefusal.TOKEN_SUPERSEDED:
                pass
            case StepUpRefusal.SESSION_ENDED:
                self._step_ups[StepUp.SESSION_ENDED].inc()
            case PasswordRefusal.WRONG_CREDENTIALS:
                self._step_ups[StepUp.REFUSED].inc()
            case ProofRefusal():
                self._step_ups[StepUp.REFUSED].inc()
                if kind is not None:
                    self._codes[kind, reason, CodePurpose.STEP_UP].inc()
            case unknown:
                assert_never(unknown)


def _outcome(outcome: SignedIn | SecondFactorRequired | EnrolmentRequired | Denied[SignInStepRefusal]) -> Outcome:
    match outcome:
        case SignedIn():
            return Outcome.SIGNED_IN
        case SecondFactorRequired():
            return Outcome.SECOND_FACTOR_REQUIRED
        case EnrolmentRequired():
            return Outcome.ENROLMENT_REQUIRED
        case Denied():
            return _outcome_of(outcome.reason)
        case unknown:
            assert_never(unknown)


def _outcome_of(reason: SignInStepRefusal) -> Outcome:
    match reason:
        case ThrottleRefusal() | LinkThrottleRefusal():
            return Outcome.THROTTLED
        case PasswordRefusal() | ProofRefusal():
            return Outcome.REFUSED
        case SignInRefusal() | PendingRefusal() | SecondStepRefusal():
            return Outcome.STARTS_AGAIN
        case unknown:
            assert_never(unknown)
