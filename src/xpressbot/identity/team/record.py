"""The team's record, for its owners and admins: page by page, and whole for a file that can be checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from xpressbot.foundation.database.transaction import Reading, ReadTransactions
from xpressbot.foundation.identifiers import is_identifier
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.address import normalise_email
from xpressbot.identity.audit import store as event_store
from xpressbot.identity.audit.history import HistoryPage, read_page
from xpressbot.identity.audit.rules.event import TEAM, EventKind
from xpressbot.identity.audit.rules.history import HistoryFilter
from xpressbot.identity.outcomes import Denied, Done, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.operation import ChangedTeam, Entry
from xpressbot.identity.throttling import rules as throttle
from xpressbot.identity.throttling.charges import ThrottleRefusal

PAGE_SIZE: Final = 500
"""Events of a download that are in memory at a time: a record has any number of them."""


@dataclass(frozen=True, slots=True)
class RecordExport:
    """A download that has begun. It ends at the head that the chain had then: last_event is its number, hash its hash."""

    exported_at: int
    last_event: int
    hash: bytes


class TeamRecord:
    """Reads the chain of the subject TEAM. That it was downloaded is recorded in it."""

    def __init__(self, transactions: ReadTransactions, gate: Gate) -> None:
        self._transactions = transactions
        self._gate = gate

    def page(self, caller: Caller, asked: HistoryFilter, before: int | None = None) -> HistoryPage | Denied[SessionRefusal]:
        """The newest events that are asked for, of those with a lower number than `before`. Three statements, however many there are."""

        def look(tx: Reading, _now: int) -> HistoryPage:
            return read_page(tx, TEAM, asked, before)

        return self._gate.view(caller, Action.VIEW_TEAM_RECORD, look)

    def find(self, caller: Caller, member: str) -> Account | Denied[SessionRefusal] | None:
        """Whom an address or an id names; by the id also an account that has left, whose address may be another's by now."""
        email = normalise_email(member)

        def look(tx: Reading, _now: int) -> Account | None:
            if isinstance(email, str):
                return account_store.by_email(tx, email)
            return account_store.by_id(tx, member) if is_identifier(member) else None

        return self._gate.view(caller, Action.VIEW_TEAM_RECORD, look)

    def export(self, caller: Caller) -> RecordExport | Denied[SessionRefusal | ThrottleRefusal] | StepUpRequired:
        """Begin a download. Its event is among the data, and is recorded before anything is given out."""
        charge = self._gate.charge(caller, Action.EXPORT_TEAM_RECORD, lambda admitted: throttle.exports(admitted.account.id))
        if isinstance(charge, Denied | StepUpRequired):
            return charge
        times: list[int] = []

        def operation(entry: Entry) -> ChangedTeam[Done]:
            times.append(entry.now)
            return ChangedTeam(Done(), caller.event(EventKind.RECORD_EXPORTED))

        outcome = self._gate.run(caller, Action.EXPORT_TEAM_RECORD, operation)
        if not isinstance(outcome, Done):
            return outcome
        with self._transactions.reading() as tx:
            return RecordExport(times[-1], *event_store.head(tx, TEAM))

    def events(self, export: RecordExport, after: int) -> Sequence[Mapping[str, Any]]:
        """The next page of a download: the events with a number above `after`, as they are stored; none after the last one."""
        with self._transactions.reading() as tx:
            return event_store.stored_following(tx, TEAM, after, export.last_event, PAGE_SIZE)
