"""The gate: authorise, step up, act, record. Everything a signed-in person can change passes through it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Reading, Transactions, Writing
from xpressbot.identity.accounts import installation as installation_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.actions import ACTIONS, Action, Permission
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import NewEvent
from xpressbot.identity.outcomes import Denied, Reason, SessionRenewed, StepUpRequired
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Caller, LockedCaller, SessionHolder
from xpressbot.identity.sessions.rules.assurance import Amr, step_up_needed, waits_for_new_password
from xpressbot.identity.sessions.rules.session import Session
from xpressbot.identity.sessions.security_version import raise_security_version
from xpressbot.identity.throttling import store as throttle_store
from xpressbot.identity.throttling.charges import ThrottleRefusal, settle_refusal
from xpressbot.identity.throttling.rules import Bucket, Charge, Refusal

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
R = TypeVar("R", bound=Reason)


class SessionRefusal(Reason):
    """Why the gate lets a request through to no operation at all."""

    NOT_SIGNED_IN = "not_signed_in"
    TOKEN_SUPERSEDED = "token_superseded"
    """The session was renewed since the request was sent."""
    SESSION_LOCKED = "session_locked"
    """It was not used for too long: only the password goes on with it."""
    NOT_PERMITTED = "not_permitted"
    """It is not for this account to do: only the owner acts on the installation."""
    NEW_PASSWORD_FIRST = "new_password_first"
    """Somebody else may know the password."""


@dataclass(frozen=True, slots=True)
class Changed(Generic[T_co]):
    """An operation that changed something: what to answer, and the event that must stand beside the change."""

    outcome: T_co
    event: NewEvent


@dataclass(frozen=True, slots=True)
class Unchanged(Generic[T_co]):
    """An operation that changed nothing worth an event."""

    outcome: T_co


@dataclass(frozen=True, slots=True)
class Admitted:
    """Account and session as they are under the account's lock, and what reads in that transaction."""

    tx: Reading
    account: Account
    session: Session
    now: int


@dataclass(frozen=True, slots=True)
class Entry(Admitted):
    """What an operation may work with: it writes, too."""

    tx: Writing
    system: System

    def change_security(self, session: Session) -> SessionRenewed:
        """Void everything decided before this change, and let this one session go on, as given, under a new token.

        Other sessions, pending sign-ins and unfinished enrolments end here, in the same transaction.
        """
        return self._renew(session, raise_security_version(self.tx, self.account.id, keep_session=self.session.id))

    def renew_session(self, session: Session) -> SessionRenewed:
        """Let the session go on, changed, under a new token."""
        return self._renew(session, self.account.security_version)

    def _renew(self, session: Session, security_version: int) -> SessionRenewed:
        token = self.system.new_token()
        session_store.renew(self.tx, replace(session, last_used_at=self.now), token.digest, security_version)
        return SessionRenewed(token)


Operation = Callable[[Entry], Changed[T] | Unchanged[T]]


@dataclass(frozen=True, slots=True)
class PasswordProof:
    """The right password, typed into the form of an action. It counts in one session, and for the password as it was then.

    charge: the try, which is given back when the gate takes the proof, or when the session was renewed since the try was counted.
    """

    session_id: str
    security_version: int
    charge: Charge


class Gate:
    """Lets a caller through to an operation, or says why not. methods: the authentication methods that sessions may rest on."""

    def __init__(self, transactions: Transactions, system: System, methods: Amr) -> None:
        self._transactions = transactions
        self._system = system
        self._methods = methods

    def run(
        self, caller: SessionHolder, action: Action, operation: Operation[T], *, password: PasswordProof | None = None
    ) -> T | Denied[SessionRefusal] | StepUpRequired:
        """Run an operation in one transaction, and commit it with its event. Refused without the proof that its action needs.

        password: the one that came with the form, where the action takes it.
        """
        with self._transactions.writing() as tx:
            entry = self._admit(tx, caller, action)
            if isinstance(entry, Denied):
                if password is not None and entry.reason is SessionRefusal.TOKEN_SUPERSEDED:
                    # The later half of a double click. Its try was counted before the first half renewed the session, and was no guess.
                    throttle_store.give_back(tx, [password.charge])
                    tx.commit()
                return entry
            if _lacks_proof(entry.session, action, entry.now, password_proven=password is not None and _counts(password, entry)):
                return StepUpRequired()
            if password is not None:
                # Only its own try: with one known password, wrong codes could be tried without end.
                throttle_store.give_back(tx, [password.charge])
            result = operation(entry)
            if isinstance(result, Changed):
                append_event(tx, self._system.entropy, entry.account.id, result.event, entry.now)
            tx.commit()
            return result.outcome

    def charge(
        self, caller: SessionHolder, action: Action, find: Callable[[Admitted], Bucket | Denied[R]]
    ) -> Charge | Denied[R | SessionRefusal | ThrottleRefusal] | StepUpRequired:
        """Charge a try at a secret before it is checked, in a transaction that does nothing else: it stays counted whatever follows.

        find: what the try is charged to. The commit does not wait for fsync, since the answer to the try does.
        """
        with self._transactions.writing(durable=False) as tx:
            entry = self._admit(tx, caller, action)
            if isinstance(entry, Denied):
                return entry
            if _lacks_proof(entry.session, action, entry.now, password_proven=False):
                return StepUpRequired()
            bucket = find(entry)
            if isinstance(bucket, Denied):
                return bucket
            charged = throttle_store.charge(tx, [bucket], entry.now)
            if not isinstance(charged, Refusal):
                (charge,) = charged
                tx.commit()
                return charge
        return settle_refusal(self._transactions, charged, entry.now)

    def needs_proof(self, caller: Caller, action: Action) -> bool:
        """Whether this action would be refused until the person has confirmed who they are.

        For pages that ask something before it, so that the answer is not lost on the way to "Confirm it's you". Where the password in
        the form is enough, it is not needed before.
        """
        return _lacks_proof(caller.session, action, self._system.now(), password_proven=True)

    def asks_for_password(self, caller: Caller, action: Action) -> bool:
        """Whether the form of this action needs a field for the password."""
        return _lacks_proof(caller.session, action, self._system.now(), password_proven=False)

    def _admit(self, tx: Writing, caller: SessionHolder, action: Action) -> Entry | Denied[SessionRefusal]:
        """Lock the account, then read the clock and the session again: what was true when the request came in may be so no longer.

        The session is read by the token that the request brought, never by its row: a request that was let in under an older token, and
        waited here for the lock, must not act with what was proven meanwhile (ASVS 7.2.4). It changes, charges and ends nothing.
        """
        if ACTIONS[action].among_accounts:
            installation_store.lock(tx)
        account = account_store.lock(tx, caller.account.id)
        now = self._system.now()
        session = session_store.by_token(tx, caller.token.digest)
        if session is None and session_store.is_previous(tx, caller.token.digest):
            return Denied(SessionRefusal.TOKEN_SUPERSEDED)
        if account is None or account.status is not AccountStatus.ACTIVE or session is None:
            return Denied(SessionRefusal.NOT_SIGNED_IN)
        if not session.is_open(now) or not session.amr <= self._methods:
            return Denied(SessionRefusal.NOT_SIGNED_IN)
        refusal = _refuse_action(tx, caller, account, session, action, now)
        return Entry(tx, account, session, now, self._system) if refusal is None else Denied(refusal)


def _refuse_action(
    tx: Reading, caller: SessionHolder, account: Account, session: Session, action: Action, now: int
) -> SessionRefusal | None:
    """Why a session that is not over may not do this, whatever it proves."""
    if not _is_enough(caller, session, action, now):
        return SessionRefusal.SESSION_LOCKED
    if ACTIONS[action].permission is Permission.INSTALLATION and installation_store.owner(tx) != account.id:
        return SessionRefusal.NOT_PERMITTED
    if account.replaces_password and waits_for_new_password(ACTIONS[action].proof):
        return SessionRefusal.NEW_PASSWORD_FIRST
    return None


def _is_enough(caller: SessionHolder, session: Session, action: Action, now: int) -> bool:
    """Whether a session that is not over may do this. One that was let in as locked stays so for its request."""
    match caller:
        case Caller():
            return session.is_live(now)
        case LockedCaller():
            return ACTIONS[action].while_locked
        case _:
            return False


def _counts(password: PasswordProof, entry: Admitted) -> bool:
    return (password.session_id, password.security_version) == (entry.session.id, entry.account.security_version)


def _lacks_proof(session: Session, action: Action, now: int, *, password_proven: bool) -> bool:
    return step_up_needed(
        ACTIONS[action].proof,
        amr=session.amr,
        proven_at=session.proven_at,
        recovery_grant_until=session.recovery_grant_until,
        now=now,
        password_proven=password_proven,
    )
