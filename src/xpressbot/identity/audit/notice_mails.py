"""Notices by mail: which wait for the sender, and what one tells when it is sent."""

from dataclasses import dataclass
from typing import Final

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions, Writing
from xpressbot.foundation.entropy import Entropy
from xpressbot.foundation.identifiers import ENTROPY_BYTES, identifier
from xpressbot.foundation.mail import outbox
from xpressbot.foundation.mail.outbox import ClaimedMail, NewMail
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.audit import notice_store
from xpressbot.identity.audit.rules.notice import MAILED_AGAIN_AFTER, Notice, Told, mailed_again_at

NOTICE_MAIL: Final = "notice"
"""The kind of mail; its parameter `first_seq` names the notice, whose key it is beside the account."""


def let_wait(tx: Writing, entropy: Entropy, told: Told, now: int) -> None:
    """Let the mail of a notice wait, in the transaction of its event. One that waits already tells this event, too."""
    if not told.is_mailed:
        return
    about = f"{NOTICE_MAIL}:{told.account_id}:{told.first_seq}"
    due_at = mailed_again_at(outbox.last_about(tx, about), now) if told.is_merged else now
    mail_id = identifier(now, entropy.token_bytes(ENTROPY_BYTES))
    outbox.add(tx, mail_id, NewMail(NOTICE_MAIL, told.account_id, {"first_seq": told.first_seq}, due_at, about))


@dataclass(frozen=True, slots=True)
class NoticeToMail:
    """A notice, and the account whose person is told."""

    account: Account
    notice: Notice

    @property
    def has_link(self) -> bool:
        """Whether the mail has a link "This wasn't me".

        None where only the operator can have done it, where it was done by such a link, and where the account is closed: nothing is left to
        be taken away.
        """
        rule = None if self.notice.kind is None else self.notice.kind.notice
        return (rule is None or rule.may_be_reported) and self.account.status is not AccountStatus.CLOSED


class NoticeMails:
    """What the sender asks for, and what it reports."""

    def __init__(self, transactions: Transactions, system: System) -> None:
        self._transactions = transactions
        self._system = system

    def find(self, mail: ClaimedMail) -> NoticeToMail | None:
        """What a mail tells; None where account or notice are gone."""
        if mail.account_id is None:
            return None
        with self._transactions.reading() as tx:
            account = account_store.by_id(tx, mail.account_id)
            notice = notice_store.one(tx, mail.account_id, mail.parameters["first_seq"])
        return None if account is None or notice is None else NoticeToMail(account, notice)

    def taken(self, tx: Writing, told: NoticeToMail, now: int) -> int | None:
        """A mail was taken: note it. Returns when the notice is to be mailed again, where events came since the mail was made."""
        last_seq = notice_store.note_mailed(tx, told.account.id, told.notice.first.seq, now)
        return now + MAILED_AGAIN_AFTER if last_seq is not None and last_seq != told.notice.last.seq else None
