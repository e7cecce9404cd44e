"""The link that confirms an address. With a session of its account it makes it the account's; without one it does nothing."""

from dataclasses import dataclass
from typing import Final

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Reading, Transactions
from xpressbot.foundation.mail import outbox
from xpressbot.foundation.mail.outbox import NewMail, Priority
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import reserved_address_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.links import store as link_store
from xpressbot.identity.links.charges import LinkRefusal
from xpressbot.identity.links.rules import Link, LinkKind
from xpressbot.identity.outcomes import Denied, Reason, SessionRenewed, StepUpRequired
from xpressbot.identity.profile.email_change import EmailChangeRefusal, is_address_of
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.operation import Changed, Entry, Unchanged

EMAIL_CHANGED_MAIL: Final = "email-changed"
"""The kind of mail that tells the address before of the change; its parameter is that address."""


class EmailLinkRefusal(Reason):
    """Why an open link confirms nothing."""

    LINK_OF_ANOTHER_ACCOUNT = "link_of_another_account"
    EMAIL_OF_ANOTHER = "email_of_another"
    """Another account has the address by now, or had it until lately."""


@dataclass(frozen=True, slots=True)
class EmailLink:
    """What an open link would do for its account. other_sessions: how many browsers a change signs out."""

    email: str
    changes: bool
    other_sessions: int


@dataclass(frozen=True, slots=True)
class EmailConfirmed:
    """The account's address is confirmed, and nothing else has changed."""

    email: str


@dataclass(frozen=True, slots=True)
class EmailChanged:
    """This is the account's address now. Other sessions, pending sign-ins and links that give power have ended."""

    email: str
    renewed: SessionRenewed
    sessions_ended: int


ConfirmRefusal = SessionRefusal | LinkRefusal | EmailLinkRefusal | EmailChangeRefusal
ConfirmOutcome = EmailConfirmed | EmailChanged | Denied[ConfirmRefusal] | StepUpRequired


class EmailConfirmation:
    """Does what the button behind the link says."""

    def __init__(self, transactions: Transactions, gate: Gate, system: System) -> None:
        self._transactions = transactions
        self._gate = gate
        self._system = system

    def is_open(self, token: Token | None) -> bool:
        """Whether a link would do anything, for whichever account."""
        with self._transactions.reading() as tx:
            return self._find(tx, token) is not None

    def preview(self, caller: Caller, token: Token | None) -> EmailLink | Denied[LinkRefusal | EmailLinkRefusal]:
        """What this link would do. Looking uses nothing up."""
        with self._transactions.reading() as tx:
            link = self._find(tx, token)
            if link is None or link.email is None:
                return Denied(LinkRefusal.LINK_GONE)
            if link.account_id != caller.account.id:
                return Denied(EmailLinkRefusal.LINK_OF_ANOTHER_ACCOUNT)
            others = session_store.count_others(tx, caller.account.id, caller.session.id, self._system.now())
            return EmailLink(link.email, not is_address_of(caller.account, link.email), others)

    def confirm(self, caller: Caller, token: Token | None) -> ConfirmOutcome:
        """Confirm the address, and make it the account's where it is not yet.

        Of two accounts that want one address, the first has it. The address before is told, and can stop the change for 72 hours.
        """

        def operation(
            entry: Entry,
        ) -> Changed[EmailConfirmed | EmailChanged] | Unchanged[Denied[LinkRefusal | EmailLinkRefusal | EmailChangeRefusal]]:
            link = self._find(entry.tx, token)
            if link is not None and link.account_id != entry.account.id:
                return Unchanged(Denied(EmailLinkRefusal.LINK_OF_ANOTHER_ACCOUNT))
            if (
                token is None
                or link is None
                or link.email is None
                or not link_store.consume(entry.tx, LinkKind.EMAIL, token.digest, entry.now)
            ):
                return Unchanged(Denied(LinkRefusal.LINK_GONE))
            link_store.void(entry.tx, Link(LinkKind.EMAIL, account_id=entry.account.id), entry.now)
            if not is_address_of(entry.account, link.email):
                return _change(entry, caller, link.email)
            account_store.confirm_email(entry.tx, entry.account.id, entry.now)
            return Changed(EmailConfirmed(entry.account.email), caller.event(EventKind.EMAIL_CONFIRMED, email=entry.account.email))

        return self._gate.run(caller, Action.CONFIRM_EMAIL, operation)

    def _find(self, tx: Reading, token: Token | None) -> Link | None:
        return None if token is None else link_store.find_open(tx, LinkKind.EMAIL, token.digest, self._system.now())


def _change(
    entry: Entry, caller: Caller, email: str
) -> Changed[EmailConfirmed | EmailChanged] | Unchanged[Denied[LinkRefusal | EmailLinkRefusal | EmailChangeRefusal]]:
    tx, account, now = entry.tx, entry.account, entry.now
    before = reserved_address_store.of_account(tx, account.id, now)
    if before is not None:
        return Unchanged(Denied(EmailChangeRefusal.EMAIL_CHANGED_LATELY, retry_at=before.reserved_until))
    if account_store.is_email_taken(tx, email, now, but_by=account.id) or not account_store.set_email(tx, account.id, email, now):
        return Unchanged(Denied(EmailLinkRefusal.EMAIL_OF_ANOTHER))
    reserved_address_store.reserve(tx, account, now)
    link_store.void(tx, Link(LinkKind.INVITE, email=email), now)
    ended = session_store.count_others(tx, account.id, entry.session.id, now)
    renewed = entry.change_security(entry.session)
    _tell_address_before(entry, account)
    event = caller.event(EventKind.EMAIL_CHANGED, sessions_ended=ended, email=email, email_before=account.email)
    return Changed(EmailChanged(email, renewed, ended), event)


def _tell_address_before(entry: Entry, account: Account) -> None:
    mail = NewMail(EMAIL_CHANGED_MAIL, Priority.URGENT, account.id, {"email": account.email}, entry.now)
    outbox.add(entry.tx, entry.system.new_id(), mail)
