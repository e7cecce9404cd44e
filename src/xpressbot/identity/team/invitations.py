"""Inviting somebody to the team, and taking an invitation back.

An invitation has one link that is shown to who invites, and where mail works another one that is mailed: only who used the mailed one
has shown that they get the mail of the address.
"""

from dataclasses import dataclass
from typing import Final

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Reading, Transactions, Writing
from xpressbot.foundation.mail import outbox
from xpressbot.foundation.mail.outbox import NewMail, Priority
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import installation as installation_store
from xpressbot.identity.accounts import reserved_address_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.roles import Role, may_give
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import OPERATOR, TEAM, EventKind, NewEvent
from xpressbot.identity.links import rules as link
from xpressbot.identity.links import store as link_store
from xpressbot.identity.links.rules import Link, LinkKind
from xpressbot.identity.outcomes import Denied, Done, Reason, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.operation import Admitted, ChangedTeam, Entry, Unchanged
from xpressbot.identity.team import invitation_store
from xpressbot.identity.team.invitation_store import PendingInvitation
from xpressbot.identity.team.rules.invitation import Invitation
from xpressbot.identity.throttling import rules as throttle
from xpressbot.identity.throttling.charges import ThrottleRefusal
from xpressbot.identity.throttling.rules import Bucket

INVITATION_MAIL: Final = "invitation"
"""The kind of mail; its parameters are the invitation's id and the tag of the language that it was written in."""


class InvitationRefusal(Reason):
    """Why nobody is invited, or an invitation brings nobody in."""

    ALREADY_MEMBER = "already_member"
    ADDRESS_RESERVED = "address_reserved"
    """A member had this address until lately, and can have it back."""
    ALREADY_INVITED = "already_invited"
    """An invitation to this address is open that the form did not know of, or whose role the caller may not give."""
    NO_SUCH_INVITATION = "no_such_invitation"
    """It was accepted, revoked or replaced."""
    INVITATION_VOID = "invitation_void"
    """Who has given it out may not do so any more, or their account changed since."""


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation that was given out. token: of the link that is shown once. is_mailed: whether another link is on its way by mail."""

    invitation: Invitation
    token: Token
    is_mailed: bool


InviteOutcome = Invited | Denied[SessionRefusal | InvitationRefusal | ThrottleRefusal] | StepUpRequired
RevokeOutcome = Done | Denied[SessionRefusal | InvitationRefusal] | StepUpRequired


class Invitations:
    """Gives invitations out for members and for the operator, and takes them back. sends_mail: whether mails reach people."""

    def __init__(self, transactions: Transactions, gate: Gate, system: System, *, sends_mail: bool) -> None:
        self._transactions = transactions
        self._gate = gate
        self._system = system
        self.sends_mail: Final = sends_mail

    def invite(self, caller: Caller, email: str, role: Role, language: str, *, replaces: str = "") -> InviteOutcome:
        """Invite the person at a normalised address to the team, with a role that the caller may give.

        language: the tag of the one that the mail is to be in. replaces: the id of the invitation that this one takes the place of. Of two
        members who invite one address at once, the second is refused: nobody's link ends without anyone having seen it.
        """
        charge = self._gate.charge(caller, Action.INVITE_MEMBER, lambda admitted: _admit(admitted, email, role, replaces))
        if isinstance(charge, Denied | StepUpRequired):
            return charge

        def operation(entry: Entry) -> ChangedTeam[Invited] | Unchanged[Denied[SessionRefusal | InvitationRefusal]]:
            if refusal := _refuse(entry, email, role, replaces):
                return Unchanged(refusal)
            invitation = self._new(email, role, entry.account, entry.now)
            token = self._give_out(entry.tx, invitation, role)
            if self.sends_mail:
                parameters = {"invitation": invitation.id, "language": language}
                outbox.add(entry.tx, entry.system.new_id(), NewMail(INVITATION_MAIL, Priority.NORMAL, None, parameters, entry.now))
            event = caller.event(EventKind.MEMBER_INVITED, target=invitation.id, email=email, role=role)
            return ChangedTeam(Invited(invitation, token, self.sends_mail), event)

        return self._gate.run(caller, Action.INVITE_MEMBER, operation)

    def revoke(self, caller: Caller, invitation_id: str) -> RevokeOutcome:
        """Take an invitation back: both of its links end. Only who may give its role may do so: no admin undoes what an owner did."""

        def operation(entry: Entry) -> ChangedTeam[Done] | Unchanged[Denied[SessionRefusal | InvitationRefusal]]:
            pending = invitation_store.by_id(entry.tx, invitation_id)
            if pending is None:
                return Unchanged(Denied(InvitationRefusal.NO_SUCH_INVITATION))
            invitation = pending.invitation
            if not can_change(entry.account.role, invitation):
                return Unchanged(Denied(SessionRefusal.NOT_PERMITTED))
            _withdraw(entry.tx, invitation, entry.now)
            event = caller.event(EventKind.INVITATION_REVOKED, target=invitation.id, email=invitation.email, role=invitation.role)
            return ChangedTeam(Done(), event)

        return self._gate.run(caller, Action.REVOKE_INVITATION, operation)

    def find(self, caller: Caller, invitation_id: str) -> PendingInvitation | Denied[SessionRefusal] | None:
        """The invitation with this id, for a page about it; None where there is none, or it is not for the caller's role to change."""
        found = self._gate.view(caller, Action.VIEW_TEAM, lambda tx, _now: invitation_store.by_id(tx, invitation_id))
        is_above = isinstance(found, PendingInvitation) and not can_change(caller.account.role, found.invitation)
        return None if is_above else found

    def to_address(self, caller: Caller, email: str) -> PendingInvitation | Denied[SessionRefusal] | None:
        """The invitation that a normalised address has already."""
        return self._gate.view(caller, Action.VIEW_TEAM, lambda tx, _now: invitation_store.by_email(tx, email))

    def issue(self, email: str, role: Role = Role.AGENT) -> Token | Denied[InvitationRefusal]:
        """Invite for the operator, who may give every role and replaces whatever invitation there is: the token of the one link."""
        with self._transactions.writing() as tx:
            installation_store.lock(tx)
            now = self._system.now()
            if refusal := _taken(tx, email, now):
                return Denied(refusal)
            invitation = self._new(email, role, None, now)
            token = self._give_out(tx, invitation, role)
            if installation_store.is_claimed(tx):  # before that there is no team whose record could tell of it
                details = {"email": email, "role": role.value}
                event = NewEvent(EventKind.MEMBER_INVITED, details, actor=OPERATOR, target=invitation.id)
                append_event(tx, self._system.entropy, TEAM, event, now)
            tx.commit()
        return token

    def _new(self, email: str, role: Role, inviter: Account | None, now: int) -> Invitation:
        by, version = (None, None) if inviter is None else (inviter.id, inviter.security_version)
        return Invitation(self._system.new_id(), email, role, by, now, now + link.LIFETIME[LinkKind.INVITE], version)

    def _give_out(self, tx: Writing, invitation: Invitation, role: Role) -> Token:
        """Store an invitation in the place of the one that its address has, and give the token of the link that is shown."""
        before, token = invitation_store.by_email(tx, invitation.email), self._system.new_token()
        if before is not None:
            _withdraw(tx, before.invitation, invitation.invited_at)
        invitation_store.add(tx, invitation, role)
        link_store.add(tx, link_of(invitation), token.digest, invitation.invited_at, invitation.expires_at)
        return token


def link_of(invitation: Invitation, *, mailed: bool = False) -> Link:
    """The link of an invitation that is shown to who invites, or the one that is mailed."""
    return Link(LinkKind.INVITE, email=invitation.email, about=invitation.id, mailed=mailed)


def can_change(role: Role | None, invitation: Invitation) -> bool:
    """Whether a member with this role may replace or revoke an invitation: who may give its role."""
    return invitation.role is not None and may_give(role, invitation.role)


def _withdraw(tx: Writing, invitation: Invitation, now: int) -> None:
    """End an invitation and its links. A mail that has not left finds it gone."""
    link_store.void(tx, link_of(invitation), now)
    invitation_store.remove(tx, invitation.id)


def _admit(admitted: Admitted, email: str, role: Role, replaces: str) -> Bucket | Denied[SessionRefusal | InvitationRefusal]:
    return _refuse(admitted, email, role, replaces) or throttle.invitations(admitted.account.id)


def _refuse(admitted: Admitted, email: str, role: Role, replaces: str) -> Denied[SessionRefusal | InvitationRefusal] | None:
    """Why a member may not invite an address; None where they may."""
    if not may_give(admitted.account.role, role):
        return Denied(SessionRefusal.NOT_PERMITTED)
    if taken := _taken(admitted.tx, email, admitted.now):
        return Denied(taken)
    before = invitation_store.by_email(admitted.tx, email)
    if before is None or not before.is_good(admitted.now):
        return None
    is_known = before.invitation.id == replaces and can_change(admitted.account.role, before.invitation)
    return None if is_known else Denied(InvitationRefusal.ALREADY_INVITED)


def _taken(tx: Reading, email: str, now: int) -> InvitationRefusal | None:
    if account_store.by_email(tx, email) is not None:
        return InvitationRefusal.ALREADY_MEMBER
    return InvitationRefusal.ADDRESS_RESERVED if reserved_address_store.is_reserved(tx, email, now) else None
