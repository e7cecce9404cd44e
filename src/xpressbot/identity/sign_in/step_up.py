"""Step-up: "Confirm it's you" with all factors the account has, in a live session (ASVS 7.5.1)."""

from dataclasses import dataclass, replace

from xpressbot.foundation.database.transaction import Reading, Transactions
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors import store as authenticator_store
from xpressbot.identity.factors.proof import SecondFactor, SecondFactorCheck
from xpressbot.identity.factors.recovery_codes import store as recovery_code_store
from xpressbot.identity.outcomes import Denied, Reason, SessionRenewed
from xpressbot.identity.passwords.hasher import PasswordHasher
from xpressbot.identity.passwords.rules import normalise
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Changed, Entry, Gate
from xpressbot.identity.sessions.rules.assurance import Action, Method
from xpressbot.identity.sessions.rules.session import STEP_UP_TRIES, Session


@dataclass(frozen=True, slots=True)
class ProofNeeded:
    """What the page has to ask for besides the password."""

    second_factor: bool


class Reauthentication:
    """Confirms who is there, and makes the session's proof fresh."""

    def __init__(self, transactions: Transactions, gate: Gate, hasher: PasswordHasher, second_factor: SecondFactorCheck) -> None:
        self._transactions = transactions
        self._gate = gate
        self._hasher = hasher
        self._second_factor = second_factor

    def proof_needed(self, caller: Caller) -> ProofNeeded:
        """Whether the page asks for a code too."""
        with self._transactions.reading() as tx:
            return ProofNeeded(_needs_second_factor(tx, caller.session))

    def needed_for(self, caller: Caller, action: Action) -> bool:
        """Whether a page that leads to this action should ask for the proof before anything else."""
        return self._gate.needs_proof(caller, action)

    def confirm(self, caller: Caller, password: str, factor: SecondFactor | None) -> SessionRenewed | Denied:
        """Check the password, and a TOTP or recovery code where 2FA is on. A right proof renews the session's token.

        Each try counts before it is checked; after STEP_UP_TRIES wrong ones the session ends, since whoever holds it
        does not seem to be its owner.
        """
        with self._transactions.writing() as tx:
            entry = self._gate.admit(tx, caller)
            if isinstance(entry, Denied):
                return entry
            tries = session_store.charge_step_up(tx, entry.session.id, STEP_UP_TRIES)
            if tries is None:
                return Denied(Reason.NOT_SIGNED_IN)
            tx.commit()
        password_is_right = self._hasher.verify(caller.account.password_hash, normalise(password))

        def operation(entry: Entry) -> Changed[SessionRenewed | Denied]:
            if not password_is_right:
                return _refuse(entry, caller, Denied(Reason.WRONG_CREDENTIALS), tries)
            methods = frozenset({Method.PASSWORD})
            if _needs_second_factor(entry.tx, entry.session):
                if factor is None:
                    return _refuse(entry, caller, Denied(Reason.WRONG_CODE), tries)
                result = self._second_factor.check(entry.tx, entry.account.id, factor, caller.client, entry.now)
                if isinstance(result, Denied):
                    return _refuse(entry, caller, result, tries)
                methods |= {result.method}
            risen = replace(entry.session, amr=entry.session.amr | methods, proven_at=entry.now)
            recovered = Method.RECOVERY_CODE in methods
            kind = EventKind.IDENTITY_CONFIRMED_WITH_RECOVERY_CODE if recovered else EventKind.IDENTITY_CONFIRMED
            event = caller.event(kind, amr=" ".join(sorted(methods)))
            return Changed(entry.renew_session(risen), event)

        return self._gate.enter(caller, operation)


def _refuse(entry: Entry, caller: Caller, refusal: Denied, tries: int) -> Changed[SessionRenewed | Denied]:
    if tries >= STEP_UP_TRIES:
        session_store.end(entry.tx, entry.session.id)
        return Changed(Denied(Reason.SESSION_ENDED), caller.event(EventKind.SESSION_ENDED_BY_FAILURES, reason=refusal.reason))
    return Changed(replace(refusal, tries_left=STEP_UP_TRIES - tries), caller.event(EventKind.IDENTITY_REFUSED, reason=refusal.reason))


def _needs_second_factor(tx: Reading, session: Session) -> bool:
    """With 2FA on, yes; but whoever came in with the last recovery code, and has no app yet, has nothing left to give."""
    if not authenticator_store.active(tx, session.account_id):
        return False
    only_a_recovery_code = session.recovery_grant_until > 0 and Method.TOTP not in session.amr
    return not (only_a_recovery_code and recovery_code_store.count_unused(tx, session.account_id) == 0)
