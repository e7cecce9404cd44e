"""The test mail that an owner sends to their own address from the dashboard, to see whether mail works."""

from typing import Final

from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.mail import outbox
from xpressbot.foundation.mail.claims import ClaimedMail
from xpressbot.foundation.mail.outbox import MailStatus, NewMail, Priority
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.outcomes import Denied, Done, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.operation import Entry, Unchanged

TEST_MAIL: Final = "test"
"""The kind of mail."""


class OwnerTestMail:
    """Lets a test mail wait for the sender, as any other mail does, so that a mail server that hangs keeps no page waiting."""

    def __init__(self, transactions: Transactions, gate: Gate) -> None:
        self._transactions = transactions
        self._gate = gate

    def ask(self, caller: Caller) -> Done | Denied[SessionRefusal] | StepUpRequired:
        """Let one mail to the owner's own address wait. One that has failed already is tried now. No change of security: no event."""

        def operation(entry: Entry) -> Unchanged[Done]:
            about = _about(entry.account.id)
            mail = NewMail(TEST_MAIL, Priority.NORMAL, entry.account.id, {}, entry.now, about)
            if not outbox.add(entry.tx, entry.system.new_id(), mail):
                outbox.hasten(entry.tx, about, entry.now)
            return Unchanged(Done())

        return self._gate.run(caller, Action.SEND_TEST_MAIL, operation)

    def status(self, caller: Caller) -> MailStatus | None:
        """What has become of the caller's last one; None where there was none lately."""
        with self._transactions.reading() as tx:
            return outbox.latest_about(tx, _about(caller.account.id))

    def find(self, mail: ClaimedMail) -> Account | None:
        """Whom a test mail goes to; None where the account is used no more."""
        with self._transactions.reading() as tx:
            account = None if mail.account_id is None else account_store.by_id(tx, mail.account_id)
        return account if account is not None and account.status is AccountStatus.ACTIVE else None


def _about(account_id: str) -> str:
    return f"{TEST_MAIL}:{account_id}"
