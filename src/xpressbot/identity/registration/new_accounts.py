"""How an account comes about, whoever makes it: its password is judged and hashed, it gets row and record, and its session begins."""

from dataclasses import dataclass, replace

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Writing
from xpressbot.identity.accounts import installation as installation_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.audit.append import append_event, begin_chain
from xpressbot.identity.audit.rules.event import TEAM, DetailValue, EventKind, NewEvent
from xpressbot.identity.links import store as link_store
from xpressbot.identity.links.rules import Link, LinkKind
from xpressbot.identity.outcomes import EnrolmentRequired, Reason, SignedIn
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


class NewAccounts:
    """The parts of making an account. Its callers begin and commit the transaction."""

    def __init__(self, system: System, hasher: PasswordHasher, session_start: SessionStart, rules: PasswordRules) -> None:
        self._system = system
        self._hasher = hasher
        self._rules = rules
        self._session_start = session_start

    def prepare(self, new: NewAccount, *, role: Role = Role.AGENT, mail_language: str | None = None) -> Account | WeakPassword:
        """The account with its password hashed, before any transaction begins. mail_language: where it is known."""
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
            role=role,
            mail_language=mail_language,
        )

    def add(self, tx: Writing, asked_for: Account, now: int, *, invited_by: str | None = None) -> Account | None:
        """Add an account; None when its address is taken. The first one of an installation is the owner's.

        The installation must be locked: of several transactions that make an account for the same address, all but one wait there, and
        hold no link meanwhile that the one has to void. The row comes before another account is locked, in whichever order: until the
        commit nobody else can wait for it.
        """
        account = asked_for if installation_store.is_claimed(tx) else replace(asked_for, role=Role.OWNER)
        return account if account_store.add(tx, account, now, invited_by=invited_by) else None

    def lock(self, tx: Writing, account: Account, client: Client) -> LockedAccounts | None:
        """Lock what the session of an added account needs, before anything is recorded."""
        return self._session_start.lock(tx, account.id, account.security_version, client)

    def begin(self, tx: Writing, account: Account, event: NewEvent, now: int) -> None:
        """Begin the record of an account that was added, and the team's with the first. Invitations to its address are void then."""
        if installation_store.claim(tx, account.id):
            begin_chain(tx, TEAM)
        link_store.void(tx, Link(LinkKind.INVITE, email=account.email), now)
        begin_chain(tx, account.id)
        append_event(tx, self._system.entropy, account.id, event, now)
        details: dict[str, DetailValue] = {"email": account.email, "role": account.role}
        append_event(tx, self._system.entropy, TEAM, NewEvent(EventKind.MEMBER_JOINED, details, actor=event.actor, target=account.id), now)

    def sign_in(self, tx: Writing, locked: LockedAccounts) -> SignedIn | EnrolmentRequired:
        """Begin the session of the person who has just chosen this account's password, or first the set-up of 2FA."""
        proof = CompletedProof(amr=frozenset({PASSWORD}), factor=None, next_path="/")
        return self._session_start.first(tx, locked, proof)
