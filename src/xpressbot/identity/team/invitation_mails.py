"""Mails of invitations. Their tokens are drawn here, when they are sent, and stand nowhere else."""

from dataclasses import dataclass

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Reading, Transactions, Writing
from xpressbot.foundation.mail.claims import ClaimedMail
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import installation as installation_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.links import store as link_store
from xpressbot.identity.team import invitation_store
from xpressbot.identity.team.invitations import link_of
from xpressbot.identity.team.rules.invitation import Invitation


@dataclass(frozen=True, slots=True)
class InvitationMail:
    """A mail that is to be sent now: in which language, and the token of its link, which opens nothing yet."""

    claimed: ClaimedMail
    invitation: Invitation
    language: str
    token: Token


class InvitationMails:
    """What the sender asks for. It stores a link before its mail leaves, and removes the link of a mail that did not leave."""

    def __init__(self, transactions: Transactions, system: System) -> None:
        self._transactions = transactions
        self._system = system

    def find(self, mail: ClaimedMail) -> InvitationMail | None:
        """The mail to an invited address; None where its invitation was accepted, revoked or replaced, is over, or does not stand."""
        with self._transactions.reading() as tx:
            invitation = _wanted(tx, mail, self._system.now())
        if invitation is None:
            return None
        return InvitationMail(mail, invitation, str(mail.parameters["language"]), self._system.new_token())

    def store_link(self, tx: Writing, told: InvitationMail, now: int) -> bool:
        """Open the link of a mail that is about to leave; False where its invitation is not to be mailed any more. The caller commits."""
        installation_store.lock(tx)
        invitation = _wanted(tx, told.claimed, now)
        if invitation is None:
            return False
        link_store.add(tx, link_of(invitation, mailed=True), told.token.digest, now, invitation.expires_at)
        return True

    def remove_link(self, tx: Writing, told: InvitationMail) -> None:
        """The mail did not leave, so that nobody has its link. The caller commits."""
        installation_store.lock(tx)
        link_store.remove(tx, told.token.digest)


def _wanted(tx: Reading, mail: ClaimedMail, now: int) -> Invitation | None:
    pending = invitation_store.by_id(tx, str(mail.parameters["invitation"]))
    if pending is None or not pending.is_good(now):
        return None
    return None if account_store.is_email_taken(tx, pending.invitation.email, now) else pending.invitation
