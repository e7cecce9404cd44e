"""The second step of a sign-in: a proof of any kind of factor that the account has, then the session."""

from dataclasses import dataclass
from typing import assert_never

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Reading, Transactions, Writing
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, PasswordStatus
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors.kind import Challenge, ChallengingKind, FactorKind, Kinds, Proof, ProofRefusal
from xpressbot.identity.factors.protection import protection_of
from xpressbot.identity.outcomes import Denied, NewPasswordRequired, SignedIn
from xpressbot.identity.sessions.caller import Client
from xpressbot.identity.sign_in import store as pending_store
from xpressbot.identity.sign_in.log import SignInLog
from xpressbot.identity.sign_in.refusals import PendingRefusal, SecondStepRefusal, SignInRefusal
from xpressbot.identity.sign_in.rules.pending import NextStep, PendingSignIn
from xpressbot.identity.sign_in.session_start import CompletedProof, LockedAccounts, SessionStart
from xpressbot.identity.throttling import store as throttle_store
from xpressbot.identity.throttling.charges import ThrottleRefusal, charge_try
from xpressbot.identity.throttling.rules import Charge

NothingPending = SignInRefusal | PendingRefusal | SecondStepRefusal
"""Why there is no sign-in that a second factor would complete."""
SecondStepOutcome = SignedIn | NewPasswordRequired | Denied[NothingPending | ThrottleRefusal | ProofRefusal]
"""What may follow a proof of a second factor."""


@dataclass(frozen=True, slots=True)
class Claimant:
    """A person who has proven the password, and whom a second factor would sign in (NIST SP 800-63-4: claimant).

    Only `SecondStep.claimant` makes one.
    """

    token: Token
    pending: PendingSignIn
    client: Client


class SecondStep:
    """Checks a proof of a claimant; a right one consumes both it and the pending sign-in."""

    def __init__(self, transactions: Transactions, system: System, kinds: Kinds, session_start: SessionStart, log: SignInLog) -> None:
        self._transactions = transactions
        self._system = system
        self._kinds = kinds
        self._session_start = session_start
        self._log = log

    def begun(self, token: Token | None) -> PendingSignIn | Denied[SignInRefusal | PendingRefusal]:
        """The pending sign-in that a browser holds, whichever step comes next."""
        if token is None:
            return Denied(PendingRefusal.NO_SIGN_IN)
        with self._transactions.reading() as tx:
            return self._begun(tx, token)

    def claimant(self, token: Token | None, client: Client) -> Claimant | Denied[NothingPending]:
        """Who claims to be the owner of an account in this browser, if a second factor comes next."""
        if token is None:
            return Denied(PendingRefusal.NO_SIGN_IN)
        pending = self.begun(token)
        if isinstance(pending, Denied):
            return pending
        match pending.next_step:
            case NextStep.SECOND_FACTOR:
                return Claimant(token, pending, client)
            case NextStep.MUST_ENROL | NextStep.ENROL_WITH_LINK | NextStep.ENROL_BY_PASSWORD | NextStep.ENROL_INVITED:
                return Denied(SecondStepRefusal.ENROLMENT_REQUIRED)
            case NextStep.NEW_PASSWORD:
                return Denied(SecondStepRefusal.NEW_PASSWORD_REQUIRED)
            case unknown:
                assert_never(unknown)

    def other_kinds(self, claimant: Claimant, kind_name: str) -> tuple[str, ...]:
        """The kinds besides this one of which a proof would begin the session: those of the account's authenticators, and the backups."""
        primary = {kind.name for kind in self._kinds.primary} - {kind_name}
        backup = tuple(kind.name for kind in self._kinds.backup if kind.name != kind_name)
        if not primary:
            return backup  # whatever the account has
        with self._transactions.reading() as tx:
            in_force = protection_of(tx, claimant.pending.account_id).kinds
        return (*(name for name in in_force if name in primary), *backup)

    def challenge(self, claimant: Claimant, kind_name: str) -> Challenge | Denied[NothingPending]:
        """What the person must be shown before they can prove a factor of this kind."""
        kind = self._kinds.find(kind_name)
        if kind is None:
            return Denied(PendingRefusal.NO_SIGN_IN)
        if not isinstance(kind, ChallengingKind):
            return Challenge(None)
        with self._transactions.writing() as tx:
            account = account_store.lock_unchanged(tx, claimant.pending.account_id, claimant.pending.security_version)
            if account is None:
                return Denied(SignInRefusal.START_AGAIN)
            shown = kind.challenge(tx, account.id, self._system.now())
            tx.commit()
            return Challenge(shown)

    def verify(self, claimant: Claimant, proof: Proof) -> SecondStepOutcome:
        """Check a proof. A right one begins the session, unless the password is to be replaced first."""
        kind = self._kinds.find(proof.kind)
        if kind is None:
            return Denied(PendingRefusal.NO_SIGN_IN)
        charge = self._charge(claimant, kind)
        if isinstance(charge, Denied):
            return charge
        with self._transactions.writing() as tx:
            pending, client = claimant.pending, claimant.client
            locked = self._session_start.lock(tx, pending.account_id, pending.security_version, client)
            if locked is None:
                return Denied(SignInRefusal.START_AGAIN)
            result = kind.check(tx, locked.account.id, proof, client, self._system.now())
            if isinstance(result, Denied):
                return self._refuse(tx, locked.account, claimant, kind, charge, result)
            return self._sign_in(tx, locked, claimant, kind, charge)

    def _charge(self, claimant: Claimant, kind: FactorKind) -> Charge | Denied[PendingRefusal | ThrottleRefusal]:
        pending = claimant.pending
        charged = charge_try(self._transactions, self._system.now, lambda _tx: (None, [kind.bucket(pending.account_id)]), durable=False)
        if isinstance(charged, Denied):
            with self._transactions.reading() as tx:
                return Denied(PendingRefusal.JUST_SIGNED_IN) if pending_store.is_consumed(tx, claimant.token.digest) else charged
        _nothing, (charge,) = charged
        return charge

    def _begun(self, tx: Reading, token: Token) -> PendingSignIn | Denied[SignInRefusal | PendingRefusal]:
        pending = pending_store.by_token(tx, token.digest)
        if pending is None or not pending.amr <= self._kinds.methods:
            return Denied(SignInRefusal.START_AGAIN)
        if pending.consumed_at is not None:
            return Denied(PendingRefusal.JUST_SIGNED_IN)
        now = self._system.now()
        if not pending.is_open(now):
            return Denied(PendingRefusal.CLOCK_WAS_CHANGED if pending.is_from_the_future(now) else SignInRefusal.START_AGAIN)
        return pending

    def _sign_in(
        self, tx: Writing, locked: LockedAccounts, claimant: Claimant, kind: FactorKind, charge: Charge
    ) -> SignedIn | NewPasswordRequired | Denied[SignInRefusal]:
        pending = claimant.pending
        if not pending_store.consume(tx, claimant.token.digest, self._system.now()):
            return Denied(SignInRefusal.START_AGAIN)
        if self._kinds.is_backup_method(kind.method):
            for primary in self._kinds.primary:
                throttle_store.lift_suspension(tx, primary.bucket(locked.account.id))
        proof = CompletedProof(
            pending.amr | {kind.method},
            kind,
            pending.next_path,
            password_bucket=pending.password_bucket,
            factor_bucket=charge.bucket.key,
            after_waits=pending.after_waits,
        )
        outcome = self._session_start.complete(tx, locked, proof)
        if not isinstance(outcome, Denied):
            tx.commit()
        return outcome

    def _refuse(
        self, tx: Writing, account: Account, claimant: Claimant, kind: FactorKind, charge: Charge, refusal: Denied[ProofRefusal]
    ) -> Denied[PendingRefusal | ProofRefusal | ThrottleRefusal]:
        client = claimant.client
        if pending_store.is_consumed(tx, claimant.token.digest):
            # The other half of a double click has just signed in with this very code; that is no guess.
            throttle_store.give_back(tx, [charge])
            tx.commit()
            return Denied(PendingRefusal.JUST_SIGNED_IN)
        event_kind = EventKind.SECOND_FACTOR_SUSPENDED if charge.suspends else EventKind.SECOND_FACTOR_REFUSED
        event = client.event(event_kind, factor=kind.name, reason=refusal.reason)
        append_event(tx, self._system.entropy, account.id, event, self._system.now())
        if charge.alarms and account.password_status is PasswordStatus.IN_USE:
            # Sessions go on, and so do sign-ins: with wrong codes alone nobody may be signed out.
            account_store.set_password_status(tx, account.id, PasswordStatus.TO_BE_REPLACED)
            exposed = client.event(EventKind.PASSWORD_EXPOSED, factor=kind.name)
            append_event(tx, self._system.entropy, account.id, exposed, self._system.now())
        tx.commit()
        self._log.second_factor_refused(reason=refusal.reason, account_id=account.id, factor=kind.name, address=client.address)
        return Denied(ThrottleRefusal.SUSPENDED) if charge.suspends else refusal
