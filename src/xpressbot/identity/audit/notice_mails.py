"""Notices by mail: which wait for the sender, whom they go to, and what one tells when it is sent."""

from dataclasses import dataclass
from typing import Final

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Reading, Transactions, Writing
from xpressbot.foundation.entropy import Entropy
from xpressbot.foundation.identifiers import ENTROPY_BYTES, identifier
from xpressbot.foundation.mail import outbox
from xpressbot.foundation.mail.claims import ClaimedMail
from xpressbot.foundation.mail.outbox import NewMail, Priority
from xpressbot.foundation.mail.prepared import NotBefore
from xpressbot.identity.accounts import reserved_address_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.audit import notice_store
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.audit.rules.notice import MAILED_AGAIN_AFTER, Notice, Told, mailed_again_at

NOTICE_MAIL: Final = "notice"
"""The kind of mail; its parameter `first_seq` names the notice, whose key it is beside the account. `to` stands in a copy alone."""
_TO_ADDRESS_BEFORE: Final = "address_before"


def queue_notice_mail(tx: Writing, entropy: Entropy, told: Told, now: int) -> None:
    """Let the mail of a notice wait, in the transaction of its event. One that waits already tells this event, too."""
    if not told.is_mailed:
        return
    about = f"{NOTICE_MAIL}:{told.account_id}:{told.first_seq}"
    due_at = mailed_again_at(outbox.last_about(tx, about), now) if told.is_merged else now
    mail_id = identifier(now, entropy.token_bytes(ENTROPY_BYTES))
    outbox.add(tx, mail_id, NewMail(NOTICE_MAIL, Priority.URGENT, told.account_id, {"first_seq": told.first_seq}, due_at, about))


@dataclass(frozen=True, slots=True)
class Recipient:
    """An address that a notice goes to. is_confirmed: whether a mailed token has proven that the account's person reads its mail."""

    email: str
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class NoticeToMail:
    """A notice, the account that it is about, and the address that is told."""

    claimed: ClaimedMail
    account: Account
    recipient: Recipient
    notice: Notice

    @property
    def is_copy(self) -> bool:
        """Whether it goes to the address that the account had before, beside the mail to its own."""
        return _is_copy(self.claimed)

    @property
    def has_link(self) -> bool:
        """Whether the mail has a link "This wasn't me", which only a confirmed address gets: another may be a stranger's."""
        return self._offers_link and self.recipient.is_confirmed

    @property
    def lacks_link(self) -> bool:
        """Whether it has none only because its address is not confirmed."""
        return self._offers_link and not self.recipient.is_confirmed

    @property
    def _offers_link(self) -> bool:
        """Not where others have done it, where it was done by such a link, and where the account is closed.

        Then nothing is left to be taken away.
        """
        return self.notice.may_be_reported and self.account.status is not AccountStatus.CLOSED


class NoticeMails:
    """What the sender asks for, and what it reports."""

    def __init__(self, transactions: Transactions, system: System) -> None:
        self._transactions = transactions
        self._system = system

    def find(self, mail: ClaimedMail) -> NoticeToMail | None:
        """What a mail tells, and to which address; None where account or notice are gone, or the address before is nobody's any more."""
        if mail.account_id is None:
            return None
        with self._transactions.reading() as tx:
            account = account_store.by_id(tx, mail.account_id)
            recipient = None if account is None else _recipient(tx, account, mail, self._system.now())
            notice = notice_store.one(tx, mail.account_id, mail.parameters["first_seq"])
        if account is None or recipient is None or notice is None:
            return None
        return NoticeToMail(mail, account, recipient, notice)

    def store(self, tx: Writing, told: NoticeToMail, now: int) -> bool | NotBefore:
        """Before a mail leaves, let its copy to the address before wait, whatever becomes of the mail. The caller commits.

        While a change of the address can be stopped, the new address may be a thief's, who has an interest in nobody being told. Each
        mail has one copy, however often it is tried. NotBefore where it is to go to another address than a moment ago.
        """
        account = account_store.lock(tx, told.account.id)
        if account is None or _recipient(tx, account, told.claimed, now) != told.recipient:
            return NotBefore(now)
        # Of the change itself the address before has a mail of its own.
        is_copied = not told.is_copy and told.notice.kind is not EventKind.EMAIL_CHANGED
        if is_copied and reserved_address_store.of_account(tx, account.id, now) is not None:
            self._queue_copy(tx, told.claimed, now)
        return True

    def taken(self, tx: Writing, told: NoticeToMail, now: int) -> int | None:
        """A mail was taken: note it. Returns when the notice is to be mailed again, where events came since the mail was made.

        A copy is not noted: the mail that it is of brings the next one.
        """
        if told.is_copy:
            return None
        last_seq = notice_store.note_mailed(tx, told.account.id, told.notice.first.seq, now)
        return now + MAILED_AGAIN_AFTER if last_seq is not None and last_seq != told.notice.last.seq else None

    def _queue_copy(self, tx: Writing, mail: ClaimedMail, now: int) -> None:
        about = f"{NOTICE_MAIL}:copy:{mail.id}"
        if outbox.last_about(tx, about) is None:
            parameters = {**mail.parameters, "to": _TO_ADDRESS_BEFORE}
            outbox.add(tx, self._system.new_id(), NewMail(NOTICE_MAIL, Priority.URGENT, mail.account_id, parameters, now, about))


def _is_copy(mail: ClaimedMail) -> bool:
    return mail.parameters.get("to") == _TO_ADDRESS_BEFORE


def _recipient(tx: Reading, account: Account, mail: ClaimedMail, now: int) -> Recipient | None:
    """The account's address; of a copy the one that it had before, as long as that can stop the change."""
    whose = reserved_address_store.of_account(tx, account.id, now) if _is_copy(mail) else account
    return None if whose is None else Recipient(whose.email, whose.email_confirmed_at is not None)
