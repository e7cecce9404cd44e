"""What an installation keeps about a person, for that person: by a list of what may leave it, and nothing secret (ASVS 14.2.6, 15.3.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from xpressbot.foundation.database.transaction import ReadTransactions
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.audit import notice_store
from xpressbot.identity.audit import store as event_store
from xpressbot.identity.audit.rules.event import EventKind, SecurityEvent
from xpressbot.identity.audit.rules.notice import NoticeState
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.factors.protection import protection_of
from xpressbot.identity.factors.rules import Authenticator
from xpressbot.identity.outcomes import Denied, Done, StepUpRequired
from xpressbot.identity.sessions import known_browser_store
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.operation import Changed, Entry
from xpressbot.identity.sessions.store import ListedSession
from xpressbot.identity.throttling import rules as throttle
from xpressbot.identity.throttling.charges import ThrottleRefusal

PAGE_SIZE: Final = 500
"""Events or notices that are in memory at a time: an account has any number of them."""


@dataclass(frozen=True, slots=True)
class AccountData:
    """What there is a bounded number of, at one time. known_browsers: when each was last signed in with.

    last_event: the number of the event at which the download ends; that of this export is not above it.
    What leaves the program, the download lists.
    """

    exported_at: int
    account: Account
    created_at: int
    sessions: Sequence[ListedSession]
    known_browsers: Sequence[int]
    authenticators: Sequence[Authenticator]
    backups_left: int
    last_event: int


ExportOutcome = AccountData | Denied[SessionRefusal | ThrottleRefusal] | StepUpRequired


class AccountExport:
    """Records that the data was asked for, and reads it: first what is bounded, then events and notices page by page."""

    def __init__(self, transactions: ReadTransactions, gate: Gate, kinds: Kinds) -> None:
        self._transactions = transactions
        self._gate = gate
        self._kinds = kinds

    def export(self, caller: Caller) -> ExportOutcome:
        """Begin an export. Its event is among the data, and is recorded before anything is given out."""
        charge = self._gate.charge(caller, Action.EXPORT_DATA, lambda admitted: throttle.exports(admitted.account.id))
        if isinstance(charge, Denied | StepUpRequired):
            return charge
        times: list[int] = []

        def operation(entry: Entry) -> Changed[Done]:
            times.append(entry.now)
            return Changed(Done(), caller.event(EventKind.ACCOUNT_EXPORTED))

        outcome = self._gate.run(caller, Action.EXPORT_DATA, operation)
        return self._read(caller, times[-1]) if isinstance(outcome, Done) else outcome

    def notices(self, data: AccountData, after: int) -> Sequence[NoticeState]:
        """The next page of an export's notices: those whose first event has a number above `after`; none after the last one."""
        with self._transactions.reading() as tx:
            return notice_store.states(tx, data.account.id, after, PAGE_SIZE)

    def events(self, data: AccountData, after: int) -> Sequence[SecurityEvent]:
        """The next page of an export's events: those with a number above `after`; none after the last one."""
        with self._transactions.reading() as tx:
            return event_store.following(tx, data.account.id, after, data.last_event, PAGE_SIZE)

    def _read(self, caller: Caller, now: int) -> AccountData:
        account = caller.account
        with self._transactions.reading() as tx:
            return AccountData(
                exported_at=now,
                account=account,
                created_at=account_store.created_at(tx, account.id),
                sessions=session_store.list_open(tx, account.id, now),
                known_browsers=known_browser_store.last_sign_ins(tx, account.id),
                authenticators=protection_of(tx, account.id).authenticators,
                backups_left=self._kinds.count_backups_left(tx, account.id),
                last_event=event_store.last_number(tx, account.id),
            )
