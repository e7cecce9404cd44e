"""The link with which the address before stops a change. It takes power away from whoever made the change, and signs nobody in."""

from dataclasses import dataclass

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Reading, Transactions, Writing
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import installation as installation_store
from xpressbot.identity.accounts import reserved_address_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.reserved_address_store import ReservedAddress
from xpressbot.identity.accounts.rules.account import PasswordStatus
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.links import store as link_store
from xpressbot.identity.links.charges import LinkRefusal
from xpressbot.identity.links.rules import Link, LinkKind
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.passwords.forgotten import queue_password_mail
from xpressbot.identity.sessions import known_browser_store
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Client
from xpressbot.identity.sessions.security_version import raise_security_version


@dataclass(frozen=True, slots=True)
class Stop:
    """What stopping does, or has done. email: the address that is brought back.

    is_confirmed: whether a link for a new password is mailed to it; else the operator makes one. sessions_ended: browsers signed out.
    """

    account_id: str
    email: str
    is_confirmed: bool
    sessions_ended: int


class EmailStop:
    """Does what the button behind the link says."""

    def __init__(self, transactions: Transactions, system: System) -> None:
        self._transactions = transactions
        self._system = system

    def preview(self, token: Token | None) -> Stop | None:
        """What this link would do; None when it is not open. Looking uses nothing up."""
        if token is None:
            return None
        with self._transactions.reading() as tx:
            before = self._find(tx, token)
            return None if before is None else self._stop(tx, before)

    def stop(self, token: Token | None, client: Client) -> Stop | Denied[LinkRefusal]:
        """Bring the address back, sign out every browser, and let the password open nothing until it is set anew by a link.

        Whoever made the change knew the password, or had a session in which it could be replaced. 2FA stays as it is.
        """
        asked = self.preview(token)
        if token is None or asked is None:
            return Denied(LinkRefusal.LINK_GONE)
        with self._transactions.writing() as tx:
            installation_store.lock(tx)
            account = account_store.lock(tx, asked.account_id)
            now = self._system.now()
            before = self._find(tx, token)
            if account is None or before is None or not link_store.consume(tx, LinkKind.EMAIL_STOP, token.digest, now):
                return Denied(LinkRefusal.LINK_GONE)
            done = self._stop(tx, before)
            if not self._bring_back(tx, before, now):
                return Denied(LinkRefusal.LINK_GONE)
            event = client.event(
                EventKind.EMAIL_CHANGE_STOPPED,
                sessions_ended=done.sessions_ended,
                password=PasswordStatus.VOID.value,
                email=before.email,
                email_before=account.email,
            )
            append_event(tx, self._system.entropy, account.id, event, now)
            tx.commit()
        return done

    def _bring_back(self, tx: Writing, before: ReservedAddress, now: int) -> bool:
        if not account_store.set_email(tx, before.account_id, before.email, before.email_confirmed_at):
            return False
        reserved_address_store.remove(tx, before.account_id)
        # "This wasn't me", too: the notice of the change went to the address that is given up here.
        for kind in (LinkKind.EMAIL_STOP, LinkKind.NOT_ME):
            link_store.void(tx, Link(kind, account_id=before.account_id), now)
        account_store.set_password_status(tx, before.account_id, PasswordStatus.VOID)
        known_browser_store.forget_all(tx, before.account_id)
        raise_security_version(tx, before.account_id, keep_session=None)
        if before.email_confirmed_at is not None:
            queue_password_mail(tx, self._system, before.email, now)
        return True

    def _find(self, tx: Reading, token: Token) -> ReservedAddress | None:
        """The address that an open link brings back."""
        now = self._system.now()
        link = link_store.find_open(tx, LinkKind.EMAIL_STOP, token.digest, now)
        before = None if link is None or link.account_id is None else reserved_address_store.of_account(tx, link.account_id, now)
        return before if link is not None and before is not None and link.email == before.email else None

    def _stop(self, tx: Reading, before: ReservedAddress) -> Stop:
        ended = session_store.count_open(tx, before.account_id, self._system.now())
        return Stop(before.account_id, before.email, before.email_confirmed_at is not None, ended)
