"""Preparing a secret and proving it: one way for whoever is signed in, and for whoever must enrol before that."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from xpressbot.foundation.crypto.encryption import KeyedDigests
from xpressbot.foundation.system import System
from xpressbot.identity.audit.rules.event import DetailValue, EventKind
from xpressbot.identity.factors.proof import clock_offset_seconds
from xpressbot.identity.factors.rules import (
    ENROLMENT_LIFETIME,
    Addition,
    Authenticator,
    AuthenticatorState,
    ClockSighting,
    Enrolment,
    Plan,
    Replacement,
)
from xpressbot.identity.factors.secrets import new_recovery_codes, seal_totp_secret, totp_secret
from xpressbot.identity.factors.totp.rules import totp
from xpressbot.identity.outcomes import Denied, Reason
from xpressbot.identity.ports import UnitOfWork
from xpressbot.identity.sessions.rules.session import CODES_SHOWN_FOR
from xpressbot.identity.throttling import rules as throttle


@dataclass(frozen=True, slots=True)
class OpenEnrolment:
    """What the set-up page shows. The secret is in clear."""

    secret: bytes = field(repr=False)
    name: str
    plan: Plan
    begun_at: int
    expires_at: int
    tries_left: int
    follows_another: bool
    """Whether the account has, or has had, another app."""
    moving: bool
    """Whether an app that still works will go."""
    other_sessions: int

    @property
    def renews_codes(self) -> bool:
        """Whether the recovery codes go with the old app."""
        return isinstance(self.plan, Replacement) and self.plan.renews_codes

    @property
    def adding(self) -> bool:
        """Whether it is one app more."""
        return isinstance(self.plan, Addition)


@dataclass(frozen=True, slots=True)
class ProvenCode:
    """The code was right; its time step is to be used up by the activation."""

    enrolment: Enrolment
    step: int


@dataclass(frozen=True, slots=True)
class RefusedCode:
    """The code was not right: what to answer, and what to record."""

    denied: Denied
    kind: EventKind
    details: Mapping[str, DetailValue]


class EnrolmentSteps:
    """Works on the enrolment that was begun in a session or in a pending sign-in, named by `begun_in`."""

    def __init__(self, system: System, digest: KeyedDigests) -> None:
        self._system = system
        self._digest = digest

    def begin(self, uow: UnitOfWork, account_id: str, begun_in: str, name: str, plan: Plan, *, at_most_until: int | None = None) -> bool:
        """Prepare a secret for a plan, unless one is open there for the same; whether it did.

        It is good for ENROLMENT_LIFETIME, and no longer than `at_most_until`.
        """
        now = self._system.now()
        open_one = uow.authenticators.enrolment_of(begun_in)
        if open_one and open_one.is_open(now) and (open_one.plan, open_one.authenticator.name) == (plan, name):
            return False
        expires_at = now + ENROLMENT_LIFETIME
        self.prepare(uow, account_id, begun_in, name, plan, expires_at if at_most_until is None else min(expires_at, at_most_until))
        return True

    def prepare(self, uow: UnitOfWork, account_id: str, begun_in: str, name: str, plan: Plan, expires_at: int) -> None:
        """Draw a secret and keep it as an unfinished enrolment, in the place of an earlier one begun there."""
        authenticator_id, now = self._system.new_id(), self._system.now()
        box = seal_totp_secret(uow, authenticator_id, account_id, self._system.entropy.token_bytes(totp.SECRET_BYTES))
        authenticator = Authenticator(
            id=authenticator_id,
            account_id=account_id,
            name=name,
            state=AuthenticatorState.PENDING,
            secret_box=box,
            created_at=now,
            confirmed_at=None,
            last_used_at=None,
            last_step=None,
            sighting=None,
        )
        uow.authenticators.discard_enrolment(begun_in)
        uow.authenticators.add_enrolment(Enrolment(authenticator, begun_in, plan, expires_at, failures=0))

    def view(self, uow: UnitOfWork, account_id: str, begun_in: str) -> OpenEnrolment | None:
        """The open enrolment, its secret in clear; None when there is none, or it is over."""
        now = self._system.now()
        enrolment = uow.authenticators.enrolment_of(begun_in)
        if enrolment is None or not enrolment.is_open(now):
            return None
        return OpenEnrolment(
            secret=totp_secret(uow, enrolment.authenticator),
            name=enrolment.authenticator.name,
            plan=enrolment.plan,
            begun_at=enrolment.authenticator.created_at,
            expires_at=enrolment.expires_at,
            tries_left=enrolment.tries_left,
            follows_another=uow.authenticators.has_had_one(account_id),
            moving=isinstance(enrolment.plan, Replacement) and bool(uow.authenticators.active(account_id)),
            other_sessions=uow.sessions.count_others(account_id, begun_in, now),
        )

    def prove(self, uow: UnitOfWork, begun_in: str, code: str, now: int) -> ProvenCode | RefusedCode | None:
        """Check a charged try. After ENROLMENT_TRIES wrong ones the secret is discarded; None when it is gone.

        A clock that is off is told at once: whoever sets up holds the secret anyway. It is remembered for the operator, who
        may see that it is the server's.
        """
        enrolment = uow.authenticators.enrolment_of(begun_in)
        if enrolment is None:
            return None
        secret = totp_secret(uow, enrolment.authenticator)
        step = totp.verify(secret, code, now)
        if step is not None:
            return ProvenCode(enrolment, step)
        if enrolment.tries_left <= 0:
            uow.authenticators.discard_enrolment(begun_in)
            return RefusedCode(Denied(Reason.ENROLMENT_DISCARDED), EventKind.ENROLMENT_DISCARDED, {})
        offset = totp.clock_offset(secret, code, now)
        if offset is not None:
            uow.authenticators.remember_sighting(enrolment.authenticator.id, ClockSighting(totp.step_at(now) + offset, offset, now))
        refusal = (
            Denied(Reason.WRONG_CODE, tries_left=enrolment.tries_left)
            if offset is None
            else Denied(Reason.CLOCK_IS_OFF, clock_offset_seconds=clock_offset_seconds(offset), tries_left=enrolment.tries_left)
        )
        return RefusedCode(refusal, EventKind.ENROLMENT_REFUSED, {"reason": refusal.reason})

    def put_in_place(self, uow: UnitOfWork, proven: ProvenCode, name: str, now: int) -> bool:
        """Make the new authenticator active under a name, its first step used, and let go those it replaces; False when it is gone."""
        authenticator, plan = proven.enrolment.authenticator, proven.enrolment.plan
        if not uow.authenticators.activate(authenticator.id, name, proven.step, now):
            return False
        if isinstance(plan, Replacement):
            if plan.replaces is None:
                uow.authenticators.revoke_all(authenticator.account_id, keep=authenticator.id)
            else:
                uow.authenticators.revoke(plan.replaces)
            uow.throttle.clear([throttle.totp(authenticator.account_id).key])
        return True

    def give_codes(self, uow: UnitOfWork, account_id: str, session_id: str, now: int) -> None:
        """Put a new set of recovery codes in force at once, and show it in this session."""
        codes = new_recovery_codes(uow, self._system, self._digest, account_id, session_id)
        uow.recovery_codes.remove_all(account_id)
        uow.recovery_codes.add(account_id, codes, now, in_force=True)
        uow.throttle.clear([throttle.recovery_code(account_id).key])
        uow.sessions.show_codes(session_id, codes.id, now + CODES_SHOWN_FOR)
