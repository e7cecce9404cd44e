"""Members who act on the team at the same moment, and people who join at it: one wins, the others are told. On both engines."""

from functools import partial

from sqlalchemy import func, select, update

from tests.database.test_sessions_at_once import at_once
from tests.support.installation import CLIENT, PASSWORD, Installation
from tests.support.mailed_links import links_to
from tests.support.people import invited_address, signed_in
from tests.support.teams import BERTA, invited, mailing, owner_and_admin, recorded, reminding
from xpressbot.foundation.mail.outbox import OUTBOX
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.links.charges import LinkRefusal
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied, Done, SignedIn
from xpressbot.identity.tables import ACCOUNT
from xpressbot.identity.team.invitations import InvitationRefusal, Invited
from xpressbot.identity.team.reminders import Reminded, ReminderRefusal
from xpressbot.identity.team.tables import INVITATION

TAKEN, GONE = Denied(InvitationRefusal.ALREADY_MEMBER), Denied(LinkRefusal.LINK_GONE)


def accounts_of(installation: Installation, email: str) -> int:
    with installation.services.database.read() as connection:
        return int(connection.execute(select(func.count()).where(ACCOUNT.c.email_key == email)).scalar_one())


def test_of_both_links_accepted_at_once_one_makes_the_account(installation: Installation) -> None:
    """The shown one and the mailed one, each twice."""
    owner, _admin = owner_and_admin(installation.services)
    given = invited(mailing(installation), owner.caller)
    (mailed,) = links_to(installation, BERTA, LinkKind.INVITE)
    accept = installation.services.identity.joining.accept
    outcomes = at_once(*[partial(accept, token, "Berta", PASSWORD, CLIENT) for token in (given.token, mailed)] * 2)
    assert sum(isinstance(outcome, SignedIn) for outcome in outcomes) == 1
    assert all(outcome in {TAKEN, GONE} for outcome in outcomes if isinstance(outcome, Denied))
    assert accounts_of(installation, BERTA) == 1
    assert len(recorded(installation, EventKind.MEMBER_JOINED)) == 3


def test_of_two_who_invite_one_address_at_once_one_does(installation: Installation) -> None:
    """The other is told that it is invited, and the one link that was given out is good."""
    owner, admin = owner_and_admin(installation.services)
    invitations = installation.services.identity.invitations
    outcomes = at_once(*[partial(invitations.invite, person.caller, BERTA, Role.AGENT, "en") for person in (owner, admin)] * 2)
    (given,) = [outcome for outcome in outcomes if isinstance(outcome, Invited)]
    assert outcomes.count(Denied(InvitationRefusal.ALREADY_INVITED)) == 3
    assert invited_address(installation.services.identity, given.token) == BERTA
    with installation.services.database.read() as connection:
        assert connection.execute(select(INVITATION.c.id)).scalars().all() == [given.invitation.id]


def test_an_invitation_that_is_accepted_and_taken_back_at_once_is_one_of_both(installation: Installation) -> None:
    """Either there is a member, and nothing to take back; or there is none."""
    owner, admin = owner_and_admin(installation.services)
    identity = installation.services.identity
    for number in range(5):
        email = f"person{number}@example.com"
        given = invited(identity.invitations, owner.caller, email)
        accepted, revoked = at_once(
            partial(identity.joining.accept, given.token, "Person", PASSWORD, CLIENT),
            partial(identity.invitations.revoke, admin.caller, given.invitation.id),
        )
        if isinstance(accepted, SignedIn):
            assert revoked == Denied(InvitationRefusal.NO_SUCH_INVITATION)
        else:
            assert (accepted, revoked) == (GONE, Done())
        assert accounts_of(installation, email) == isinstance(accepted, SignedIn)


def test_nobody_joins_once_the_inviter_is_demoted_however_close_it_is(installation: Installation) -> None:
    """The inviter's account is locked before it is judged: what a transaction beside has written by then counts."""
    owner, admin = owner_and_admin(installation.services)
    given = invited(installation.services.identity.invitations, admin.caller)

    def demote() -> None:
        with installation.services.database.write() as connection:
            connection.execute(select(ACCOUNT.c.id).where(ACCOUNT.c.id == admin.account.id).with_for_update())
            connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == admin.account.id).values(role="agent"))
            connection.commit()

    accepted, _nothing = at_once(partial(installation.services.identity.joining.accept, given.token, "Berta", PASSWORD, CLIENT), demote)
    assert isinstance(accepted, SignedIn) or accepted == Denied(InvitationRefusal.INVITATION_VOID)
    assert accounts_of(installation, BERTA) == isinstance(accepted, SignedIn)
    assert owner.account.role is Role.OWNER


def test_of_two_who_remind_at_once_one_does(installation: Installation) -> None:
    """Nobody gets two mails, and the other is told that all were reminded."""
    owner, admin = owner_and_admin(installation.services)
    for number in range(5):
        signed_in(installation.services, f"person{number}@example.com")
    outcomes = at_once(*[partial(reminding(installation).remind, person.caller) for person in (owner, admin)] * 2)
    assert outcomes.count(Reminded(5)) == 1
    assert outcomes.count(Denied(ReminderRefusal.NOBODY_TO_REMIND)) == 3
    with installation.services.database.read() as connection:
        assert connection.execute(select(func.count()).where(OUTBOX.c.kind == "reminder")).scalar_one() == 5
