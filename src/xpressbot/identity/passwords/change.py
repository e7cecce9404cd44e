"""Changing the password in a session (ASVS 6.2.3)."""

from dataclasses import dataclass

from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.outcomes import Denied, SessionRenewed, StepUpRequired
from xpressbot.identity.passwords.replacement import NewPasswords, put_in_place
from xpressbot.identity.passwords.rules import WeakPassword, normalise
from xpressbot.identity.passwords.session_password import PasswordRefusal, SessionPassword
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.failed_proofs import StepUpRefusal
from xpressbot.identity.sessions.gate import Gate, PasswordProof, SessionRefusal
from xpressbot.identity.sessions.operation import Changed, Entry, Unchanged
from xpressbot.identity.sessions.rules.assurance import has_second_factor
from xpressbot.identity.throttling import rules as throttle
from xpressbot.identity.throttling.charges import ThrottleRefusal

PasswordChangeRefusal = SessionRefusal | PasswordRefusal | StepUpRefusal | ThrottleRefusal
"""Why a password is not changed."""


@dataclass(frozen=True, slots=True)
class PasswordChanged:
    """The new password is in force. sessions_ended: how many other browsers were signed out by it."""

    renewed: SessionRenewed
    sessions_ended: int


PasswordChangeOutcome = PasswordChanged | WeakPassword | Denied[PasswordChangeRefusal] | StepUpRequired
"""What may follow the form."""


class PasswordChange:
    """Replaces the password of a signed-in person."""

    def __init__(self, gate: Gate, session_password: SessionPassword, new_passwords: NewPasswords) -> None:
        self._gate = gate
        self._session_password = session_password
        self._new_passwords = new_passwords

    def asks_current(self, caller: Caller) -> bool:
        """Whether the form asks for the current password. A session with a second factor proves more, by a fresh step-up."""
        return not has_second_factor(caller.session.amr)

    def change(self, caller: Caller, current: str, new: str) -> PasswordChangeOutcome:
        """Set a new password. current: the one in force, where the form asks for it; a wrong one counts as a failed step-up.

        A weak new one is refused before anything is counted. Other sessions, pending sign-ins and links that give power end.
        """
        if weak := self._new_passwords.refuse(caller.account, new):
            return weak
        return self._by_password(caller, current, new) if self.asks_current(caller) else self._by_step_up(caller, new)

    def _by_password(self, caller: Caller, current: str, new: str) -> PasswordChangeOutcome:
        proof = self._session_password.check(caller, current)
        if not isinstance(proof, PasswordProof):
            return proof
        if normalise(current) == normalise(new):
            same = self._new_passwords.same()
            return self._gate.run(caller, Action.CHANGE_PASSWORD, lambda _entry: Unchanged(same), password=proof)
        return self._replace(caller, self._new_passwords.hash(new), proof)

    def _by_step_up(self, caller: Caller, new: str) -> PasswordChangeOutcome:
        # The answer tells whether this is the password in force, which a thief of the session could ask again and again.
        charge = self._gate.charge(caller, Action.CHANGE_PASSWORD, lambda entry: throttle.new_passwords(entry.session.id))
        if isinstance(charge, Denied | StepUpRequired):
            return charge
        hashed = self._new_passwords.hashed(caller.account, new)
        return hashed if isinstance(hashed, WeakPassword) else self._replace(caller, hashed, None)

    def _replace(self, caller: Caller, password_hash: str, proof: PasswordProof | None) -> PasswordChangeOutcome:
        def operation(entry: Entry) -> Changed[PasswordChanged]:
            others = session_store.count_others(entry.tx, entry.account.id, entry.session.id, entry.now)
            device = caller.client.device
            put_in_place(entry.tx, entry.account.id, password_hash, keep_browser=None if device is None else device.digest)
            renewed = entry.change_security(entry.session)
            return Changed(PasswordChanged(renewed, others), caller.event(EventKind.PASSWORD_CHANGED, sessions_ended=others))

        return self._gate.run(caller, Action.CHANGE_PASSWORD, operation, password=proof)
