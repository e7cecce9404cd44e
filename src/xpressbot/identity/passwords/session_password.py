"""The current password as a proof inside a session, typed into the form of the action that it is for (ASVS 6.2.3, 7.5.2)."""

from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.outcomes import Denied, Reason, StepUpRequired
from xpressbot.identity.passwords.hasher import PasswordHasher
from xpressbot.identity.passwords.rules import normalise
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.failed_proofs import StepUpRefusal, charge_proof, refuse_proof
from xpressbot.identity.sessions.gate import Gate, PasswordProof, SessionRefusal


class PasswordRefusal(Reason):
    """Why a password proves nothing."""

    WRONG_CREDENTIALS = "wrong_credentials"


SessionPasswordOutcome = PasswordProof | Denied[SessionRefusal | PasswordRefusal | StepUpRefusal] | StepUpRequired
"""What may follow a password that was typed in a session."""


class SessionPassword:
    """Checks the password of a signed-in person. Wrong ones share a count with step-up."""

    def __init__(self, gate: Gate, hasher: PasswordHasher) -> None:
        self._gate = gate
        self._hasher = hasher

    def check(self, caller: Caller, password: str) -> SessionPasswordOutcome:
        """A proof that the gate takes in this session, for actions that a password allows. The try is counted before it is checked.

        The session's proof of all factors does not become fresh by it: with 2FA on, a password alone is no step-up.
        """
        charge = charge_proof(self._gate, caller)
        if isinstance(charge, Denied | StepUpRequired):
            return charge
        if self._hasher.verify(caller.account.password_hash, normalise(password)):
            return PasswordProof(caller.session.id, caller.account.security_version, charge)
        wrong, tries = Denied(PasswordRefusal.WRONG_CREDENTIALS), charge.tries
        return self._gate.run(caller, Action.CONFIRM_IDENTITY, lambda entry: refuse_proof(entry, caller, wrong, tries))
