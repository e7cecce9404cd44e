"""Mails with links about addresses. Their tokens are drawn here, when they are sent, and stand nowhere else."""

from dataclasses import dataclass

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Reading, Transactions, Writing
from xpressbot.foundation.mail import claims
from xpressbot.foundation.mail.claims import ClaimedMail
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import reserved_address_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.reserved_address_store import ReservedAddress
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.links import rules as link
from xpressbot.identity.links import store as link_store
from xpressbot.identity.links.rules import Link, LinkKind
from xpressbot.identity.profile.email_change import is_address_of


@dataclass(frozen=True, slots=True)
class EmailLinkMail:
    """A mail that is to be sent now: to which address, in which language, and the token of its link, which opens nothing yet.

    changes: whether the link makes the address the account's; of a stop link, always.
    """

    claimed: ClaimedMail
    account_id: str
    email: str
    language: str | None
    token: Token
    changes: bool = True


class EmailMails:
    """What the sender asks for. It stores a link before its mail leaves, and removes the link of a mail that did not leave."""

    def __init__(self, transactions: Transactions, system: System) -> None:
        self._transactions = transactions
        self._system = system

    def confirmation(self, mail: ClaimedMail) -> EmailLinkMail | None:
        """The mail to an address that is to be confirmed; None where nothing is to be sent any more.

        So it is where another account has the address, the account has changed since, or another address was asked for.
        """
        with self._transactions.reading() as tx:
            account = None if mail.account_id is None else account_store.by_id(tx, mail.account_id)
            if account is None or not _is_to_be_confirmed(tx, account, mail, self._system.now()):
                return None
        email = str(mail.parameters["email"])
        changes = not is_address_of(account, email)
        return EmailLinkMail(mail, account.id, email, account.language_of_mails, self._system.new_token(), changes)

    def store_confirmation(self, tx: Writing, told: EmailLinkMail, now: int) -> bool:
        """Open the link of a mail that is about to leave; False where nothing is to be sent any more. The caller commits."""
        account = account_store.lock(tx, told.account_id)
        if account is None or not _is_to_be_confirmed(tx, account, told.claimed, now):
            return False
        new_link = Link(LinkKind.EMAIL, account.id, told.email, account.security_version)
        link_store.keep_newest(tx, new_link, link.MOST_EMAIL_LINKS - 1, now)
        link_store.add(tx, new_link, told.token.digest, now, now + link.LIFETIME[LinkKind.EMAIL])
        return True

    def stop(self, mail: ClaimedMail) -> EmailLinkMail | None:
        """The mail to the address before a change; None where the change can be stopped no more, or was."""
        with self._transactions.reading() as tx:
            account = None if mail.account_id is None else account_store.by_id(tx, mail.account_id)
            before = None if account is None else _stoppable(tx, account, mail, self._system.now())
        if account is None or before is None:
            return None
        return EmailLinkMail(mail, account.id, before.email, account.language_of_mails, self._system.new_token())

    def store_stop(self, tx: Writing, told: EmailLinkMail, now: int) -> bool:
        """Open the link of a mail that is about to leave; False where the change can be stopped no more. The caller commits."""
        account = account_store.lock(tx, told.account_id)
        before = None if account is None else _stoppable(tx, account, told.claimed, now)
        if account is None or before is None:
            return False
        new_link = Link(LinkKind.EMAIL_STOP, account.id, before.email)
        link_store.add(tx, new_link, told.token.digest, now, before.reserved_until)
        return True

    def remove_link(self, tx: Writing, told: EmailLinkMail) -> None:
        """The mail did not leave, so that nobody has its link. The caller commits."""
        account_store.lock(tx, told.account_id)
        link_store.remove(tx, told.token.digest)


def _is_to_be_confirmed(tx: Reading, account: Account, mail: ClaimedMail, now: int) -> bool:
    if not _is_wanted(tx, account, mail) or account.security_version != mail.parameters["security_version"]:
        return False
    email = str(mail.parameters["email"])
    return is_address_of(account, email) or not account_store.is_email_taken(tx, email, now)


def _stoppable(tx: Reading, account: Account, mail: ClaimedMail, now: int) -> ReservedAddress | None:
    """The address before a change that can still be stopped, where it is the one that the mail goes to."""
    before = reserved_address_store.of_account(tx, account.id, now) if _is_wanted(tx, account, mail) else None
    return before if before is not None and before.email == mail.parameters["email"] else None


def _is_wanted(tx: Reading, account: Account, mail: ClaimedMail) -> bool:
    """Whether a mail is still to be sent: asking for another takes it back under the account's lock."""
    return account.status is not AccountStatus.CLOSED and claims.is_claimed(tx, mail)
