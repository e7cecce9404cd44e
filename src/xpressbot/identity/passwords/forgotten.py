"""A forgotten password: asking for a link by mail, and what the sender of mails is to send.

Asking tells nothing of accounts: it writes one row into the outbox for whatever address was typed. The account is looked up, and the token
is drawn, when the mail is sent.
"""

from dataclasses import dataclass
from typing import Final

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.crypto.encryption import KeyedDigests
from xpressbot.foundation.database.transaction import Reading, Transactions, Writing
from xpressbot.foundation.mail import outbox
from xpressbot.foundation.mail.claims import ClaimedMail
from xpressbot.foundation.mail.outbox import NewMail, Priority
from xpressbot.foundation.mail.prepared import NotBefore
from xpressbot.foundation.times import HOUR
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import reserved_address_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.address import email_key
from xpressbot.identity.links import store as link_store
from xpressbot.identity.outcomes import Denied, Done
from xpressbot.identity.passwords.reset import add_link
from xpressbot.identity.sessions.caller import Client
from xpressbot.identity.throttling.charges import ThrottleRefusal, charge_try, password_requests_bucket

PASSWORD_MAIL: Final = "password"
"""The kind of mail; its parameter `email_key` names the address that was typed, and `asked_at` says when it was last."""
MAILS_PER_ADDRESS: Final = 3
"""In MAILS_WINDOW. The bound delays a mail and refuses nobody: a stranger who asks in a person's name cannot keep them from asking."""
MAILS_WINDOW: Final = 1 * HOUR


def queue_password_mail(tx: Writing, system: System, email: str, now: int) -> None:
    """Let the mail to a normalised address wait, whether it has an account or not: the same statement, and a row written either way."""
    key = email_key(email)
    outbox.put(tx, system.new_id(), NewMail(PASSWORD_MAIL, Priority.LOW, None, {"email_key": key, "asked_at": now}, now, _about(key)))


@dataclass(frozen=True, slots=True)
class PasswordMail:
    """A mail that is to be sent now. token: of a link that opens nothing before it is stored."""

    account: Account
    token: Token


class Forgotten:
    """Takes requests, and tells the sender what to send."""

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
            queue_password_mail(tx, self._system, email, self._system.now())
            tx.commit()
        return Done()

    def find(self, mail: ClaimedMail) -> PasswordMail | NotBefore | None:
        """Whom a mail goes to, and with which token. None where the address gets none, NotBefore where it has had enough for now."""
        key: str = mail.parameters["email_key"]
        with self._transactions.reading() as tx:
            account = account_store.by_email(tx, key)
            now = self._system.now()
            sent = outbox.sent_about(tx, _about(key), now, MAILS_PER_ADDRESS)
            is_mailed = account is not None and gets_link(tx, account, now)
        if account is None or not is_mailed:
            return None
        if len(sent) == MAILS_PER_ADDRESS and sent[-1] + MAILS_WINDOW > now:
            return NotBefore(sent[-1] + MAILS_WINDOW)
        return PasswordMail(account, self._system.new_token())

    def store_link(self, tx: Writing, mail: PasswordMail, now: int) -> bool:
        """Open the link of a mail that is about to leave; False where its address gets none any more. The caller commits."""
        account = account_store.lock(tx, mail.account.id)
        if account is None or not gets_link(tx, account, now) or account.email != mail.account.email:
            return False
        add_link(tx, account, mail.token, now)
        return True

    def remove_link(self, tx: Writing, mail: PasswordMail) -> None:
        """The mail did not leave, so that nobody has its link. The caller commits."""
        account_store.lock(tx, mail.account.id)
        link_store.remove(tx, mail.token.digest)


def _about(key: str) -> str:
    return f"{PASSWORD_MAIL}:{key}"


def gets_link(tx: Reading, account: Account, now: int) -> bool:
    """Whether a link for a new password may be mailed to an account's address. This is the one place that decides it.

    Only to one that a mailed token has confirmed (ASVS 6.3.7), and not while the change to it can be stopped: else whoever has changed
    it would take the account with its next mail.
    """
    is_settled = reserved_address_store.of_account(tx, account.id, now) is None
    return account.status is AccountStatus.ACTIVE and account.email_confirmed_at is not None and is_settled
