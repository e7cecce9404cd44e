"""Accepting an invitation: the person at its address makes their account, once."""

from dataclasses import replace

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions, Writing
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import installation as installation_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.links import store as link_store
from xpressbot.identity.links.charges import LinkRefusal, LinkThrottleRefusal, charge_link
from xpressbot.identity.links.rules import Link, LinkKind
from xpressbot.identity.outcomes import Denied, EnrolmentRequired, SignedIn
from xpressbot.identity.passwords.rules import WeakPassword
from xpressbot.identity.registration.new_accounts import NewAccount, NewAccounts
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Client
from xpressbot.identity.sign_in.session_start import LockedAccounts
from xpressbot.identity.team import invitation_store
from xpressbot.identity.team.invitation_store import PendingInvitation
from xpressbot.identity.team.invitations import InvitationRefusal
from xpressbot.identity.team.rules.invitation import Invitation

JoinRefusal = LinkRefusal | LinkThrottleRefusal | InvitationRefusal
JoinOutcome = SignedIn | EnrolmentRequired | WeakPassword | Denied[JoinRefusal]


class Joining:
    """Lets people in who were invited."""

    def __init__(self, transactions: Transactions, system: System, new_accounts: NewAccounts) -> None:
        self._transactions = transactions
        self._system = system
        self._new_accounts = new_accounts

    def invited(self, token: Token | None) -> PendingInvitation | None:
        """The invitation that an open link is for, also where it does not stand any more. Looking uses nothing up."""
        found = self._find(token)
        return None if found is None else found[1]

    def accept(self, token: Token | None, name: str, password: str, client: Client) -> JoinOutcome:
        """Make the invited person's account with the invitation's role, and sign it in, once 2FA is set up where the team requires it.

        Of two at once, one is made.
        """
        found = self._find(token)
        if token is None or found is None:
            return Denied(LinkRefusal.LINK_GONE)
        opened, pending = found
        if not pending.invitation.stands(pending.inviter):
            return Denied(InvitationRefusal.INVITATION_VOID)
        if throttled := charge_link(self._transactions, self._system.now, token):
            return throttled
        prepared = self._new_accounts.prepare(NewAccount(pending.invitation.email, name, password), mail_language=client.language)
        if isinstance(prepared, WeakPassword):
            return prepared
        with self._transactions.writing() as tx:
            locked = self._join(tx, token, pending.invitation, prepared, client)
            if isinstance(locked, Denied):
                return locked
            if opened.mailed:
                self._confirm_email(tx, locked.account, client)
            signed_in = self._new_accounts.sign_in(tx, locked)
            tx.commit()
            return signed_in

    def _find(self, token: Token | None) -> tuple[Link, PendingInvitation] | None:
        if token is None:
            return None
        with self._transactions.reading() as tx:
            opened = link_store.find_open(tx, LinkKind.INVITE, token.digest, self._system.now())
            pending = None if opened is None or opened.about is None else invitation_store.by_id(tx, opened.about)
        return None if opened is None or pending is None else (opened, pending)

    def _join(
        self, tx: Writing, token: Token, invitation: Invitation, prepared: Account, client: Client
    ) -> LockedAccounts | Denied[LinkRefusal | InvitationRefusal]:
        """Decide again under the locks: add the account with the invitation's role, and use the link up. What is refused is rolled back."""
        installation_store.lock(tx)
        self._lock_present(tx, invitation, prepared, client)
        now = self._system.now()
        account = self._new_accounts.add(tx, replace(prepared, role=invitation.role), now, invited_by=invitation.invited_by)
        locked = None if account is None else self._new_accounts.lock(tx, account, client)
        # Asked before the link: the account that came first has voided it, and "sign in" helps more than "this link was used".
        if account is None or locked is None:
            return Denied(InvitationRefusal.ALREADY_MEMBER)
        if not link_store.consume(tx, LinkKind.INVITE, token.digest, now):
            return Denied(LinkRefusal.LINK_GONE)
        pending = invitation_store.by_id(tx, invitation.id)
        if pending is None or not pending.invitation.stands(pending.inviter):
            return Denied(InvitationRefusal.INVITATION_VOID)
        invitation_store.remove(tx, invitation.id)
        self._new_accounts.begin(tx, account, client.event(EventKind.ACCOUNT_CREATED, invited=True), now)
        return locked

    def _lock_present(self, tx: Writing, invitation: Invitation, prepared: Account, client: Client) -> None:
        """Lock the inviter, and whose session the browser holds, in the order of their ids, before the new account is added.

        It is the statement of every session's start, so that it finds the same holder as that, also of a session that opens nothing.
        """
        token_hash = None if client.session is None else client.session.digest
        session_store.lock_accounts(tx, prepared.id, token_hash, [] if invitation.invited_by is None else [invitation.invited_by])

    def _confirm_email(self, tx: Writing, account: Account, client: Client) -> None:
        """Whoever used the mailed link gets the mail of the address."""
        now = self._system.now()
        account_store.confirm_email(tx, account.id, now)
        append_event(tx, self._system.entropy, account.id, client.event(EventKind.EMAIL_CONFIRMED, email=account.email), now)
