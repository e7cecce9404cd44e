"""What the gate gives an operation to work with, and what an operation answers to the gate."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.two_factor_policy import TeamPolicy
from xpressbot.identity.audit.rules.event import NewEvent
from xpressbot.identity.outcomes import SessionRenewed
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.rules.session import Session
from xpressbot.identity.sessions.security_version import raise_security_version

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Changed(Generic[T_co]):
    """An operation that changed something: what to answer, and the event that must stand beside the change."""

    outcome: T_co
    event: NewEvent


@dataclass(frozen=True, slots=True)
class ChangedTeam(Generic[T_co]):
    """An operation on the team: what to answer, the event of the team's record, and those of the members whom it concerns, by id."""

    outcome: T_co
    event: NewEvent
    of_members: Mapping[str, NewEvent] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unchanged(Generic[T_co]):
    """An operation that changed nothing worth an event."""

    outcome: T_co


@dataclass(frozen=True, slots=True)
class Admitted:
    """Account and session as they are under the account's lock, what the team asks, and what reads in that transaction."""

    tx: Reading
    account: Account
    session: Session
    policy: TeamPolicy
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


Result = Changed[T] | ChangedTeam[T] | Unchanged[T]
Operation = Callable[[Entry], Result[T]]
MemberOperation = Callable[[Entry, Account], Result[T]]
"""An operation on another member, whose account is locked and in the team, and whose role is not above the caller's."""
