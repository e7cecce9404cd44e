"""The link "This wasn't me" of a mailed notice: it takes power away, from whoever has it, and never signs anybody in."""

from collections.abc import Callable
from dataclasses import dataclass

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Reading, Transactions, Writing
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus, PasswordStatus, status_after_report
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.links import rules as link
from xpressbot.identity.links import store as link_store
from xpressbot.identity.links.charges import LinkRefusal
from xpressbot.identity.links.rules import Link, LinkKind
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.passwords.forgotten import gets_link, queue_password_mail
from xpressbot.identity.sessions import known_browser_store
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Client
from xpressbot.identity.sessions.security_version import raise_security_version


@dataclass(frozen=True, slots=True)
class Report:
    """What a report does, or has done, to the password of an account.

    is_protected: whether signing in takes a code, which stays so.
    gets_link: whether a link for a new password may be mailed to its address; else the operator makes one.
    sessions_ended: how many browsers it signs out.
    """

    account: Account
    password_status: PasswordStatus
    is_protected: bool
    gets_link: bool
    sessions_ended: int


class ThisWasntMe:
    """Opens the links, and does what their button says."""

    def __init__(self, transactions: Transactions, system: System, newest_factor: Callable[[Reading, str], int | None]) -> None:
        """newest_factor: since when the newest second factor of an account is in force; None where signing in needs none."""
        self._transactions = transactions
        self._system = system
        self._newest_factor = newest_factor

    def new_token(self) -> Token:
        """The token for a link in a mail that tells an account of something. It opens nothing before the link is stored."""
        return self._system.new_token()

    def store_link(self, tx: Writing, account_id: str, token: Token, now: int) -> bool:
        """Open the link of a mail that is about to leave; False where the account is closed. The caller commits.

        The link works on every later version of the account.
        """
        account = account_store.lock(tx, account_id)
        if account is None or account.status is AccountStatus.CLOSED:
            return False
        link_store.add(tx, Link(LinkKind.NOT_ME, account_id=account_id), token.digest, now, now + link.LIFETIME[LinkKind.NOT_ME])
        return True

    def remove_link(self, tx: Writing, account_id: str, token: Token) -> None:
        """The mail did not leave, so that nobody has its link. The caller commits."""
        account_store.lock(tx, account_id)
        link_store.remove(tx, token.digest)

    def preview(self, token: Token | None) -> Report | None:
        """What this link would do; None when it is not open. Looking uses nothing up."""
        if token is None:
            return None
        with self._transactions.reading() as tx:
            now = self._system.now()
            found = link_store.find_open(tx, LinkKind.NOT_ME, token.digest, now)
            account = None if found is None or found.account_id is None else account_store.by_id(tx, found.account_id)
            return None if account is None else self._report(tx, account, now)

    def report(self, token: Token | None, client: Client) -> Report | Denied[LinkRefusal]:
        """Sign out every browser, and see to it that who knows the password gets no further. The account's other links are used up.

        With 2FA on, the next person who proves a second factor has to set a new password. With 2FA off, or with a factor that is newer than
        such links are good, the password opens nothing. Else a thief who knows it, and may have bound the factor, would set the next.
        """
        asked = self.preview(token)
        if token is None or asked is None:
            return Denied(LinkRefusal.LINK_GONE)
        with self._transactions.writing() as tx:
            account = account_store.lock(tx, asked.account.id)
            now = self._system.now()
            if account is None or not link_store.consume(tx, LinkKind.NOT_ME, token.digest, now):
                return Denied(LinkRefusal.LINK_GONE)
            link_store.void(tx, Link(LinkKind.NOT_ME, account_id=account.id), now)
            done = self._report(tx, account, now)
            account_store.set_password_status(tx, account.id, done.password_status)
            known_browser_store.forget_all(tx, account.id)
            raise_security_version(tx, account.id, keep_session=None)
            if done.password_status is PasswordStatus.VOID and done.gets_link:
                queue_password_mail(tx, self._system, account.email, now)
            event = client.event(EventKind.THIS_WASNT_ME, password=done.password_status.value, sessions_ended=done.sessions_ended)
            append_event(tx, self._system.entropy, account.id, event, now)
            tx.commit()
        return done

    def _report(self, tx: Reading, account: Account, now: int) -> Report:
        newest = self._newest_factor(tx, account.id)
        # A mail about the new factor may be what is answered here: then its holder must not be who sets the next password.
        is_settled = newest is not None and newest + link.LIFETIME[LinkKind.NOT_ME] <= now
        status = status_after_report(account.password_status, needs_second_factor=account.must_enrol or is_settled)
        ended = session_store.count_open(tx, account.id, now)
        return Report(account, status, newest is not None, gets_link(tx, account, now), ended)
