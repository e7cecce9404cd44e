"""Making accounts: the owner's by the welcome link, any by an invitation or the operator's command line."""

from dataclasses import dataclass

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions, Writing
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import installation as installation_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.audit.append import append_event, begin_chain
from xpressbot.identity.audit.rules.event import OPERATOR, EventKind, NewEvent
from xpressbot.identity.links import rules as link
from xpressbot.identity.links import store as link_store
from xpressbot.identity.links.charges import LinkRefusal, LinkThrottleRefusal, charge_link
from xpressbot.identity.links.rules import Link, LinkKind, LinkState
from xpressbot.identity.outcomes import Denied, Reason, SignedIn
from xpressbot.identity.passwords.hasher import PasswordHasher
from xpressbot.identity.passwords.rules import PasswordRules, WeakPassword, normalise
from xpressbot.identity.sessions.caller import Client
from xpressbot.identity.sessions.rules.assurance import PASSWORD
from xpressbot.identity.sign_in.session_start import CompletedProof, LockedAccounts, SessionStart


class RegistrationRefusal(Reason):
    """Why no account is made."""

    EMAIL_TAKEN = "email_taken"


@dataclass(frozen=True, slots=True)
class NewAccount:
    """Who the account is for. Address and name are normalised already."""

    email: str
    name: str
    password: str


class Registration:
    """Makes accounts. The first one made, by whichever way, is the owner's."""

    def __init__(
        self, transactions: Transactions, system: System, hasher: PasswordHasher, session_start: SessionStart, rules: PasswordRules
    ) -> None:
        self._transactions = transactions
        self._system = system
        self._hasher = hasher
        self._rules = rules
        self._session_start = session_start

    def has_owner(self) -> bool:
        """Whether the installation is claimed."""
        with self._transactions.reading() as tx:
            return installation_store.owner(tx) is not None

    def link_state(self, kind: LinkKind, token: Token) -> LinkState:
        """What has become of a link, for its holder."""
        with self._transactions.reading() as tx:
            return link_store.state(tx, kind, token.digest, self._system.now())

    def issue_welcome_link(self) -> Token | None:
        """A token for the owner's account, good for an hour and one use; None when there is an owner (ASVS 6.3.2)."""
        token = self._system.new_token()
        with self._transactions.writing() as tx:
            if installation_store.owner(tx) is not None:
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
            return found is not None and installation_store.owner(tx) is None

    def claim(
        self, token: Token | None, new: NewAccount, client: Client
    ) -> SignedIn | WeakPassword | Denied[LinkRefusal | LinkThrottleRefusal]:
        """Make the owner's account and sign it in. Of two at once, one is the owner and the other made nothing."""
        if token is None or not self.welcome_is_open(token):
            return Denied(LinkRefusal.LINK_GONE)
        if throttled := charge_link(self._transactions, self._system.now, token):
            return throttled
        prepared = self._prepare(new, client.language)
        if isinstance(prepared, WeakPassword):
            return prepared
        with self._transactions.writing() as tx:
            now = self._system.now()
            locked = self._add(tx, prepared, client, now)
            if locked is None or not link_store.consume(tx, LinkKind.WELCOME, token.digest, now):
                return Denied(LinkRefusal.LINK_GONE)
            self._begin(tx, prepared, client.event(EventKind.ACCOUNT_CREATED), now)
            if not installation_store.claim(tx, prepared.id):
                return Denied(LinkRefusal.LINK_GONE)
            return self._signed_in(tx, locked)

    def invite(self, email: str) -> Token | Denied[RegistrationRefusal]:
        """A token with which the person at this address makes their account: 24 hours, one use. An earlier one is void.

        Refused when the address has an account, or was one's until lately.
        """
        token = self._system.new_token()
        with self._transactions.writing() as tx:
            installation_store.lock(tx)
            now, invitation = self._system.now(), Link(LinkKind.INVITE, email=email)
            if account_store.is_email_taken(tx, email, now):
                return Denied(RegistrationRefusal.EMAIL_TAKEN)
            link_store.void(tx, invitation, now)
            link_store.add(tx, invitation, token.digest, now, now + link.LIFETIME[LinkKind.INVITE])
            tx.commit()
        return token

    def invited(self, token: Token | None) -> str | None:
        """The address that an open invitation is for."""
        if token is None:
            return None
        with self._transactions.reading() as tx:
            found = link_store.find_open(tx, LinkKind.INVITE, token.digest, self._system.now())
        return None if found is None else found.email

    def accept(
        self, token: Token | None, name: str, password: str, client: Client
    ) -> SignedIn | WeakPassword | Denied[LinkRefusal | LinkThrottleRefusal | RegistrationRefusal]:
        """Make the invited person's account and sign it in. Of two at once, one is made."""
        email = self.invited(token)
        if token is None or email is None:
            return Denied(LinkRefusal.LINK_GONE)
        if throttled := charge_link(self._transactions, self._system.now, token):
            return throttled
        prepared = self._prepare(NewAccount(email, name, password), client.language)
        if isinstance(prepared, WeakPassword):
            return prepared
        with self._transactions.writing() as tx:
            now = self._system.now()
            locked = self._add(tx, prepared, client, now)
            if locked is None:
                return Denied(RegistrationRefusal.EMAIL_TAKEN)
            if not link_store.consume(tx, LinkKind.INVITE, token.digest, now):
                return Denied(LinkRefusal.LINK_GONE)
            self._begin(tx, prepared, client.event(EventKind.ACCOUNT_CREATED, invited=True), now)
            installation_store.claim(tx, prepared.id)
            return self._signed_in(tx, locked)

    def create(self, new: NewAccount) -> Account | WeakPassword | Denied[RegistrationRefusal]:
        """Make an account for the operator; the first is the owner's."""
        prepared = self._prepare(new)
        if isinstance(prepared, WeakPassword):
            return prepared
        with self._transactions.writing() as tx:
            now = self._system.now()
            if not account_store.add(tx, prepared, now):
                return Denied(RegistrationRefusal.EMAIL_TAKEN)
            self._begin(tx, prepared, NewEvent(EventKind.ACCOUNT_CREATED, {}, actor=OPERATOR), now)
            installation_store.claim(tx, prepared.id)
            tx.commit()
            return prepared

    def _add(self, tx: Writing, prepared: Account, client: Client, now: int) -> LockedAccounts | None:
        """Add an account that is to be signed in at once; None when its address is taken.

        Its row comes before another account is locked, in whichever order: until the commit nobody else can wait for it.
        """
        if not account_store.add(tx, prepared, now):
            return None
        return self._session_start.lock(tx, prepared.id, prepared.security_version, client)

    def _signed_in(self, tx: Writing, locked: LockedAccounts) -> SignedIn:
        """Begin the session of the person who has just chosen this account's password."""
        proof = CompletedProof(amr=frozenset({PASSWORD}), factor=None, next_path="/")
        signed_in = self._session_start.start(tx, locked, proof)
        tx.commit()
        return signed_in

    def _prepare(self, new: NewAccount, mail_language: str | None = None) -> Account | WeakPassword:
        password = normalise(new.password)
        refusal = self._rules.refuse(password, email=new.email, name=new.name)
        if refusal is not None:
            return refusal
        return Account(
            id=self._system.new_id(),
            email=new.email,
            name=new.name,
            status=AccountStatus.ACTIVE,
            security_version=1,
            password_hash=self._hasher.hash(password),
            mail_language=mail_language,
        )

    def _begin(self, tx: Writing, account: Account, event: NewEvent, now: int) -> None:
        """Begin the record of an account that was added; an invitation to its address is void from here on.

        Whoever adds an account has the installation's lock: of several who make one for the same address, all but one wait there, and
        hold no link meanwhile that the one has to void.
        """
        link_store.void(tx, Link(LinkKind.INVITE, email=account.email), now)
        begin_chain(tx, account.id)
        append_event(tx, self._system.entropy, account.id, event, now)
