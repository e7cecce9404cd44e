"""Asking for a link that confirms an address: the one that the account has, or another that is to take its place.

Asking changes nothing. The token is drawn when the mail is sent, so that no row of the outbox holds one.
"""

from typing import Final

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import ReadTransactions
from xpressbot.foundation.mail import outbox
from xpressbot.foundation.mail.outbox import NewMail, Priority
from xpressbot.identity.accounts import reserved_address_store
from xpressbot.identity.accounts.reserved_address_store import ReservedAddress
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.address import email_key
from xpressbot.identity.links import store as link_store
from xpressbot.identity.links.rules import Link, LinkKind
from xpressbot.identity.outcomes import Denied, Done, Reason, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.operation import Admitted, Entry, Unchanged
from xpressbot.identity.throttling import rules as throttle
from xpressbot.identity.throttling.charges import ThrottleRefusal
from xpressbot.identity.throttling.rules import Bucket

EMAIL_MAIL: Final = "email"
"""The kind of mail; its parameters are the address that it goes to and confirms, and the version of the account on which it is good."""


class EmailChangeRefusal(Reason):
    """Why no link is mailed."""

    EMAIL_IS_CONFIRMED = "email_is_confirmed"
    """It is the account's address, and confirmed already."""
    EMAIL_CHANGED_LATELY = "email_changed_lately"
    """The change before can still be stopped."""


AskOutcome = Done | Denied[SessionRefusal | EmailChangeRefusal | ThrottleRefusal] | StepUpRequired


class EmailChange:
    """Takes the wish of a signed-in person."""

    def __init__(self, transactions: ReadTransactions, gate: Gate, system: System) -> None:
        self._transactions = transactions
        self._gate = gate
        self._system = system

    def stoppable(self, caller: Caller) -> ReservedAddress | None:
        """The address before, while it can stop the change; until then there is no other change."""
        with self._transactions.reading() as tx:
            return reserved_address_store.of_account(tx, caller.account.id, self._system.now())

    def ask(self, caller: Caller, email: str) -> AskOutcome:
        """Have a link mailed to this normalised address. Links that were asked for before end.

        The same answer, rows and statements where another account has it, or had it lately: then the mail is not sent (ASVS 6.3.8).
        """
        charge = self._gate.charge(caller, Action.CHANGE_EMAIL, lambda admitted: _admit(admitted, email))
        if isinstance(charge, Denied | StepUpRequired):
            return charge

        def operation(entry: Entry) -> Unchanged[Done]:
            _queue_confirmation_mail(entry, entry.account.email if is_address_of(entry.account, email) else email)
            return Unchanged(Done())

        return self._gate.run(caller, Action.CHANGE_EMAIL, operation)


def is_address_of(account: Account, email: str) -> bool:
    """Whether an account has this address, in whatever spelling."""
    return email_key(account.email) == email_key(email)


def _queue_confirmation_mail(entry: Entry, email: str) -> None:
    """Let the mail wait, in the place of one that waits already."""
    link_store.void(entry.tx, Link(LinkKind.EMAIL, account_id=entry.account.id), entry.now)
    about = f"{EMAIL_MAIL}:{entry.account.id}"
    outbox.withdraw(entry.tx, about, entry.now)
    parameters = {"email": email, "security_version": entry.account.security_version}
    outbox.add(entry.tx, entry.system.new_id(), NewMail(EMAIL_MAIL, Priority.NORMAL, entry.account.id, parameters, entry.now, about))


def _admit(admitted: Admitted, email: str) -> Bucket | Denied[EmailChangeRefusal]:
    account = admitted.account
    if is_address_of(account, email):
        is_confirmed = account.email_confirmed_at is not None
        return Denied(EmailChangeRefusal.EMAIL_IS_CONFIRMED) if is_confirmed else throttle.email_links(account.id)
    before = reserved_address_store.of_account(admitted.tx, account.id, admitted.now)
    if before is not None:
        return Denied(EmailChangeRefusal.EMAIL_CHANGED_LATELY, retry_at=before.reserved_until)
    return throttle.email_links(account.id)
