"""Mails with links about addresses. Their tokens are drawn here, when they are sent, and stand nowhere else."""

from dataclasses import dataclass

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions, Writing
from xpressbot.foundation.mail import outbox
from xpressbot.foundation.mail.outbox import ClaimedMail
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import reserved_address_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.links import rules as link
from xpressbot.identity.links import store as link_store
from xpressbot.identity.links.rules import Link, LinkKind
from xpressbot.identity.profile.email_change import is_address_of


@dataclass(frozen=True, slots=True)
class EmailLinkMail:
    """A mail that is to be sent now: to which address, in which language, and the token of a link that works already.

    changes: whether the link makes the address the account's; of a stop link, always.
    """

    email: str
    language: str | None
    token: Token
    changes: bool = True


class EmailMails:
    """What the sender asks for."""

    def __init__(self, transactions: Transactions, system: System) -> None:
        self._transactions = transactions
        self._system = system

    def confirmation(self, mail: ClaimedMail) -> EmailLinkMail | None:
        """The mail to an address that is to be confirmed; None where nothing is to be sent any more.

        So it is where another account has the address, the account has changed since, or another address was asked for.
        """
        with self._transactions.writing() as tx:
            account = self._account(tx, mail)
            if account is None or account.security_version != mail.parameters["security_version"]:
                return None
            now, email = self._system.now(), str(mail.parameters["email"])
            changes = not is_address_of(account, email)
            if changes and account_store.is_email_taken(tx, email, now):
                return None
            token = self._system.new_token()
            new_link = Link(LinkKind.EMAIL, account.id, email, account.security_version)
            link_store.keep_newest(tx, new_link, link.MOST_EMAIL_LINKS - 1, now)
            link_store.add(tx, new_link, token.digest, now, now + link.LIFETIME[LinkKind.EMAIL])
            tx.commit()
        return EmailLinkMail(email, account.language, token, changes)

    def stop(self, mail: ClaimedMail) -> EmailLinkMail | None:
        """The mail to the address before a change; None where the change can be stopped no more, or was."""
        with self._transactions.writing() as tx:
            account = self._account(tx, mail)
            now = self._system.now()
            before = None if account is None else reserved_address_store.of_account(tx, account.id, now)
            if account is None or before is None or before.email != mail.parameters["email"]:
                return None
            token = self._system.new_token()
            link_store.add(tx, Link(LinkKind.EMAIL_STOP, account.id, before.email), token.digest, now, before.reserved_until)
            tx.commit()
        return EmailLinkMail(before.email, account.language, token)

    def _account(self, tx: Writing, mail: ClaimedMail) -> Account | None:
        """The locked account, while the mail is to be sent: asking for another takes it back under the same lock."""
        account = None if mail.account_id is None else account_store.lock(tx, mail.account_id)
        is_wanted = account is not None and account.status is not AccountStatus.CLOSED and outbox.is_claimed(tx, mail)
        return account if is_wanted else None
