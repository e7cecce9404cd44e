"""The last step of a sign-in whose password somebody else may know: a new password, then the session."""

from dataclasses import dataclass, replace

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Reading, Transactions, Writing
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, PasswordStatus
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.outcomes import Denied, SignedIn
from xpressbot.identity.passwords.replacement import NewPasswords, put_in_place
from xpressbot.identity.passwords.rules import WeakPassword
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Client
from xpressbot.identity.sessions.security_version import raise_security_version
from xpressbot.identity.sign_in import store as pending_store
from xpressbot.identity.sign_in.refusals import PendingRefusal, SignInRefusal
from xpressbot.identity.sign_in.rules.pending import NextStep, PendingSignIn
from xpressbot.identity.sign_in.second_step import SecondStep
from xpressbot.identity.sign_in.session_start import CompletedProof, SessionStart
from xpressbot.identity.throttling import rules as throttle
from xpressbot.identity.throttling.charges import ThrottleRefusal, charge_try

NewPasswordOutcome = SignedIn | WeakPassword | Denied[SignInRefusal | PendingRefusal | ThrottleRefusal]
"""What may follow the new password."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A person who has proven all their factors, and has no session yet (NIST SP 800-63-4: subscriber).

    Only `NewPasswordStep.subscriber` makes one.
    """

    token: Token
    pending: PendingSignIn
    client: Client


class NewPasswordStep:
    """Sets the new password and begins the session, in one transaction."""

    def __init__(
        self,
        transactions: Transactions,
        system: System,
        kinds: Kinds,
        session_start: SessionStart,
        second_step: SecondStep,
        new_passwords: NewPasswords,
    ) -> None:
        self._transactions = transactions
        self._system = system
        self._kinds = kinds
        self._session_start = session_start
        self._second_step = second_step
        self._new_passwords = new_passwords

    def subscriber(self, token: Token | None, client: Client) -> Subscriber | Denied[SignInRefusal | PendingRefusal]:
        """The person in this browser who has only a new password left to set, if there is one."""
        pending = self._second_step.begun(token)
        if isinstance(pending, Denied):
            return pending
        if token is None or pending.next_step is not NextStep.NEW_PASSWORD:
            return Denied(PendingRefusal.NO_SIGN_IN)
        return Subscriber(token, pending, client)

    def set(self, subscriber: Subscriber, password: str) -> NewPasswordOutcome:
        """Set a new password. Other sessions, sign-ins and links that give power end; this browser alone stays known."""
        pending = subscriber.pending
        charged = charge_try(self._transactions, self._system.now, lambda _tx: (None, [throttle.new_passwords(pending.id)]), durable=True)
        if isinstance(charged, Denied):
            return charged
        with self._transactions.reading() as tx:
            account = account_store.unchanged(account_store.by_id(tx, pending.account_id), pending.security_version)
            if account is None:
                return _refusal(tx, subscriber)
        hashed = self._new_passwords.hashed(account, password)
        if isinstance(hashed, WeakPassword):
            return hashed
        with self._transactions.writing() as tx:
            outcome = self._complete(tx, subscriber, hashed)
            if isinstance(outcome, SignedIn):
                tx.commit()
            return outcome

    def _complete(self, tx: Writing, subscriber: Subscriber, password_hash: str) -> SignedIn | Denied[SignInRefusal | PendingRefusal]:
        pending, client = subscriber.pending, subscriber.client
        locked = self._session_start.lock(tx, pending.account_id, pending.security_version, client)
        now = self._system.now()
        if locked is None or not pending_store.consume(tx, subscriber.token.digest, now):
            return _refusal(tx, subscriber)
        account = locked.account
        ended = session_store.count_open(tx, account.id, now)
        put_in_place(tx, account.id, password_hash, keep_browser=None if client.device is None else client.device.digest)
        version = raise_security_version(tx, account.id, keep_session=None)
        raised = replace(locked, account=replace(account, security_version=version, password_status=PasswordStatus.IN_USE))
        signed_in = self._session_start.complete(tx, raised, self._proof(account, pending))
        if not isinstance(signed_in, SignedIn):
            return Denied(SignInRefusal.START_AGAIN)
        event = client.event(EventKind.PASSWORD_CHANGED, actor=account.id, session=signed_in.session_id, sessions_ended=ended)
        append_event(tx, self._system.entropy, account.id, event, now)
        return signed_in

    def _proof(self, account: Account, pending: PendingSignIn) -> CompletedProof:
        factor = next((kind for kind in self._kinds if kind.method in pending.amr), None)
        return CompletedProof(
            pending.amr,
            factor,
            pending.next_path,
            password_bucket=pending.password_bucket,
            factor_bucket=None if factor is None else factor.bucket(account.id).key,
            after_waits=pending.after_waits,
        )


def _refusal(tx: Reading, subscriber: Subscriber) -> Denied[SignInRefusal | PendingRefusal]:
    """Why a sign-in sets no password any more: the other half of a double click has, or what it rests on was changed."""
    is_consumed = pending_store.is_consumed(tx, subscriber.token.digest)
    return Denied(PendingRefusal.JUST_SIGNED_IN if is_consumed else SignInRefusal.START_AGAIN)
