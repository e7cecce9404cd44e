"""Turning 2FA on, moving it to a new phone, and turning it off."""

from dataclasses import dataclass, field, replace

from xpressbot.identity.application.caller import Caller
from xpressbot.identity.application.gate import Changed, Entry, Gate, Unchanged
from xpressbot.identity.application.minting import Mint
from xpressbot.identity.application.ports import KeyedDigest, UnitsOfWork
from xpressbot.identity.application.second_factor import clock_offset_seconds
from xpressbot.identity.application.secrets import new_recovery_codes, seal_totp_secret, totp_secret
from xpressbot.identity.domain import throttle, totp
from xpressbot.identity.domain.assurance import Action, Method, is_fresh
from xpressbot.identity.domain.authenticator import ENROLMENT_LIFETIME, Authenticator, AuthenticatorState, Enrolment
from xpressbot.identity.domain.outcomes import Denied, Done, Raised, Reason, StepUpRequired
from xpressbot.identity.domain.security_event import EventKind
from xpressbot.identity.domain.session import CODES_SHOWN_FOR


@dataclass(frozen=True, slots=True)
class OpenEnrolment:
    """What the set-up page shows."""

    secret: bytes = field(repr=False)
    expires_at: int
    tries_left: int
    moving: bool
    other_sessions: int


@dataclass(frozen=True, slots=True)
class Enabled:
    """2FA is on with the new authenticator."""

    raised: Raised
    moved: bool


class TotpEnrolment:
    """The life of an account's authenticator app."""

    def __init__(self, units: UnitsOfWork, gate: Gate, mint: Mint, digest: KeyedDigest) -> None:
        self._units = units
        self._gate = gate
        self._mint = mint
        self._digest = digest

    def start(self, caller: Caller) -> Done | Denied | StepUpRequired:
        """Prepare a secret. Nothing changes until it has proven a code; a second start shows the same secret."""

        def deed(entry: Entry) -> Changed[Done] | Unchanged[Done]:
            enrolment = entry.uow.authenticators.enrolment_of(entry.session.id)
            if enrolment is not None and enrolment.is_open(entry.session.id, entry.now):
                return Unchanged(Done())
            return self._begin(entry, caller, expires_at=entry.now + ENROLMENT_LIFETIME)

        return self._gate.enter_confirmed(caller, Action.START_ENROLMENT, deed)

    def start_over(self, caller: Caller) -> Done | Denied:
        """Replace the secret of an open enrolment. Without a fresh proof, it keeps the time the first one had left."""

        def deed(entry: Entry) -> Changed[Done] | Unchanged[Denied]:
            enrolment = entry.uow.authenticators.enrolment_of(entry.session.id)
            if enrolment is None or not enrolment.is_open(entry.session.id, entry.now):
                return Unchanged(Denied(Reason.NO_ENROLMENT))
            fresh = is_fresh(entry.session.proven_at, entry.now)
            return self._begin(entry, caller, expires_at=entry.now + ENROLMENT_LIFETIME if fresh else enrolment.expires_at)

        return self._gate.enter(caller, deed)

    def view(self, caller: Caller) -> OpenEnrolment | None:
        """The open enrolment of this session, its secret in clear."""
        with self._units.read() as uow:
            now = self._mint.now()
            enrolment = uow.authenticators.enrolment_of(caller.session.id)
            if enrolment is None or not enrolment.is_open(caller.session.id, now):
                return None
            return OpenEnrolment(
                secret=totp_secret(uow, enrolment.authenticator),
                expires_at=enrolment.expires_at,
                tries_left=enrolment.tries_left,
                moving=bool(uow.authenticators.active(caller.account.id)),
                other_sessions=uow.sessions.count_others(caller.account.id, caller.session.id, now),
            )

    def confirm(self, caller: Caller, code: str) -> Enabled | Denied:
        """Prove possession with a first code, which is used up by it. Turns 2FA on, or moves it to the new app.

        A try counts before it is checked; after ENROLMENT_TRIES wrong ones the secret is discarded.
        """
        with self._units.write() as uow:
            if not uow.authenticators.charge_enrolment(caller.session.id, self._mint.now()):
                return Denied(Reason.NO_ENROLMENT)
            uow.commit()

        def deed(entry: Entry) -> Changed[Enabled | Denied] | Unchanged[Denied]:
            enrolment = entry.uow.authenticators.enrolment_of(entry.session.id)
            if enrolment is None:
                return Unchanged(Denied(Reason.NO_ENROLMENT))
            secret = totp_secret(entry.uow, enrolment.authenticator)
            step = totp.verify(secret, code, entry.now)
            if step is None:
                return _refuse(entry, caller, enrolment, totp.clock_offset(secret, code, entry.now))
            return self._activate(entry, caller, enrolment.authenticator, step)

        return self._gate.enter(caller, deed)

    def disable(self, caller: Caller) -> Raised | Denied | StepUpRequired:
        """Turn 2FA off: authenticators are revoked, recovery codes removed, other sessions ended."""

        def deed(entry: Entry) -> Changed[Raised] | Unchanged[Denied]:
            if not entry.uow.authenticators.active(entry.account.id):
                return Unchanged(Denied(Reason.NOT_PROTECTED))
            others = entry.uow.sessions.count_others(entry.account.id, entry.session.id, entry.now)
            entry.uow.authenticators.revoke_all(entry.account.id, keep=None)
            entry.uow.authenticators.discard_enrolment(entry.session.id)
            entry.uow.recovery_codes.remove_all(entry.account.id)
            entry.uow.throttle.clear([throttle.totp(entry.account.id).key, throttle.recovery_code(entry.account.id).key])
            raised = entry.change_security(replace(entry.session, amr=frozenset({Method.PASSWORD}), recovery_grant_until=0))
            return Changed(raised, caller.event(EventKind.TWO_FACTOR_DISABLED, sessions_ended=others))

        return self._gate.enter_confirmed(caller, Action.DISABLE_TWO_FACTOR, deed)

    def _begin(self, entry: Entry, caller: Caller, *, expires_at: int) -> Changed[Done]:
        authenticator_id, account_id = self._mint.id(), entry.account.id
        box = seal_totp_secret(entry.uow, authenticator_id, account_id, self._mint.entropy.token_bytes(totp.SECRET_BYTES))
        authenticator = Authenticator(authenticator_id, account_id, AuthenticatorState.PENDING, box, entry.now, None, None)
        entry.uow.authenticators.discard_enrolment(entry.session.id)
        entry.uow.authenticators.add_enrolment(Enrolment(authenticator, entry.session.id, expires_at, failures=0))
        return Changed(Done(), caller.event(EventKind.ENROLMENT_STARTED))

    def _activate(
        self, entry: Entry, caller: Caller, authenticator: Authenticator, step: int
    ) -> Changed[Enabled | Denied] | Unchanged[Denied]:
        account_id = entry.account.id
        moved = bool(entry.uow.authenticators.active(account_id))
        if not entry.uow.authenticators.activate(authenticator.id, step, entry.now):
            return Unchanged(Denied(Reason.NO_ENROLMENT))
        entry.uow.authenticators.revoke_all(account_id, keep=authenticator.id)
        entry.uow.throttle.clear([throttle.totp(account_id).key])
        others = entry.uow.sessions.count_others(account_id, entry.session.id, entry.now)
        amr = frozenset({Method.PASSWORD, Method.TOTP})
        raised = entry.change_security(replace(entry.session, amr=amr, proven_at=entry.now, recovery_grant_until=0))
        if not moved:
            codes = new_recovery_codes(entry.uow, self._mint, self._digest, account_id, entry.session.id)
            entry.uow.recovery_codes.add(account_id, codes, entry.now, in_force=True)
            entry.uow.sessions.show_codes(entry.session.id, codes.id, entry.now + CODES_SHOWN_FOR)
        kind = EventKind.AUTHENTICATOR_MOVED if moved else EventKind.TWO_FACTOR_ENABLED
        return Changed(Enabled(raised, moved), caller.event(kind, sessions_ended=others))


def _refuse(entry: Entry, caller: Caller, enrolment: Enrolment, offset: int | None) -> Changed[Enabled | Denied]:
    """Say at once when the phone's clock is off: whoever sets up holds the secret anyway."""
    if enrolment.tries_left <= 0:
        entry.uow.authenticators.discard_enrolment(entry.session.id)
        return Changed(Denied(Reason.ENROLMENT_DISCARDED), caller.event(EventKind.ENROLMENT_DISCARDED))
    refusal = (
        Denied(Reason.WRONG_CODE, tries_left=enrolment.tries_left)
        if offset is None
        else Denied(Reason.CLOCK_IS_OFF, clock_offset_seconds=clock_offset_seconds(offset), tries_left=enrolment.tries_left)
    )
    return Changed(refusal, caller.event(EventKind.ENROLMENT_REFUSED, reason=refusal.reason))
