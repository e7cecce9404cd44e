"""A forgotten password: asking for a link by mail, and what whoever sends mail is to send.

Asking tells nothing of accounts: it writes one row for whatever address was typed. The account is looked up, and the token is drawn, when
the mail is sent.
"""

from dataclasses import dataclass
from typing import Final

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.crypto.encryption import KeyedDigests
from xpressbot.foundation.database.transaction import Reading, Transactions, Writing
from xpressbot.foundation.times import HOUR, MINUTE
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import reserved_address_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.links import store as link_store
from xpressbot.identity.links.rules import Link, LinkKind
from xpressbot.identity.outcomes import Denied, Done
from xpressbot.identity.passwords import request_store
from xpressbot.identity.passwords.request_store import PasswordRequest
from xpressbot.identity.passwords.reset import add_link
from xpressbot.identity.sessions.caller import Client
from xpressbot.identity.throttling.charges import ThrottleRefusal, charge_try, password_requests_bucket

MAILS_PER_ADDRESS: Final = 3
"""In MAILS_WINDOW. The bound delays a mail and refuses nobody: a stranger who asks in a person's name cannot keep them from asking."""
MAILS_WINDOW: Final = 1 * HOUR
SENDING_TAKES_AT_MOST: Final = 5 * MINUTE
"""After it, a mail that is neither reported as sent nor put off is made anew: its sender has died."""


@dataclass(frozen=True, slots=True)
class PasswordMail:
    """A mail that is to be sent now. token: of a link that works already, and stands nowhere else."""

    request: PasswordRequest
    account_id: str
    email: str
    token: Token


class Forgotten:
    """Takes requests, and hands their mails to the sender one by one."""

    def __init__(self, transactions: Transactions, system: System, digest: KeyedDigests, *, sends_mail: bool) -> None:
        """sends_mail: whether mails reach people; where they do not, pages say who can help."""
        self._transactions = transactions
        self._system = system
        self._digest = digest
        self.sends_mail: Final = sends_mail

    def ask(self, email: str, client: Client) -> Done | Denied[ThrottleRefusal]:
        """Ask for a link to this normalised address, whether it has an account or not: the same statements and rows (ASVS 6.3.8)."""
        bucket = password_requests_bucket(self._digest, client.address)
        charged = charge_try(self._transactions, self._system.now, lambda _tx: (None, [bucket]), durable=True)
        if isinstance(charged, Denied):
            return charged
        with self._transactions.writing() as tx:
            request_store.add(tx, email, self._system.now())
            tx.commit()
        return Done()

    def next_mail(self) -> PasswordMail | None:
        """The next mail to send, with its link made; None while none is due. Of several senders, one gets it.

        The sender reports `delivered` or `failed`; where it does neither, the mail is made anew after SENDING_TAKES_AT_MOST.
        """
        while True:
            with self._transactions.reading() as tx:
                request = request_store.next_due(tx, self._system.now())
            if request is None:
                return None
            with self._transactions.writing() as tx:
                mail = self._take(tx, request)
                tx.commit()
            if mail is not None:
                return mail

    def delivered(self, mail: PasswordMail) -> None:
        """The mail was accepted: its request is settled."""
        with self._transactions.writing() as tx:
            request_store.remove(tx, mail.request)
            tx.commit()

    def failed(self, mail: PasswordMail, until: int) -> None:
        """The mail was not sent: its link ends, and another is made from `until` on."""
        with self._transactions.writing() as tx:
            account_store.lock(tx, mail.account_id)
            link_store.remove(tx, mail.token.digest)
            request_store.postpone(tx, mail.request, until)
            tx.commit()

    def _take(self, tx: Writing, request: PasswordRequest) -> PasswordMail | None:
        found = account_store.by_email(tx, request.email_key)
        account = account_store.lock(tx, found.id) if found else None
        now = self._system.now()
        taken = request_store.postpone(tx, request, now + SENDING_TAKES_AT_MOST)
        if taken is None:
            return None
        if account is None or not _gets_mail(tx, account, now):
            request_store.remove(tx, taken)
            return None
        made = link_store.made_since(tx, Link(LinkKind.PASSWORD, account_id=account.id), now - MAILS_WINDOW)
        if len(made) >= MAILS_PER_ADDRESS:
            request_store.postpone(tx, taken, sorted(made)[-MAILS_PER_ADDRESS] + MAILS_WINDOW)
            return None
        return PasswordMail(taken, account.id, account.email, add_link(tx, self._system, account, now))


def _gets_mail(tx: Reading, account: Account, now: int) -> bool:
    """Whether a link for a new password may be mailed to an account's address. This is the one place that decides it.

    Only to one that a mailed token has confirmed (ASVS 6.3.7), and not while the change to it can be stopped: else whoever has changed
    it would take the account with its next mail.
    """
    is_settled = reserved_address_store.of_account(tx, account.id, now) is None
    return account.status is AccountStatus.ACTIVE and account.email_confirmed_at is not None and is_settled
