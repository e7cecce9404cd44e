"""Making accounts without an invitation: the owner's by the welcome link, any by the operator's command line."""

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import installation as installation_store
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.audit.rules.event import OPERATOR, EventKind, NewEvent
from xpressbot.identity.links import rules as link
from xpressbot.identity.links import store as link_store
from xpressbot.identity.links.charges import LinkRefusal, LinkThrottleRefusal, charge_link
from xpressbot.identity.links.rules import Link, LinkKind
from xpressbot.identity.outcomes import Denied, EnrolmentRequired, SignedIn
from xpressbot.identity.passwords.rules import WeakPassword
from xpressbot.identity.registration.new_accounts import NewAccount, NewAccounts, RegistrationRefusal
from xpressbot.identity.sessions.caller import Client


class Registration:
    """Makes accounts. The first one made, by whichever way, is the owner's."""

    def __init__(self, transactions: Transactions, system: System, new_accounts: NewAccounts) -> None:
        self._transactions = transactions
        self._system = system
        self._new_accounts = new_accounts

    def has_owner(self) -> bool:
        """Whether the installation is claimed."""
        with self._transactions.reading() as tx:
            return installation_store.is_claimed(tx)

    def issue_welcome_link(self) -> Token | None:
        """A token for the owner's account, good for an hour and one use; None when there is an owner (ASVS 6.3.2)."""
        token = self._system.new_token()
        with self._transactions.writing() as tx:
            if installation_store.is_claimed(tx):
                return None
            now = self._system.now()
            link_store.add(tx, Link(LinkKind.WELCOME), token.digest, now, now + link.LIFETIME[LinkKind.WELCOME])
            tx.commit()
        return token

    def welcome_is_open(self, token: Token | None) -> bool:
        """Whether this token may still claim the installation."""
        if token is None:
            return False
        with self._transactions.reading() as tx:
            found = link_store.find_open(tx, LinkKind.WELCOME, token.digest, self._system.now())
            return found is not None and not installation_store.is_claimed(tx)

    def claim(
        self, token: Token | None, new: NewAccount, client: Client
    ) -> SignedIn | EnrolmentRequired | WeakPassword | Denied[LinkRefusal | LinkThrottleRefusal]:
        """Make the owner's account and sign it in. Of two at once, one is the owner and the other made nothing."""
        if token is None or not self.welcome_is_open(token):
            return Denied(LinkRefusal.LINK_GONE)
        if throttled := charge_link(self._transactions, self._system.now, token):
            return throttled
        prepared = self._new_accounts.prepare(new, mail_language=client.language)
        if isinstance(prepared, WeakPassword):
            return prepared
        with self._transactions.writing() as tx:
            installation_store.lock(tx)
            now = self._system.now()
            account = self._new_accounts.add(tx, prepared, now)
            if account is None or account.role is not Role.OWNER:
                return Denied(LinkRefusal.LINK_GONE)
            locked = self._new_accounts.lock(tx, account, client)
            if locked is None or not link_store.consume(tx, LinkKind.WELCOME, token.digest, now):
                return Denied(LinkRefusal.LINK_GONE)
            self._new_accounts.begin(tx, account, client.event(EventKind.ACCOUNT_CREATED), now)
            signed_in = self._new_accounts.sign_in(tx, locked)
            tx.commit()
            return signed_in

    def create(self, new: NewAccount, role: Role = Role.AGENT) -> Account | WeakPassword | Denied[RegistrationRefusal]:
        """Make an account for the operator; the first is the owner's, whatever role is asked for."""
        prepared = self._new_accounts.prepare(new, role=role)
        if isinstance(prepared, WeakPassword):
            return prepared
        with self._transactions.writing() as tx:
            installation_store.lock(tx)
            now = self._system.now()
            account = self._new_accounts.add(tx, prepared, now)
            if account is None:
                return Denied(RegistrationRefusal.EMAIL_TAKEN)
            self._new_accounts.begin(tx, account, NewEvent(EventKind.ACCOUNT_CREATED, {}, actor=OPERATOR), now)
            tx.commit()
            return account
