"""Signing in: the password, then the second factor, then the session. docs/sign-in.md walks through it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, assert_never

from xpressbot.foundation.crypto.encryption import KeyedDigests
from xpressbot.foundation.database.transaction import Reading, Transactions, Writing
from xpressbot.foundation.system import System
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors import store as authenticator_store
from xpressbot.identity.factors.proof import RecoveryCodeText, SecondFactor, SecondFactorCheck, TotpCode, method_of
from xpressbot.identity.outcomes import Denied, EnrolmentRequired, Reason, SecondFactorRequired, SignedIn
from xpressbot.identity.passwords.hasher import PasswordHasher
from xpressbot.identity.passwords.rules import normalise
from xpressbot.identity.sessions import known_browsers
from xpressbot.identity.sessions.caller import Client
from xpressbot.identity.sessions.rules.assurance import Method
from xpressbot.identity.sign_in import store as pending_store
from xpressbot.identity.sign_in.rules import pending as pending_sign_in
from xpressbot.identity.sign_in.rules.pending import NextStep, Origin, PendingSignIn
from xpressbot.identity.sign_in.session_start import CompletedProof, SessionStart
from xpressbot.identity.throttling import rules as throttle
from xpressbot.identity.throttling import store as throttle_store
from xpressbot.identity.throttling.charges import charge_try, password_buckets
from xpressbot.identity.throttling.rules import Bucket, Charge

PasswordOutcome = SignedIn | SecondFactorRequired | EnrolmentRequired | Denied
"""What may follow the password."""


class SignInLog(Protocol):
    """Takes note of what may not become an event: failed password steps, of known and unknown addresses alike."""

    def password_refused(self, *, reason: Reason, account_id: str | None, address: str) -> None: ...

    def second_factor_refused(self, *, reason: Reason, account_id: str, method: Method, address: str) -> None: ...


@dataclass(frozen=True, slots=True)
class _RightPassword:
    account: Account
    renewed_hash: str | None


class SignIn:
    """The sign-in ceremony."""

    def __init__(
        self,
        transactions: Transactions,
        system: System,
        hasher: PasswordHasher,
        digest: KeyedDigests,
        second_factor: SecondFactorCheck,
        session_start: SessionStart,
        log: SignInLog,
    ) -> None:
        self._transactions = transactions
        self._system = system
        self._hasher = hasher
        self._digest = digest
        self._log = log
        self._session_start = session_start
        self._second_factor = second_factor

    def begin(self, email: str, password: str, next_path: str, client: Client) -> PasswordOutcome:
        """Check the password. With 2FA on, or reset, this gives a pending sign-in and never a session.

        An unknown, disabled or mistyped account is refused in the same words, after the same writes and the same hash
        (ASVS 6.3.8).
        """
        charged = self._charge_password(email, client)
        if isinstance(charged, Denied):
            self._log.password_refused(reason=charged.reason, account_id=None, address=client.address)
            return charged
        account, charges = charged
        right = self._check_password(account, normalise(password))
        if right is None:
            self._log.password_refused(reason=Reason.WRONG_CREDENTIALS, account_id=account.id if account else None, address=client.address)
            return Denied(Reason.WRONG_CREDENTIALS)
        return self._after_password(right, charges, next_path, client)

    def knows(self, email: str, client: Client) -> bool:
        """Whether this address has completed a sign-in in this browser. It proves nothing of who sits there."""
        with self._transactions.reading() as tx:
            return self._known_browser(tx, account_store.by_email(tx, email), client) is not None

    def pending(self, token: Token | None, step: NextStep) -> PendingSignIn | Denied:
        """The pending sign-in a browser holds, if it may take this step with it."""
        if token is None:
            return Denied(Reason.NOT_SIGNED_IN)
        with self._transactions.reading() as tx:
            return self._pending(tx, token, step)

    def _pending(self, tx: Reading, token: Token, step: NextStep) -> PendingSignIn | Denied:
        pending = pending_store.by_token(tx, token.digest)
        if pending is None:
            return Denied(Reason.START_AGAIN)
        if pending.consumed_at is not None:
            return Denied(Reason.JUST_SIGNED_IN)
        now = self._system.now()
        if not pending.is_open(now):
            return Denied(Reason.CLOCK_WAS_CHANGED if pending.is_from_the_future(now) else Reason.START_AGAIN)
        if pending.next_step is not step:
            return Denied(Reason.MUST_ENROL if pending.next_step is NextStep.MUST_ENROL else Reason.NOT_SIGNED_IN)
        return pending

    def verify_second_factor(self, token: Token | None, factor: SecondFactor, client: Client) -> SignedIn | Denied:
        """Check a code against the pending sign-in; a right one consumes both, and begins the session."""
        if token is None:
            return Denied(Reason.NOT_SIGNED_IN)
        charged = self._charge_code(token, factor)
        if isinstance(charged, Denied):
            return charged
        pending, (charge,) = charged
        with self._transactions.writing() as tx:
            account = account_store.lock(tx, pending.account_id)
            now = self._system.now()
            if account is None or account.status is not AccountStatus.ACTIVE or account.security_version != pending.security_version:
                return Denied(Reason.START_AGAIN)
            result = self._second_factor.check(tx, account.id, factor, client, now)
            if isinstance(result, Denied):
                return self._refuse_second_factor(tx, pending, token, factor, charge, result, client)
            if not pending_store.consume(tx, token.digest, now):
                return Denied(Reason.START_AGAIN)
            if result.method is Method.RECOVERY_CODE:
                throttle_store.lift_suspension(tx, throttle.totp(account.id))
            charged_to = (charge.bucket.key, pending.password_bucket)
            proof = CompletedProof(pending.amr | {result.method}, charged_to, pending.next_path, pending.after_waits)
            signed_in = self._session_start.complete(tx, account, proof, client)
            tx.commit()
            return signed_in

    def _charge_password(self, email: str, client: Client) -> tuple[Account | None, Sequence[Charge]] | Denied:
        def tried(tx: Writing) -> tuple[Account | None, Sequence[Bucket]]:
            account = account_store.by_email(tx, email)
            device_id = self._known_browser(tx, account, client)
            return account, password_buckets(self._digest, email, account.id if account else None, device_id, client)

        return charge_try(self._transactions, self._system.now, tried, durable=True)

    def _known_browser(self, tx: Reading, account: Account | None, client: Client) -> str | None:
        if client.device is None:
            return None
        # An unknown address takes the same statement (ASVS 6.3.8).
        return known_browsers.find(tx, client.device.digest, account.id if account else "", self._system.now())

    def _charge_code(self, token: Token, factor: SecondFactor) -> tuple[PendingSignIn, Sequence[Charge]] | Denied:
        def tried(tx: Writing) -> tuple[PendingSignIn, Sequence[Bucket]] | Denied:
            pending = self._pending(tx, token, NextStep.SECOND_FACTOR)
            return pending if isinstance(pending, Denied) else (pending, [_bucket(pending.account_id, factor)])

        return charge_try(self._transactions, self._system.now, tried, durable=False)

    def _check_password(self, account: Account | None, password: str) -> _RightPassword | None:
        if account is None:
            self._hasher.verify_nobody(password)
            return None
        if not self._hasher.verify(account.password_hash, password) or account.status is not AccountStatus.ACTIVE:
            return None
        stale = self._hasher.needs_renewal(account.password_hash)
        return _RightPassword(account, self._hasher.hash(password) if stale else None)

    def _after_password(self, right: _RightPassword, charges: Sequence[Charge], next_path: str, client: Client) -> PasswordOutcome:
        with self._transactions.writing() as tx:
            account = account_store.lock(tx, right.account.id)
            if account is None or account.status is not AccountStatus.ACTIVE or account.security_version != right.account.security_version:
                return Denied(Reason.START_AGAIN)
            # Not the network's: whoever knows one password could have as many hashed as they like.
            password_charge, *_of_the_network = charges
            throttle_store.give_back(tx, [password_charge])
            if right.renewed_hash is not None:
                account_store.renew_password_hash(tx, account.id, right.account.password_hash, right.renewed_hash)
            amr = frozenset({Method.PASSWORD})
            outcome: PasswordOutcome
            protected = bool(authenticator_store.active(tx, account.id))
            match step := pending_sign_in.next_step(amr, protected=protected, must_enrol=account.must_enrol):
                case NextStep.SECOND_FACTOR:
                    outcome = SecondFactorRequired(self._make_pending(tx, account, step, password_charge, next_path, client))
                case NextStep.MUST_ENROL:
                    # Whoever else knows the password gets no further, but its owner has to learn of them.
                    append_event(tx, self._system.entropy, account.id, client.event(EventKind.ENROLMENT_AWAITED), self._system.now())
                    outcome = EnrolmentRequired(self._make_pending(tx, account, step, password_charge, next_path, client))
                case NextStep.SESSION:
                    proof = CompletedProof(amr, (password_charge.bucket.key,), next_path, password_charge.follows_waits)
                    outcome = self._session_start.complete(tx, account, proof, client)
                case unknown:
                    assert_never(unknown)
            tx.commit()
            return outcome

    def _make_pending(self, tx: Writing, account: Account, step: NextStep, charge: Charge, next_path: str, client: Client) -> Token:
        now, token = self._system.now(), self._system.new_token()
        is_unusual = throttle.is_strangers(charge.bucket.key) or charge.follows_waits
        # A sign-in that must enrol has an event of its own already.
        to_tell = Origin(client.address, client.user_agent) if is_unusual and step is NextStep.SECOND_FACTOR else None
        pending = PendingSignIn(
            id=self._system.new_id(),
            next_step=step,
            account_id=account.id,
            email=account.email,
            security_version=account.security_version,
            amr=frozenset({Method.PASSWORD}),
            next_path=next_path,
            password_bucket=charge.bucket.key,
            after_waits=charge.follows_waits,
            expires_at=now + pending_sign_in.LIFETIME,
            consumed_at=None,
        )
        if client.sign_in is not None:
            pending_store.begin_anew(tx, client.sign_in.digest, account.id)
        pending_store.add(tx, pending, token.digest, now, to_tell)
        return token

    def _refuse_second_factor(
        self, tx: Writing, pending: PendingSignIn, token: Token, factor: SecondFactor, charge: Charge, refusal: Denied, client: Client
    ) -> Denied:
        if pending_store.is_consumed(tx, token.digest):
            # The other half of a double click has just signed in with this very code; that is no guess.
            throttle_store.give_back(tx, [charge])
            tx.commit()
            return Denied(Reason.JUST_SIGNED_IN)
        method = method_of(factor)
        kind = EventKind.SECOND_FACTOR_SUSPENDED if charge.suspends else EventKind.SECOND_FACTOR_REFUSED
        append_event(
            tx, self._system.entropy, pending.account_id, client.event(kind, method=method, reason=refusal.reason), self._system.now()
        )
        tx.commit()
        self._log.second_factor_refused(reason=refusal.reason, account_id=pending.account_id, method=method, address=client.address)
        return Denied(Reason.SUSPENDED) if charge.suspends else refusal


def _bucket(account_id: str, factor: SecondFactor) -> Bucket:
    match factor:
        case TotpCode():
            return throttle.totp(account_id)
        case RecoveryCodeText():
            return throttle.recovery_code(account_id)
        case unknown:
            assert_never(unknown)
