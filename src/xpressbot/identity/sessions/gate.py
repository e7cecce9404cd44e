"""The gate: authorise, step up, act, record. Everything a signed-in person can change passes through it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from xpressbot.foundation.database.transaction import Transactions, Writing
from xpressbot.foundation.system import System
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import NewEvent
from xpressbot.identity.outcomes import Denied, Reason, SessionRenewed, StepUpRequired
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.invalidation import void_earlier_decisions
from xpressbot.identity.sessions.rules.assurance import Action, step_up_needed
from xpressbot.identity.sessions.rules.session import Session

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Changed(Generic[T_co]):
    """A operation that changed something: what to answer, and the event that must stand beside the change."""

    outcome: T_co
    event: NewEvent


@dataclass(frozen=True, slots=True)
class Unchanged(Generic[T_co]):
    """A operation that changed nothing worth an event."""

    outcome: T_co


@dataclass(frozen=True, slots=True)
class Entry:
    """What a operation may work with: the unit of work, and account and session as they are now, with the account locked."""

    tx: Writing
    account: Account
    session: Session
    now: int
    system: System

    def change_security(self, session: Session) -> SessionRenewed:
        """Void everything decided before this change, and let this one session go on, as given, under a new token.

        Other sessions, pending sign-ins and unfinished enrolments end here, in the same transaction.
        """
        version = void_earlier_decisions(self.tx, self.account.id, keep_session=self.session.id)
        return self._raise(session, version)

    def renew_session(self, session: Session) -> SessionRenewed:
        """Let the session go on, changed, under a new token."""
        return self._raise(session, self.account.security_version)

    def _raise(self, session: Session, security_version: int) -> SessionRenewed:
        token = self.system.new_token()
        session_store.renew(self.tx, session, token.digest, security_version)
        return SessionRenewed(token)


Operation = Callable[[Entry], Changed[T] | Unchanged[T]]


class Gate:
    """Lets a caller through to a operation, or says why not."""

    def __init__(self, transactions: Transactions, system: System) -> None:
        self._transactions = transactions
        self._system = system

    def enter_confirmed(self, caller: Caller, action: Action, operation: Operation[T]) -> T | Denied | StepUpRequired:
        """Run a operation that needs a fresh proof of identity (ASVS 7.5.1)."""

        def with_proof(entry: Entry) -> Changed[T | StepUpRequired] | Unchanged[T | StepUpRequired]:
            if _lacks_proof(entry.session, action, entry.now):
                return Unchanged(StepUpRequired())
            return operation(entry)

        return self.enter(caller, with_proof)

    def needs_proof(self, caller: Caller, action: Action) -> bool:
        """Whether a operation of this kind would be refused until the person has confirmed who they are.

        For pages that ask something before it, so that the answer is not lost on the way to "Confirm it's you".
        """
        return _lacks_proof(caller.session, action, self._system.now())

    def enter(self, caller: Caller, operation: Operation[T]) -> T | Denied:
        """Run a operation that needs no more than a live session, in one unit of work, and commit it with its event."""
        with self._transactions.writing() as tx:
            entry = self.admit(tx, caller)
            if isinstance(entry, Denied):
                return entry
            result = operation(entry)
            if isinstance(result, Changed):
                append_event(tx, self._system.entropy, entry.account.id, result.event, entry.now)
            tx.commit()
            return result.outcome

    def admit(self, tx: Writing, caller: Caller) -> Entry | Denied:
        """Lock the account, then read the clock and the session again: what was true when the request came in may be so no longer.

        The session is read by the token that the request brought, never by its row: a request that was let in under an older
        token, and waited here for the lock, must not act with what was proven meanwhile (ASVS 7.2.4). It changes, charges and
        ends nothing.
        """
        account = account_store.lock(tx, caller.account.id)
        now = self._system.now()
        session = session_store.by_token(tx, caller.token.digest)
        if session is None and session_store.is_previous(tx, caller.token.digest):
            return Denied(Reason.TOKEN_SUPERSEDED)
        if account is None or account.status is not AccountStatus.ACTIVE or session is None or not session.is_live(now):
            return Denied(Reason.NOT_SIGNED_IN)
        return Entry(tx, account, session, now, self._system)


def _lacks_proof(session: Session, action: Action, now: int) -> bool:
    return step_up_needed(action, proven_at=session.proven_at, recovery_grant_until=session.recovery_grant_until, now=now)
