"""Step-up: "Confirm it's you" with all factors the account has, in a live session (ASVS 7.5.1)."""

from dataclasses import dataclass, replace

from xpressbot.foundation.database.transaction import Reading, ReadTransactions
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors.kind import Challenge, ChallengingKind, Kinds, Proof, ProofRefusal
from xpressbot.identity.factors.protection import protection_of
from xpressbot.identity.outcomes import Denied, SessionRenewed, StepUpRequired
from xpressbot.identity.passwords.hasher import PasswordHasher
from xpressbot.identity.passwords.rules import normalise
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.failed_proofs import StepUpRefusal, charge_proof, refuse_proof
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.operation import Changed, Entry, Unchanged
from xpressbot.identity.sessions.rules.assurance import PASSWORD
from xpressbot.identity.sessions.rules.session import Session
from xpressbot.identity.throttling import store as throttle_store

_Refused = Denied[PasswordRefusal | ProofRefusal | StepUpRefusal]
StepUpOutcome = SessionRenewed | Denied[SessionRefusal | PasswordRefusal | ProofRefusal | StepUpRefusal] | StepUpRequired
"""What may follow "Confirm it's you"."""


@dataclass(frozen=True, slots=True)
class FactorsNeeded:
    """What the page has to ask for besides the password: proofs of which kinds count; none where the password is enough."""

    kinds: tuple[str, ...]

    @property
    def second_factor(self) -> bool:
        """Whether a proof of a second factor is asked for."""
        return bool(self.kinds)


class StepUp:
    """Confirms who is there, and makes the session's proof fresh."""

    def __init__(self, transactions: ReadTransactions, gate: Gate, hasher: PasswordHasher, kinds: Kinds) -> None:
        self._transactions = transactions
        self._gate = gate
        self._hasher = hasher
        self._kinds = kinds

    def factors_needed(self, caller: Caller) -> FactorsNeeded:
        """Whether the page asks for a second factor, and which kinds it takes."""
        with self._transactions.reading() as tx:
            if not self._needs_second_factor(tx, caller.session):
                return FactorsNeeded(())
            primary = protection_of(tx, caller.account.id).kinds
        return FactorsNeeded((*primary, *(kind.name for kind in self._kinds.backup)))

    def challenge(self, caller: Caller, kind_name: str) -> Challenge | Denied[SessionRefusal] | StepUpRequired:
        """What the person must be shown before they can prove a factor of this kind."""
        kind = self._kinds.find(kind_name)
        if not isinstance(kind, ChallengingKind):
            return Challenge(None)

        def operation(entry: Entry) -> Unchanged[Challenge]:
            return Unchanged(Challenge(kind.challenge(entry.tx, entry.account.id, entry.now)))

        return self._gate.run(caller, Action.CONFIRM_IDENTITY, operation)

    def needed_for(self, caller: Caller, action: Action) -> bool:
        """Whether a page that leads to this action should ask for the proof before anything else."""
        return self._gate.needs_proof(caller, action)

    def confirm(self, caller: Caller, password: str, proof: Proof | None) -> StepUpOutcome:
        """Check the password, and a proof of a second factor where 2FA is on. A right proof renews the session's token."""
        charge = charge_proof(self._gate, caller)
        if isinstance(charge, Denied | StepUpRequired):
            return charge
        tries = charge.tries
        password_is_right = self._hasher.verify(caller.account.password_hash, normalise(password))

        def operation(entry: Entry) -> Changed[SessionRenewed | _Refused]:
            if not password_is_right:
                return refuse_proof(entry, caller, Denied(PasswordRefusal.WRONG_CREDENTIALS), tries)
            methods, factor = frozenset({PASSWORD}), None
            if self._needs_second_factor(entry.tx, entry.session):
                kind = None if proof is None else self._kinds.find(proof.kind)
                if proof is None or kind is None:
                    return refuse_proof(entry, caller, Denied(ProofRefusal.WRONG_CODE), tries)
                result = kind.check(entry.tx, entry.account.id, proof, caller.client, entry.now)
                if isinstance(result, Denied):
                    return refuse_proof(entry, caller, result, tries)
                methods, factor = methods | {result.method}, kind
            if factor is not None and entry.account.reset_request_id is not None:
                # Who proves a second factor has not lost everything.
                account_store.set_reset_request(entry.tx, entry.account.id, None)
            throttle_store.clear(entry.tx, [entry.session.step_up_bucket.key])
            confirmed = replace(entry.session, amr=entry.session.amr | methods, proven_at=entry.now)
            with_backup = factor is not None and self._kinds.is_backup_method(factor.method)
            event_kind = EventKind.IDENTITY_CONFIRMED_WITH_BACKUP if with_backup else EventKind.IDENTITY_CONFIRMED
            event = caller.event(event_kind, factor=None if factor is None else factor.name, amr=" ".join(sorted(methods)))
            return Changed(entry.renew_session(confirmed), event)

        return self._gate.run(caller, Action.CONFIRM_IDENTITY, operation)

    def _needs_second_factor(self, tx: Reading, session: Session) -> bool:
        """With 2FA on, yes; but a person who came in with the last backup, and has no authenticator, has nothing left to give."""
        if not protection_of(tx, session.account_id).is_on:
            return False
        primary_methods = {kind.method for kind in self._kinds.primary}
        only_a_backup = session.recovery_grant_until > 0 and not session.amr & primary_methods
        return not (only_a_backup and self._kinds.count_backups_left(tx, session.account_id) == 0)
