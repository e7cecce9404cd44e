"""Preparing a secret and proving it: one way for whoever is signed in, and for whoever must enrol before that."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from xpressbot.foundation.crypto.encryption import Encryption, KeyedDigests
from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.foundation.system import System
from xpressbot.identity.audit.rules.event import DetailValue, EventKind
from xpressbot.identity.factors import store as authenticator_store
from xpressbot.identity.factors.proof import clock_offset_seconds
from xpressbot.identity.factors.recovery_codes import store as recovery_code_store
from xpressbot.identity.factors.recovery_codes.codes import draw_codes
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
from xpressbot.identity.factors.totp.rules import totp
from xpressbot.identity.factors.totp.secrets import encrypt_totp_secret, totp_secret
from xpressbot.identity.outcomes import Denied, Reason
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.rules.session import CODES_SHOWN_FOR
from xpressbot.identity.throttling import rules as throttle
from xpressbot.identity.throttling import store as throttle_store


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

    def __init__(self, system: System, encryption: Encryption, digest: KeyedDigests) -> None:
        self._encryption = encryption
        self._system = system
        self._digest = digest

    def begin(self, tx: Writing, account_id: str, begun_in: str, name: str, plan: Plan, *, at_most_until: int | None = None) -> bool:
        """Prepare a secret for a plan, unless one is open there for the same; whether it did.

        It is good for ENROLMENT_LIFETIME, and no longer than `at_most_until`.
        """
        now = self._system.now()
        open_one = authenticator_store.enrolment_of(tx, begun_in)
        if open_one and open_one.is_open(now) and (open_one.plan, open_one.authenticator.name) == (plan, name):
            return False
        expires_at = now + ENROLMENT_LIFETIME
        self.prepare(tx, account_id, begun_in, name, plan, expires_at if at_most_until is None else min(expires_at, at_most_until))
        return True

    def prepare(self, tx: Writing, account_id: str, begun_in: str, name: str, plan: Plan, expires_at: int) -> None:
        """Draw a secret and keep it as an unfinished enrolment, in the place of an earlier one begun there."""
        authenticator_id, now = self._system.new_id(), self._system.now()
        box = encrypt_totp_secret(tx, self._encryption, authenticator_id, account_id, self._system.entropy.token_bytes(totp.SECRET_BYTES))
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
        authenticator_store.discard_enrolment(tx, begun_in)
        authenticator_store.add_enrolment(tx, Enrolment(authenticator, begun_in, plan, expires_at, failures=0))

    def view(self, tx: Reading, account_id: str, begun_in: str) -> OpenEnrolment | None:
        """The open enrolment, its secret in clear; None when there is none, or it is over."""
        now = self._system.now()
        enrolment = authenticator_store.enrolment_of(tx, begun_in)
        if enrolment is None or not enrolment.is_open(now):
            return None
        return OpenEnrolment(
            secret=totp_secret(self._encryption, enrolment.authenticator),
            name=enrolment.authenticator.name,
            plan=enrolment.plan,
            begun_at=enrolment.authenticator.created_at,
            expires_at=enrolment.expires_at,
            tries_left=enrolment.tries_left,
            follows_another=authenticator_store.has_had_one(tx, account_id),
            moving=isinstance(enrolment.plan, Replacement) and bool(authenticator_store.active(tx, account_id)),
            other_sessions=session_store.count_others(tx, account_id, begun_in, now),
        )

    def prove(self, tx: Writing, begun_in: str, code: str, now: int) -> ProvenCode | RefusedCode | None:
        """Check a charged try. After ENROLMENT_TRIES wrong ones the secret is discarded; None when it is gone.

        A clock that is off is told at once: whoever sets up holds the secret anyway. It is remembered for the operator, who
        may see that it is the server's.
        """
        enrolment = authenticator_store.enrolment_of(tx, begun_in)
        if enrolment is None:
            return None
        secret = totp_secret(self._encryption, enrolment.authenticator)
        step = totp.verify(secret, code, now)
        if step is not None:
            return ProvenCode(enrolment, step)
        if enrolment.tries_left <= 0:
            authenticator_store.discard_enrolment(tx, begun_in)
            return RefusedCode(Denied(Reason.ENROLMENT_DISCARDED), EventKind.ENROLMENT_DISCARDED, {})
        offset = totp.clock_offset(secret, code, now)
        if offset is not None:
            authenticator_store.remember_sighting(tx, enrolment.authenticator.id, ClockSighting(totp.step_at(now) + offset, offset, now))
        refusal = (
            Denied(Reason.WRONG_CODE, tries_left=enrolment.tries_left)
            if offset is None
            else Denied(Reason.CLOCK_IS_OFF, clock_offset_seconds=clock_offset_seconds(offset), tries_left=enrolment.tries_left)
        )
        return RefusedCode(refusal, EventKind.ENROLMENT_REFUSED, {"reason": refusal.reason})

    def put_in_place(self, tx: Writing, proven: ProvenCode, name: str, now: int) -> bool:
        """Make the new authenticator active under a name, its first step used, and let go those it replaces; False when it is gone."""
        authenticator, plan = proven.enrolment.authenticator, proven.enrolment.plan
        if not authenticator_store.activate(tx, authenticator.id, name, proven.step, now):
            return False
        if isinstance(plan, Replacement):
            if plan.replaces is None:
                authenticator_store.revoke_all(tx, authenticator.account_id, keep=authenticator.id)
            else:
                authenticator_store.revoke(tx, plan.replaces)
            throttle_store.clear(tx, [throttle.totp(authenticator.account_id).key])
        return True

    def give_codes(self, tx: Writing, account_id: str, session_id: str, now: int) -> None:
        """Put a new set of recovery codes in force at once, and show it in this session."""
        codes = draw_codes(tx, self._system, self._encryption, self._digest, account_id, session_id)
        recovery_code_store.remove_all(tx, account_id)
        recovery_code_store.add(tx, account_id, codes, now, in_force=True)
        throttle_store.clear(tx, [throttle.recovery_code(account_id).key])
        session_store.show_codes(tx, session_id, codes.id, now + CODES_SHOWN_FOR)
