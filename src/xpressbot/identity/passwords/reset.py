"""A new password by a link, for a person who has forgotten theirs. It signs nobody in, and leaves 2FA as it is (ASVS 6.4.3)."""

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Reading, Transactions, Writing
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import OPERATOR, EventKind, NewEvent
from xpressbot.identity.links import rules as link
from xpressbot.identity.links import store as link_store
from xpressbot.identity.links.charges import LinkRefusal, LinkThrottleRefusal, charge_link
from xpressbot.identity.links.rules import Link, LinkKind
from xpressbot.identity.outcomes import Denied, Done, Reason
from xpressbot.identity.passwords.replacement import NewPasswords, put_in_place
from xpressbot.identity.passwords.rules import WeakPassword
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Client
from xpressbot.identity.sessions.security_version import raise_security_version


class PasswordLinkRefusal(Reason):
    """Why no link is made."""

    ACCOUNT_DISABLED = "account_disabled"


class PasswordReset:
    """Makes links for a new password, and sets it."""

    def __init__(self, transactions: Transactions, system: System, new_passwords: NewPasswords) -> None:
        self._transactions = transactions
        self._system = system
        self._new_passwords = new_passwords

    def issue(self, email: str) -> Token | Denied[PasswordLinkRefusal] | None:
        """The token of a link for the operator to hand over; None when there is no such account.

        Refused for an account that is disabled: enabling it would end the link.
        """
        with self._transactions.writing() as tx:
            found = account_store.by_email(tx, email)
            account = account_store.lock(tx, found.id) if found else None
            if account is None:
                return None
            if account.status is not AccountStatus.ACTIVE:
                return Denied(PasswordLinkRefusal.ACCOUNT_DISABLED)
            now = self._system.now()
            token = self._system.new_token()
            add_link(tx, account, token, now)
            event = NewEvent(EventKind.PASSWORD_LINK_ISSUED, {}, actor=OPERATOR)
            append_event(tx, self._system.entropy, account.id, event, now)
            tx.commit()
            return token

    def account_of(self, token: Token | None) -> Account | None:
        """The account whose password this link may set; None when it is not open. Looking uses nothing up."""
        if token is None:
            return None
        with self._transactions.reading() as tx:
            return self._account(tx, token)

    def set(self, token: Token | None, password: str, client: Client) -> Done | WeakPassword | Denied[LinkRefusal | LinkThrottleRefusal]:
        """Set a new password. Of two forms at once, one does.

        All sessions, pending sign-ins and links that give power end, and every browser is forgotten.
        """
        account = self.account_of(token)
        if token is None or account is None:
            return Denied(LinkRefusal.LINK_GONE)
        if throttled := charge_link(self._transactions, self._system.now, token):
            return throttled
        hashed = self._new_passwords.hashed(account, password)
        if isinstance(hashed, WeakPassword):
            return hashed
        with self._transactions.writing() as tx:
            unchanged = account_store.lock_unchanged(tx, account.id, account.security_version)
            now = self._system.now()
            if unchanged is None or not link_store.consume(tx, LinkKind.PASSWORD, token.digest, now):
                return Denied(LinkRefusal.LINK_GONE)
            ended = session_store.count_open(tx, account.id, now)
            put_in_place(tx, account.id, hashed, keep_browser=None)
            raise_security_version(tx, account.id, keep_session=None)
            append_event(tx, self._system.entropy, account.id, client.event(EventKind.PASSWORD_RESET, sessions_ended=ended), now)
            tx.commit()
        return Done()

    def _account(self, tx: Reading, token: Token) -> Account | None:
        found = link_store.find_open(tx, LinkKind.PASSWORD, token.digest, self._system.now())
        account = None if found is None or found.account_id is None else account_store.by_id(tx, found.account_id)
        return account if account is not None and account.status is AccountStatus.ACTIVE else None


def add_link(tx: Writing, account: Account, token: Token, now: int) -> None:
    """Open a link for a new password. Of more than MOST_PASSWORD_LINKS that are open, the oldest end. The account must be locked."""
    new_link = Link(LinkKind.PASSWORD, account_id=account.id, security_version=account.security_version)
    link_store.keep_newest(tx, new_link, link.MOST_PASSWORD_LINKS - 1, now)
    link_store.add(tx, new_link, token.digest, now, now + link.LIFETIME[LinkKind.PASSWORD])
