"""Who is signed in, and signing out."""

from collections.abc import Callable
from dataclasses import replace

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.two_factor_policy import owes_enrolment
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.outcomes import Denied, Done, StepUpRequired
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Caller, Client, LockedCaller, MustEnrol, SessionHolder
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.operation import Changed, Entry, Unchanged
from xpressbot.identity.sessions.rules.assurance import Amr
from xpressbot.identity.sessions.rules.session import Session
from xpressbot.identity.sessions.store import FoundSession

FindOutcome = tuple[Session, Account] | Denied[SessionRefusal] | None
"""A live session and whose it is; why it opens nothing but the set-up of 2FA; or None where there is none."""


class SessionLookup:
    """Sessions that are not over, looked at only."""

    def __init__(self, resolve: Callable[[bytes], FoundSession | None], system: System, methods: Amr) -> None:
        """resolve: the session that is stored under a token's hash, and whose it is. One statement.

        methods: the authentication methods that sessions may rest on.
        """
        self._stored = resolve
        self._system = system
        self._methods = methods

    def find(self, token: Token) -> FindOutcome:
        """The live session that a token opens, and whose it is. One statement."""
        found, now = self._resolve(token), self._system.now()
        if found is None or not found.session.is_live(now):
            return None
        if owes_enrolment(found.account, found.policy, now):
            return Denied(SessionRefusal.ENROLMENT_FIRST)
        return found.session, found.account

    def find_open(self, token: Token) -> FoundSession | None:
        """The live or locked session of a token, and whose it is. One statement."""
        found = self._resolve(token)
        return found if found is not None and found.session.is_open(self._system.now()) else None

    def is_from_the_future(self, token: Token) -> bool:
        """Whether a token opens nothing because its session is dated in the future. One statement."""
        found = self._resolve(token)
        return found is not None and found.session.is_from_the_future(self._system.now())

    def last_use_is_due(self, session: Session) -> bool:
        """Whether this use of it should be written down, which looking does not do."""
        return session.last_use_is_due(self._system.now())

    def _resolve(self, token: Token) -> FoundSession | None:
        found = self._stored(token.digest)
        return found if found is not None and found.session.amr <= self._methods else None


class Sessions:
    """Sessions in use."""

    def __init__(self, transactions: Transactions, gate: Gate, system: System, methods: Amr) -> None:
        self._transactions = transactions
        self._gate = gate
        self._system = system
        self._lookup = SessionLookup(self._resolve, system, methods)

    def resolve(self, client: Client) -> Caller | None:
        """The person this browser is signed in as."""
        holder = self.recognise(client)
        return holder if isinstance(holder, Caller) else None

    def recognise(self, client: Client) -> Caller | MustEnrol | LockedCaller | None:
        """The person this browser is signed in as, or whose session in it is locked. One statement, and the last use as in find.

        What the team asks of the person is read with the session, so that a policy acts at the next request (ASVS 8.3.2).
        """
        if client.session is None or (found := self._lookup.find_open(client.session)) is None:
            return None
        session, account, now = found.session, found.account, self._system.now()
        if session.is_live(now):
            holder = MustEnrol if owes_enrolment(account, found.policy, now) else Caller
            return holder(account, self._used(client.session, session), client.session, client, found.policy)
        if not session.is_locked(now) or not account.password_unlocks:
            return None
        return LockedCaller(account, session, client.session, client, found.policy)

    def was_renewed(self, client: Client) -> bool:
        """Whether this browser brings the token that a session had before it was last renewed."""
        if client.session is None:
            return False
        with self._transactions.reading() as tx:
            return session_store.is_previous(tx, client.session.digest)

    def find(self, token: Token) -> FindOutcome:
        """The live session that a token opens, and whose it is. One statement, and one write a minute for the last use."""
        found = self._lookup.find(token)
        return (self._used(token, found[0]), found[1]) if isinstance(found, tuple) else found

    def is_from_the_future(self, client: Client) -> bool:
        """Whether this browser is not signed in because a clock was changed since it did so, so that the person may be told."""
        return client.session is not None and self._lookup.is_from_the_future(client.session)

    def stay(self, caller: Caller) -> Done | Denied[SessionRefusal] | StepUpRequired:
        """Use the session on without opening a page. Its absolute end stays where it is."""

        def operation(entry: Entry) -> Unchanged[Done]:
            session_store.touch(entry.tx, caller.token.digest, entry.now)
            return Unchanged(Done())

        return self._gate.run(caller, Action.STAY_SIGNED_IN, operation)

    def sign_out(self, caller: SessionHolder) -> Done | Denied[SessionRefusal] | StepUpRequired:
        """End this session on the server; its token opens nothing from here on (ASVS 7.4.1)."""

        def operation(entry: Entry) -> Changed[Done]:
            session_store.end(entry.tx, entry.session.id)
            return Changed(Done(), caller.event(EventKind.SIGNED_OUT))

        return self._gate.run(caller, Action.SIGN_OUT, operation)

    def _resolve(self, token_hash: bytes) -> FoundSession | None:
        with self._transactions.reading() as tx:
            return session_store.resolve(tx, token_hash)

    def _used(self, token: Token, session: Session) -> Session:
        """The session as it is by this use. If a power cut or a full disk takes the note of it, it locks earlier, never later."""
        if not self._lookup.last_use_is_due(session):
            return session
        now = self._system.now()
        self._transactions.write_if_possible(lambda tx: session_store.touch(tx, token.digest, now))
        return replace(session, last_used_at=now)
