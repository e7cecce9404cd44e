"""Reminding members by mail to turn 2FA on: each at most once a day, whoever asks for it."""

from dataclasses import dataclass
from typing import Final

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import ReadTransactions
from xpressbot.foundation.mail import outbox
from xpressbot.foundation.mail.claims import ClaimedMail
from xpressbot.foundation.mail.outbox import NewMail, Priority
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors.protection import protection_of
from xpressbot.identity.outcomes import Denied, Reason, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.operation import ChangedTeam, Entry, Unchanged
from xpressbot.identity.team import store as member_store

REMINDER_MAIL: Final = "reminder"
"""The kind of mail."""
MOST_REMINDED: Final = 500
"""At a time: the mails of a larger team wait for a second click, so that the outbox takes them in one short transaction."""


class ReminderRefusal(Reason):
    """Why nobody is reminded."""

    NO_MAIL = "no_mail"
    """No mail server is set."""
    NOBODY_TO_REMIND = "nobody_to_remind"
    """All members have 2FA on, or were reminded within a day."""


@dataclass(frozen=True, slots=True)
class Reminded:
    """The mails to so many members wait for the sender."""

    members: int


class Reminders:
    """Lets reminders wait for the sender. sends_mail: whether mails reach people."""

    def __init__(self, transactions: ReadTransactions, gate: Gate, system: System, *, sends_mail: bool) -> None:
        self._transactions = transactions
        self._gate = gate
        self._system = system
        self._sends_mail = sends_mail

    def remind(self, caller: Caller) -> Reminded | Denied[SessionRefusal | ReminderRefusal] | StepUpRequired:
        """Remind the members without 2FA who were not reminded within a day, MOST_REMINDED at most."""

        def operation(entry: Entry) -> ChangedTeam[Reminded] | Unchanged[Denied[ReminderRefusal]]:
            if not self._sends_mail:
                return Unchanged(Denied(ReminderRefusal.NO_MAIL))
            account_ids = member_store.to_remind(entry.tx, MOST_REMINDED, entry.now)
            if not account_ids:
                return Unchanged(Denied(ReminderRefusal.NOBODY_TO_REMIND))
            mails = [(self._system.new_id(), _mail(account_id, entry.now)) for account_id in account_ids]
            outbox.add_all(entry.tx, mails)
            event = caller.event(EventKind.MEMBERS_REMINDED, members=len(mails))
            return ChangedTeam(Reminded(len(mails)), event)

        return self._gate.run(caller, Action.REMIND_MEMBERS, operation)

    def find(self, mail: ClaimedMail) -> Account | None:
        """Whom a reminder goes to; None where the account is used no more, or 2FA is on by now."""
        with self._transactions.reading() as tx:
            account = None if mail.account_id is None else account_store.by_id(tx, mail.account_id)
            is_protected = account is not None and protection_of(tx, account.id).is_on
        return account if account is not None and account.status is AccountStatus.ACTIVE and not is_protected else None


def _mail(account_id: str, now: int) -> NewMail:
    return NewMail(REMINDER_MAIL, Priority.NORMAL, account_id, {}, now, f"{member_store.REMINDER_PREFIX}{account_id}")
