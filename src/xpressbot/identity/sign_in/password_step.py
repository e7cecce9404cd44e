"""The first step of a sign-in: the password. docs/sign-in.md walks through both steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.crypto.encryption import KeyedDigests
from xpressbot.foundation.database.transaction import Reading, Transactions, Writing
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import installation as installation_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.two_factor_policy import owes_enrolment
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors.protection import Protection, protection_of
from xpressbot.identity.outcomes import Denied, EnrolmentRequired, SecondFactorRequired, SignedIn
from xpressbot.identity.passwords.hasher import PasswordHasher
from xpressbot.identity.passwords.rules import normalise
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.sessions import known_browser_store
from xpressbot.identity.sessions.caller import Client
from xpressbot.identity.sessions.rules.assurance import PASSWORD
from xpressbot.identity.sign_in import enrolment_mails
from xpressbot.identity.sign_in import store as pending_store
from xpressbot.identity.sign_in.log import SignInLog
from xpressbot.identity.sign_in.refusals import SignInRefusal
from xpressbot.identity.sign_in.rules import pending as pending_sign_in
from xpressbot.identity.sign_in.rules.pending import EnrolmentStep, NextStep, Origin, PendingSignIn, PendingStep, next_step
from xpressbot.identity.sign_in.session_start import CompletedProof, LockedAccounts, SessionStart
from xpressbot.identity.throttling import rules as throttle
from xpressbot.identity.throttling import store as throttle_store
from xpressbot.identity.throttling.charges import ThrottleRefusal, charge_try, password_buckets
from xpressbot.identity.throttling.rules import Bucket, Charge

PasswordOutcome = SignedIn | SecondFactorRequired | EnrolmentRequired | Denied[PasswordRefusal | SignInRefusal | ThrottleRefusal]
"""What may follow the password."""
_ONLY_PASSWORD = frozenset({PASSWORD})


@dataclass(frozen=True, slots=True)
class _RightPassword:
    account: Account
    renewed_hash: str | None


class PasswordStep:
    """Checks the password, and decides what is still to be proven."""

    def __init__(
        self,
        transactions: Transactions,
        system: System,
        hasher: PasswordHasher,
        digest: KeyedDigests,
        session_start: SessionStart,
        log: SignInLog,
        *,
        sends_mail: bool,
    ) -> None:
        """sends_mail: whether a link can be mailed to a person who owes the team 2FA."""
        self._transactions = transactions
        self._system = system
        self._hasher = hasher
        self._digest = digest
        self._session_start = session_start
        self._log = log
        self._owed: EnrolmentStep = NextStep.ENROL_WITH_LINK if sends_mail else NextStep.ENROL_BY_PASSWORD

    def begin(self, email: str, password: str, next_path: str, client: Client) -> PasswordOutcome:
        """Check the password. With 2FA on, reset, or owed to the team, this gives a pending sign-in and never a session.

        An unknown, disabled or mistyped account is refused in the same words, after the same writes and the same hash
        (ASVS 6.3.8).
        """
        charged = self._charge(email, client)
        if isinstance(charged, Denied):
            self._log.password_refused(reason=charged.reason, account_id=None, address=client.address)
            return charged
        account, charges = charged
        right = self._check(account, normalise(password))
        if right is None:
            self._log.password_refused(
                reason=PasswordRefusal.WRONG_CREDENTIALS, account_id=account.id if account else None, address=client.address
            )
            return Denied(PasswordRefusal.WRONG_CREDENTIALS)
        return self._go_on(right, charges, next_path, client)

    def knows(self, email: str, client: Client) -> bool:
        """Whether this address has completed a sign-in in this browser. It proves nothing of who sits there."""
        with self._transactions.reading() as tx:
            return self._known_browser(tx, account_store.by_email(tx, email), client) is not None

    def _charge(self, email: str, client: Client) -> tuple[Account | None, Sequence[Charge]] | Denied[ThrottleRefusal]:
        def tried(tx: Reading) -> tuple[Account | None, Sequence[Bucket]]:
            account = account_store.by_email(tx, email)
            browser_id = self._known_browser(tx, account, client)
            return account, password_buckets(self._digest, email, account.id if account else None, browser_id, client.address)

        return charge_try(self._transactions, self._system.now, tried, durable=True)

    def _known_browser(self, tx: Reading, account: Account | None, client: Client) -> str | None:
        if client.device is None:
            return None
        # An unknown address takes the same statement (ASVS 6.3.8).
        return known_browser_store.find(tx, client.device.digest, account.id if account else "", self._system.now())

    def _check(self, account: Account | None, password: str) -> _RightPassword | None:
        if account is None:
            self._hasher.verify_without_account(password)
            return None
        if not self._hasher.verify(account.password_hash, password) or not account.password_opens:
            return None
        stale = self._hasher.needs_renewal(account.password_hash)
        return _RightPassword(account, self._hasher.hash(password) if stale else None)

    def _go_on(self, right: _RightPassword, charges: Sequence[Charge], next_path: str, client: Client) -> PasswordOutcome:
        with self._transactions.writing() as tx:
            locked = self._session_start.lock(tx, right.account.id, right.account.security_version, client)
            if locked is None:
                return Denied(SignInRefusal.START_AGAIN)
            account = locked.account
            # Not the network's: with one known password, any number of hashes could be had.
            password_charge, *_of_the_network = charges
            throttle_store.give_back(tx, [password_charge])
            if right.renewed_hash is not None:
                account_store.renew_password_hash(tx, account.id, right.account.password_hash, right.renewed_hash)
            outcome = self._next(tx, locked, protection_of(tx, account.id), password_charge, next_path)
            tx.commit()
            return outcome

    def _next(self, tx: Writing, locked: LockedAccounts, protection: Protection, charge: Charge, next_path: str) -> PasswordOutcome:
        account, client = locked.account, locked.client
        owes = not protection.is_on and owes_enrolment(account, installation_store.policy(tx), self._system.now())
        match step := next_step(
            _ONLY_PASSWORD,
            protected=protection.is_on,
            must_enrol=account.must_enrol,
            replaces_password=account.replaces_password,
            owes=self._owed if owes else None,
        ):
            case NextStep.SECOND_FACTOR | NextStep.NEW_PASSWORD:
                # Also before a new password: who sets it must have proven a second factor.
                pending = self._make_pending(tx, account, NextStep.SECOND_FACTOR, charge, next_path, client)
                return SecondFactorRequired(pending, protection.kinds)
            case NextStep.MUST_ENROL | NextStep.ENROL_WITH_LINK | NextStep.ENROL_BY_PASSWORD | NextStep.ENROL_INVITED:
                # A thief who knows the password gets no further, but its owner has to learn of them.
                append_event(tx, self._system.entropy, account.id, client.event(_awaited(step)), self._system.now())
                if step is NextStep.ENROL_WITH_LINK:
                    enrolment_mails.let_wait(tx, self._system, account, self._system.now())
                pending = self._make_pending(tx, account, step, charge, next_path, client)
                return EnrolmentRequired(pending, by_policy=step is not NextStep.MUST_ENROL)
            case NextStep.SESSION:
                proof = CompletedProof(_ONLY_PASSWORD, None, next_path, charge.bucket.key, after_waits=charge.follows_waits)
                return self._session_start.start(tx, locked, step, proof)
            case unknown:
                assert_never(unknown)

    def _make_pending(self, tx: Writing, account: Account, step: PendingStep, charge: Charge, next_path: str, client: Client) -> Token:
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
            amr=_ONLY_PASSWORD,
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


def _awaited(step: NextStep) -> EventKind:
    return EventKind.ENROLMENT_AWAITED if step is NextStep.MUST_ENROL else EventKind.REQUIRED_ENROLMENT_AWAITED
