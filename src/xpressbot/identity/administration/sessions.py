"""What an operator does to the sessions of an account."""

from collections.abc import Sequence

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import OPERATOR, EventKind, NewEvent
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.listing import ListingRefusal, SessionsEnded
from xpressbot.identity.sessions.store import ListedSession


class SessionAdministration:
    """Lists the sessions of an account and ends them (ASVS 7.4.5)."""

    def __init__(self, transactions: Transactions, system: System) -> None:
        self._transactions = transactions
        self._system = system

    def listed(self, email: str) -> Sequence[ListedSession] | None:
        """The live and the locked sessions, the last used first; None when there is no such account."""
        with self._transactions.reading() as tx:
            account = account_store.by_email(tx, email)
            return None if account is None else session_store.list_open(tx, account.id, self._system.now())

    def end(self, email: str, session_id: str | None) -> SessionsEnded | Denied[ListingRefusal] | None:
        """End one session of the account, or with None all of them; None when there is no such account. The person is told."""
        with self._transactions.writing() as tx:
            found = account_store.by_email(tx, email)
            account = account_store.lock(tx, found.id) if found else None
            if account is None:
                return None
            now = self._system.now()
            listed = {one.session.id for one in session_store.list_open(tx, account.id, now)}
            if session_id is None:
                session_store.end_others(tx, account.id, keep=None)
                ended = len(listed)
            elif session_id in listed and session_store.end(tx, session_id):
                ended = 1
            else:
                return Denied(ListingRefusal.NO_SUCH_SESSION)
            if ended:
                event = NewEvent(EventKind.SESSIONS_ENDED_BY_OPERATOR, {"sessions_ended": ended}, actor=OPERATOR, target=session_id)
                append_event(tx, self._system.entropy, account.id, event, now)
            tx.commit()
            return SessionsEnded(ended)
