"""A locked session goes on with the password alone, until its absolute end (NIST SP 800-63B-4 section 2.2.3)."""

from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.outcomes import Denied, SessionRenewed, StepUpRequired
from xpressbot.identity.passwords.hasher import PasswordHasher
from xpressbot.identity.passwords.rules import normalise
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.sessions.caller import LockedCaller
from xpressbot.identity.sessions.failed_proofs import StepUpRefusal, charge_proof, refuse_proof
from xpressbot.identity.sessions.gate import Gate, PasswordProof, SessionRefusal
from xpressbot.identity.sessions.operation import Changed, Entry

UnlockOutcome = SessionRenewed | Denied[SessionRefusal | PasswordRefusal | StepUpRefusal] | StepUpRequired
"""What may follow the password of a locked session."""


class Unlock:
    """Opens locked sessions. Wrong passwords share a count with step-up."""

    def __init__(self, gate: Gate, hasher: PasswordHasher) -> None:
        self._gate = gate
        self._hasher = hasher

    def unlock(self, locked: LockedCaller, password: str) -> UnlockOutcome:
        """Check the password. A right one renews the session's token and its last use.

        What the session has proven, and since when, stays as it was: no step-up becomes fresh by it, and no recovery grant is renewed.
        """
        charge = charge_proof(self._gate, locked, Action.UNLOCK)
        if isinstance(charge, Denied | StepUpRequired):
            return charge
        if not self._hasher.verify(locked.account.password_hash, normalise(password)):
            wrong, tries = Denied(PasswordRefusal.WRONG_CREDENTIALS), charge.tries
            return self._gate.run(locked, Action.UNLOCK, lambda entry: refuse_proof(entry, locked, wrong, tries))

        def operation(entry: Entry) -> Changed[SessionRenewed]:
            return Changed(entry.renew_session(entry.session), locked.event(EventKind.SESSION_UNLOCKED))

        proof = PasswordProof(locked.session.id, locked.account.security_version, charge)
        return self._gate.run(locked, Action.UNLOCK, operation, password=proof)
