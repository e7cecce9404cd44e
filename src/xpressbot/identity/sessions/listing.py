"""The sessions of one account: which there are, and ending them from another one (ASVS 7.4.5, 7.5.2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import ReadTransactions
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.outcomes import Denied, Done, Reason, StepUpRequired
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, PasswordProof, SessionRefusal
from xpressbot.identity.sessions.operation import Changed, Entry, Unchanged
from xpressbot.identity.sessions.store import ListedSession


class ListingRefusal(Reason):
    """Why a session cannot be ended."""

    NO_SUCH_SESSION = "no_such_session"
    """The account has none of this id: it has ended, or is somebody else's."""


@dataclass(frozen=True, slots=True)
class SessionsEnded:
    """How many have ended by it."""

    count: int


EndOutcome = Done | Denied[SessionRefusal | ListingRefusal] | StepUpRequired
EndOthersOutcome = SessionsEnded | Denied[SessionRefusal] | StepUpRequired


class SessionListing:
    """Shows a person where they are signed in, and signs them out there. Nothing that was decided on the account is void by it."""

    def __init__(self, transactions: ReadTransactions, gate: Gate, system: System) -> None:
        self._transactions = transactions
        self._gate = gate
        self._system = system

    def listed(self, caller: Caller) -> Sequence[ListedSession]:
        """The live and the locked sessions, the last used first. One statement."""
        with self._transactions.reading() as tx:
            return session_store.list_open(tx, caller.account.id, self._system.now())

    def end(self, caller: Caller, session_id: str, *, password: PasswordProof | None = None) -> EndOutcome:
        """End one session of this account. The caller's own ends by signing out."""

        def operation(entry: Entry) -> Changed[Done] | Unchanged[Denied[ListingRefusal]]:
            listed = {one.session.id for one in session_store.list_open(entry.tx, entry.account.id, entry.now)}
            if session_id not in listed - {entry.session.id} or not session_store.end(entry.tx, session_id):
                return Unchanged(Denied(ListingRefusal.NO_SUCH_SESSION))
            return Changed(Done(), caller.event(EventKind.SESSION_ENDED_ELSEWHERE, target=session_id))

        return self._gate.run(caller, Action.END_SESSION, operation, password=password)

    def end_others(self, caller: Caller, *, password: PasswordProof | None = None) -> EndOthersOutcome:
        """End all sessions of this account but the caller's."""

        def operation(entry: Entry) -> Changed[SessionsEnded] | Unchanged[SessionsEnded]:
            others = session_store.count_others(entry.tx, entry.account.id, entry.session.id, entry.now)
            session_store.end_others(entry.tx, entry.account.id, keep=entry.session.id)
            if not others:
                return Unchanged(SessionsEnded(0))
            return Changed(SessionsEnded(others), caller.event(EventKind.OTHER_SESSIONS_ENDED, sessions_ended=others))

        return self._gate.run(caller, Action.END_OTHER_SESSIONS, operation, password=password)
