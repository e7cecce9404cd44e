"""Making accounts: the owner's by the welcome link, any by an invitation or the operator's command line."""

from dataclasses import dataclass, replace

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions, Writing
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import installation as installation_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.audit.append import append_event, begin_chain
from xpressbot.identity.audit.rules.event import OPERATOR, TEAM, DetailValue, EventKind, NewEvent
from xpressbot.identity.links import rules as link
from xpressbot.identity.links import store as link_store
from xpressbot.identity.links.charges import LinkRefusal, LinkThrottleRefusal, charge_link
from xpressbot.identity.links.rules import Link, LinkKind
from xpressbot.identity.outcomes import Denied, EnrolmentRequired, Reason, SignedIn
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
        prepared = self._prepare(new, client.language)
        if isinstance(prepared, WeakPassword):
            return prepared
        with self._transactions.writing() as tx:
            now = self._system.now()
            account = self._add(tx, prepared, now)
            if account is None or account.role is not Role.OWNER:
                return Denied(LinkRefusal.LINK_GONE)
            locked = self._session_start.lock(tx, account.id, account.security_version, client)
            if locked is None or not link_store.consume(tx, LinkKind.WELCOME, token.digest, now):
                return Denied(LinkRefusal.LINK_GONE)
            self._begin(tx, account, client.event(EventKind.ACCOUNT_CREATED), now)
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
    ) -> SignedIn | EnrolmentRequired | WeakPassword | Denied[LinkRefusal | LinkThrottleRefusal | RegistrationRefusal]:
        """Make the invited person's account and sign it in, once 2FA is set up where the team requires it. Of two at once, one is made."""
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
            account = self._add(tx, prepared, now)
            if account is None:
                return Denied(RegistrationRefusal.EMAIL_TAKEN)
            locked = self._session_start.lock(tx, account.id, account.security_version, client)
            if locked is None or not link_store.consume(tx, LinkKind.INVITE, token.digest, now):
                return Denied(LinkRefusal.LINK_GONE)
            self._begin(tx, account, client.event(EventKind.ACCOUNT_CREATED, invited=True), now)
            return self._signed_in(tx, locked)

    def create(self, new: NewAccount, role: Role = Role.AGENT) -> Account | WeakPassword | Denied[RegistrationRefusal]:
        """Make an account for the operator; the first is the owner's, whatever role is asked for."""
        prepared = self._prepare(new)
        if isinstance(prepared, WeakPassword):
            return prepared
        with self._transactions.writing() as tx:
            now = self._system.now()
            account = self._add(tx, replace(prepared, role=role), now)
            if account is None:
                return Denied(RegistrationRefusal.EMAIL_TAKEN)
            self._begin(tx, account, NewEvent(EventKind.ACCOUNT_CREATED, {}, actor=OPERATOR), now)
            tx.commit()
            return account

    def _add(self, tx: Writing, asked_for: Account, now: int) -> Account | None:
        """Add an account; None when its address is taken. The first one of an installation is the owner's.

        The installation is locked first: of several transactions that make an account for the same address, all but one wait there, and
        hold no link meanwhile that the one has to void. The row comes before another account is locked, in whichever order: until the
        commit nobody else can wait for it.
        """
        installation_store.lock(tx)
        account = asked_for if installation_store.is_claimed(tx) else replace(asked_for, role=Role.OWNER)
        return account if account_store.add(tx, account, now) else None

    def _signed_in(self, tx: Writing, locked: LockedAccounts) -> SignedIn | EnrolmentRequired:
        """Begin the session of the person who has just chosen this account's password."""
        proof = CompletedProof(amr=frozenset({PASSWORD}), factor=None, next_path="/")
        signed_in = self._session_start.first(tx, locked, proof)
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
        """Begin the record of an account that was added, and the team's with the first. Invitations to its address are void then."""
        if installation_store.claim(tx, account.id):
            begin_chain(tx, TEAM)
        link_store.void(tx, Link(LinkKind.INVITE, email=account.email), now)
        begin_chain(tx, account.id)
        append_event(tx, self._system.entropy, account.id, event, now)
        details: dict[str, DetailValue] = {"email": account.email, "role": account.role}
        append_event(tx, self._system.entropy, TEAM, NewEvent(EventKind.MEMBER_JOINED, details, actor=event.actor, target=account.id), now)
