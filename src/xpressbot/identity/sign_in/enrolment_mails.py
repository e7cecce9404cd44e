"""The mailed link with which a person sets up 2FA of whom the team requires it. Its token is drawn when the mail is sent.

A thief who knows nothing but the password of a member without 2FA could otherwise set it up in their place.
"""

from dataclasses import dataclass
from typing import Final

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Reading, Transactions, Writing
from xpressbot.foundation.mail import outbox
from xpressbot.foundation.mail.claims import ClaimedMail
from xpressbot.foundation.mail.outbox import NewMail, Priority
from xpressbot.foundation.mail.prepared import NotBefore
from xpressbot.foundation.times import HOUR
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import installation as installation_store
from xpressbot.identity.accounts import reserved_address_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.two_factor_policy import owes_enrolment
from xpressbot.identity.links import rules as link
from xpressbot.identity.links import store as link_store
from xpressbot.identity.links.rules import Link, LinkKind

ENROLMENT_MAIL: Final = "enrolment"
"""The kind of mail; it has no parameters."""
MAILS_PER_ACCOUNT: Final = 3
"""In MAILS_WINDOW. Knowing a password must not be enough to fill its person's mailbox; the last links stay open as long."""
MAILS_WINDOW: Final = 1 * HOUR


def let_wait(tx: Writing, system: System, account: Account, now: int) -> None:
    """Let the mail wait, unless one waits already."""
    outbox.add(tx, system.new_id(), NewMail(ENROLMENT_MAIL, Priority.NORMAL, account.id, {}, now, _about(account.id)))


@dataclass(frozen=True, slots=True)
class EnrolmentMail:
    """A mail that is to be sent now: to which address, and the token of its link, which opens nothing before it is stored."""

    account: Account
    email: str
    token: Token

    @property
    def language(self) -> str | None:
        """The tag of the language that the person has chosen."""
        return self.account.language_of_mails


class EnrolmentMails:
    """What the sender asks for. It stores a link before its mail leaves, and removes the link of a mail that did not leave."""

    def __init__(self, transactions: Transactions, system: System) -> None:
        self._transactions = transactions
        self._system = system

    def find(self, mail: ClaimedMail) -> EnrolmentMail | NotBefore | None:
        """The mail, or NotBefore where the account has had enough for now; None where 2FA is not owed any more."""
        with self._transactions.reading() as tx:
            now = self._system.now()
            account = None if mail.account_id is None else account_store.by_id(tx, mail.account_id)
            email = None if account is None else _address(tx, account, now)
            if account is None or email is None:
                return None
            sent = outbox.sent_about(tx, _about(account.id), now, MAILS_PER_ACCOUNT)
        if len(sent) == MAILS_PER_ACCOUNT and sent[-1] + MAILS_WINDOW > now:
            return NotBefore(sent[-1] + MAILS_WINDOW)
        return EnrolmentMail(account, email, self._system.new_token())

    def store_link(self, tx: Writing, mail: EnrolmentMail, now: int) -> bool:
        """Open the link of a mail that is about to leave; False where it is not to be sent any more. The caller commits."""
        account = account_store.lock(tx, mail.account.id)
        if account is None or _address(tx, account, now) != mail.email:
            return False
        new_link = Link(LinkKind.ENROLMENT, account.id, mail.email, account.security_version)
        link_store.keep_newest(tx, new_link, MAILS_PER_ACCOUNT - 1, now)
        link_store.add(tx, new_link, mail.token.digest, now, now + link.LIFETIME[LinkKind.ENROLMENT])
        return True

    def remove_link(self, tx: Writing, mail: EnrolmentMail) -> None:
        """The mail did not leave, so that nobody has its link. The caller commits."""
        account_store.lock(tx, mail.account.id)
        link_store.remove(tx, mail.token.digest)


def _address(tx: Reading, account: Account, now: int) -> str | None:
    """Where the link is mailed to; None where no link is.

    To an address that nobody has confirmed as well: without the password the link is worth nothing, and without the link the password
    must not be enough. While a change of address can be stopped, to the one before: whoever changed it must not get the link by that.
    """
    if account.status is not AccountStatus.ACTIVE or not owes_enrolment(account, installation_store.policy(tx), now):
        return None
    before = reserved_address_store.of_account(tx, account.id, now)
    return account.email if before is None else before.email


def _about(account_id: str) -> str:
    return f"{ENROLMENT_MAIL}:{account_id}"
