"""Counts what use cases answer to people who prove who they are: by outcome, reason and kind of bucket, never by account."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from xpressbot.foundation.metrics import Metrics
from xpressbot.identity.outcomes import Denied, EnrolmentRequired, Reason, SecondFactorRequired, SessionRenewed, SignedIn, StepUpRequired


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


CODE_REASONS: Final = (Reason.WRONG_CODE, Reason.CODE_ALREADY_USED, Reason.CLOCK_IS_OFF, Reason.CLOCK_WAS_AHEAD)
"""Why a code that was looked at is refused."""
_THROTTLED: Final = frozenset({Reason.THROTTLED, Reason.ADDRESS_THROTTLED, Reason.LINK_THROTTLED, Reason.SUSPENDED})
_REFUSED: Final = frozenset({Reason.WRONG_CREDENTIALS, *CODE_REASONS})


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
            for reason in CODE_REASONS
            for purpose in CodePurpose
        }
        throttled = metrics.counter("xpressbot_throttled_total", "Tries that were refused before anything was checked", "bucket")
        self._throttled = {name: throttled.labels(name) for name in buckets}
        step_ups = metrics.counter("xpressbot_step_ups_total", 'Tries to "Confirm it\'s you", by what came of them', "outcome")
        self._step_ups = {outcome: step_ups.labels(outcome) for outcome in StepUp}

    def sign_in(self, step: str, outcome: SignedIn | SecondFactorRequired | EnrolmentRequired | Denied) -> None:
        """One step of a sign-in."""
        self._steps[step, _outcome(outcome)].inc()
        if isinstance(outcome, Denied):
            self.throttled(outcome)
            if step in self._kinds:
                self.code(step, outcome, CodePurpose.SIGN_IN)

    def step_up(self, kind: str | None, outcome: SessionRenewed | Denied | StepUpRequired) -> None:
        """One try to "Confirm it's you"; `kind` is that of the proof that came with the password."""
        match outcome:
            case SessionRenewed():
                self._step_ups[StepUp.CONFIRMED].inc()
            case Denied(Reason.SESSION_ENDED):
                self._step_ups[StepUp.SESSION_ENDED].inc()
            case Denied(Reason.NOT_SIGNED_IN | Reason.TOKEN_SUPERSEDED) | StepUpRequired():
                pass
            case Denied():
                self._step_ups[StepUp.REFUSED].inc()
                if kind is not None:
                    self.code(kind, outcome, CodePurpose.STEP_UP)

    def code(self, kind: str, outcome: object, purpose: CodePurpose) -> None:
        """A code, if it was refused for what it was."""
        if isinstance(outcome, Denied) and outcome.reason in CODE_REASONS:
            self._codes[kind, outcome.reason, purpose].inc()

    def throttled(self, outcome: object) -> None:
        """A try, if a count had no room for it."""
        if isinstance(outcome, Denied) and outcome.bucket is not None:
            self._throttled[outcome.bucket].inc()


def _outcome(outcome: SignedIn | SecondFactorRequired | EnrolmentRequired | Denied) -> Outcome:
    match outcome:
        case SignedIn():
            return Outcome.SIGNED_IN
        case SecondFactorRequired():
            return Outcome.SECOND_FACTOR_REQUIRED
        case EnrolmentRequired():
            return Outcome.ENROLMENT_REQUIRED
        case Denied(reason) if reason in _THROTTLED:
            return Outcome.THROTTLED
        case Denied(reason) if reason in _REFUSED:
            return Outcome.REFUSED
        case Denied():
            return Outcome.STARTS_AGAIN
