"""Owners and admins invite: the link that is shown, the one that is mailed, and what ends them."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from tests.support.installation import CLIENT, PASSWORD, Installation
from tests.support.mailed_links import links_to
from tests.support.mails import send, states_of
from tests.support.people import Person, invited_address, not_me_link, protected
from tests.support.people import invitation as operators_invitation
from tests.support.teams import BERTA, invited, joined, mailing, owner_and_admin, recorded, roster
from tests.use_cases.instrumentation import ObservedHasher, after_transaction, events, tries
from xpressbot.foundation.mail.outbox import OUTBOX
from xpressbot.foundation.times import HOUR
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.links.charges import LinkRefusal
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied, Done, StepUpRequired
from xpressbot.identity.passwords.change import PasswordChanged
from xpressbot.identity.passwords.this_wasnt_me import Report
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.tables import ACCOUNT
from xpressbot.identity.team.invitations import INVITATION_MAIL, InvitationRefusal, Invited
from xpressbot.identity.team.joining import Joining
from xpressbot.identity.throttling.charges import ThrottleRefusal
from xpressbot.identity.throttling.rules import INVITATION
from xpressbot.identity.use_cases import Identity

GONE, VOID = Denied(LinkRefusal.LINK_GONE), Denied(InvitationRefusal.INVITATION_VOID)
NOT_PERMITTED = Denied(SessionRefusal.NOT_PERMITTED)
ALREADY_INVITED = Denied(InvitationRefusal.ALREADY_INVITED)


@pytest.fixture
def members(installation: Installation) -> tuple[Person, Person]:
    """An owner and an admin."""
    return owner_and_admin(installation.services)


@pytest.fixture
def owner(members: tuple[Person, Person]) -> Person:
    return members[0]


@pytest.fixture
def admin(members: tuple[Person, Person]) -> Person:
    return members[1]


def change_account(installation: Installation, person: Person, **columns: object) -> None:
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == person.account.id).values(columns))
        connection.commit()


@pytest.mark.parametrize("role", Role)
def test_the_invited_person_joins_with_the_role_of_the_invitation(
    installation: Installation, identity: Identity, owner: Person, role: Role
) -> None:
    """Who has invited is noted, and both events stand in the team's record. The address stays unconfirmed: the link was shown."""
    given = invited(identity.invitations, owner.caller, role=role)
    account = joined(installation.services, given.token)
    assert (account.email, account.role, account.email_confirmed_at) == (BERTA, role, None)
    with installation.services.database.read() as connection:
        row = connection.execute(select(ACCOUNT).where(ACCOUNT.c.id == account.id)).one()
    assert (row.invited_by, row.role_given_by) == (owner.account.id, owner.account.id)
    (event,) = recorded(installation, EventKind.MEMBER_INVITED)
    assert (event.actor, event.target) == (owner.account.id, given.invitation.id)
    assert {key: event.details[key] for key in ("email", "role")} == {"email": BERTA, "role": role.value}
    assert recorded(installation, EventKind.MEMBER_JOINED)[-1].details == {"email": BERTA, "role": role.value}
    assert roster(installation.services, owner.caller).invitations == []


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN])
def test_an_admin_invites_agents_alone(installation: Installation, identity: Identity, admin: Person, role: Role) -> None:
    """Only owners make owners and admins. Nothing is counted or written."""
    assert identity.invitations.invite(admin.caller, BERTA, role, "en") == NOT_PERMITTED
    assert invited(identity.invitations, admin.caller).invitation.role is Role.AGENT
    assert tries(installation)["invitation"] == 1
    assert len(recorded(installation, EventKind.MEMBER_INVITED)) == 1


def test_an_agent_invites_nobody_and_an_old_proof_is_not_enough(installation: Installation, identity: Identity, owner: Person) -> None:
    """Inviting needs the role and a fresh step-up; the invitation that was meant is not made."""
    agent = protected(installation.services, "agent@example.com")
    assert identity.invitations.invite(agent.caller, BERTA, Role.AGENT, "en") == NOT_PERMITTED
    installation.clock.advance(minutes=6)
    assert identity.invitations.invite(owner.caller, BERTA, Role.AGENT, "en") == StepUpRequired()
    assert roster(installation.services, owner.caller).invitations == []


def test_the_mailed_link_confirms_the_address_and_ends_the_shown_one(installation: Installation, identity: Identity, owner: Person) -> None:
    """Two tokens: the mail's is drawn when it is sent, and only who used it has shown that they get the mail of the address."""
    given = invited(mailing(installation), owner.caller)
    assert given.is_mailed
    (mailed,) = links_to(installation, BERTA, LinkKind.INVITE)
    assert mailed != given.token
    account = joined(installation.services, mailed)
    assert account.email_confirmed_at == installation.clock.now()
    assert [event.kind for event in events(installation, account.id)][:2] == [EventKind.ACCOUNT_CREATED, EventKind.EMAIL_CONFIRMED]
    assert identity.joining.accept(given.token, "Berta", PASSWORD, CLIENT) == GONE


def test_the_shown_link_ends_the_mailed_one(installation: Installation, identity: Identity, owner: Person) -> None:
    """Whichever comes first (ASVS 6.4.1)."""
    given = invited(mailing(installation), owner.caller)
    (mailed,) = links_to(installation, BERTA, LinkKind.INVITE)
    assert joined(installation.services, given.token).email_confirmed_at is None
    assert identity.joining.accept(mailed, "Berta", PASSWORD, CLIENT) == GONE


def test_the_mail_says_nothing_that_who_invites_has_typed(installation: Installation, owner: Person) -> None:
    """Not even the name (it may be an advertisement), and no row of the outbox holds a token."""
    change_account(installation, owner, name="Buy pills at evil.example")
    given = invited(mailing(installation), owner.caller)
    with installation.services.database.read() as connection:
        waiting = str(connection.execute(select(OUTBOX).where(OUTBOX.c.kind == "invitation")).one())
    assert given.token.text not in waiting
    (mail,) = [mail for mail in send(installation) if mail["To"] == BERTA]
    text = mail.get_content()
    assert "pills" not in text
    assert owner.account.email not in text
    assert "/link/invite?token=" in text
    assert given.token.text not in text


def test_without_a_mail_server_nothing_is_mailed(installation: Installation, identity: Identity, owner: Person) -> None:
    """The link is shown, and that is all."""
    assert not invited(identity.invitations, owner.caller).is_mailed
    assert links_to(installation, BERTA, LinkKind.INVITE) == []


ENDS: dict[str, Callable[[Installation, Person, Invited], object]] = {
    "revoked": lambda there, owner, given: there.services.identity.invitations.revoke(owner.caller, given.invitation.id),
    "replaced": lambda there, owner, given: invited(there.services.identity.invitations, owner.caller, replaces=given.invitation.id),
    "joined": lambda there, _owner, given: joined(there.services, given.token),
    "account made": lambda there, _owner, _given: there.add_account(BERTA),
    "expired": lambda there, _owner, _given: there.clock.advance(hours=24),
    "inviter is demoted": lambda there, owner, _given: change_account(there, owner, role="admin"),
}


@pytest.mark.parametrize("ends", ENDS)
def test_a_mail_that_waits_is_not_sent_when_its_invitation_has_ended(installation: Installation, owner: Person, ends: str) -> None:
    """Its link would open nothing, or would outlive what it was for."""
    given = invited(mailing(installation), owner.caller, role=Role.ADMIN)
    ENDS[ends](installation, owner, given)
    assert links_to(installation, BERTA, LinkKind.INVITE) == []


@pytest.mark.parametrize("ends", ENDS)
def test_an_invitation_that_ends_between_words_and_link_is_not_mailed(installation: Installation, owner: Person, ends: str) -> None:
    """It is looked at again when its link is stored, after the transactions that look for a mail, claim it, and read the invitation."""
    send(installation)
    given = invited(mailing(installation), owner.caller, role=Role.ADMIN)
    with after_transaction(installation, 3, lambda: ENDS[ends](installation, owner, given)):
        assert links_to(installation, BERTA, LinkKind.INVITE) == []
    assert states_of(installation, INVITATION_MAIL) == ["void"]


def test_taking_an_invitation_back_ends_both_links(installation: Installation, identity: Identity, owner: Person, admin: Person) -> None:
    """An owner takes back what an admin has given; a second time there is nothing."""
    given = invited(mailing(installation), admin.caller)
    (mailed,) = links_to(installation, BERTA, LinkKind.INVITE)
    assert identity.invitations.revoke(owner.caller, given.invitation.id) == Done()
    assert [identity.joining.accept(token, "Berta", PASSWORD, CLIENT) for token in (given.token, mailed)] == [GONE, GONE]
    (event,) = recorded(installation, EventKind.INVITATION_REVOKED)
    assert (event.actor, event.target, event.details["email"]) == (owner.account.id, given.invitation.id, BERTA)
    assert identity.invitations.revoke(owner.caller, given.invitation.id) == Denied(InvitationRefusal.NO_SUCH_INVITATION)


def test_inviting_again_replaces_both_links(installation: Installation, identity: Identity, owner: Person) -> None:
    """With another role; the one before opens nothing, the new one does."""
    first = invited(mailing(installation), owner.caller)
    (mailed,) = links_to(installation, BERTA, LinkKind.INVITE)
    second = invited(identity.invitations, owner.caller, "Berta@Example.COM", Role.ADMIN, replaces=first.invitation.id)
    assert [invited_address(identity, token) for token in (first.token, mailed)] == [None, None]
    account = joined(installation.services, second.token)
    assert (account.email, account.role) == ("Berta@Example.COM", Role.ADMIN)


@pytest.mark.parametrize("replaces", ["", "0" * 32])
def test_a_form_that_does_not_know_of_an_invitation_replaces_none(
    installation: Installation, identity: Identity, owner: Person, admin: Person, replaces: str
) -> None:
    """Two who invite one address: the second is told, and the first one's link stays good."""
    given = invited(identity.invitations, admin.caller)
    assert identity.invitations.invite(owner.caller, BERTA, Role.AGENT, "en", replaces=replaces) == ALREADY_INVITED
    assert invited_address(identity, given.token) == BERTA
    installation.clock.advance(hours=24)


def test_an_admin_neither_replaces_nor_takes_back_what_an_owner_has_given_with_a_role_above(
    identity: Identity, owner: Person, admin: Person
) -> None:
    """Else an admin would make an agent of the admin whom an owner has invited."""
    given = invited(identity.invitations, owner.caller, role=Role.ADMIN)
    outcome = identity.invitations.invite(admin.caller, BERTA, Role.AGENT, "en", replaces=given.invitation.id)
    assert outcome == ALREADY_INVITED
    assert identity.invitations.revoke(admin.caller, given.invitation.id) == NOT_PERMITTED
    assert identity.invitations.find(admin.caller, given.invitation.id) is None
    assert invited_address(identity, given.token) == BERTA


def test_one_that_has_expired_is_in_nobodys_way(installation: Installation, identity: Identity, owner: Person) -> None:
    """It can be given out anew without knowing of it."""
    invited(identity.invitations, owner.caller, role=Role.ADMIN)
    installation.clock.advance(hours=24)
    fresh = protected(installation.services, "second-admin@example.com", role=Role.ADMIN)
    assert joined(installation.services, invited(identity.invitations, fresh.caller).token).role is Role.AGENT


@pytest.mark.parametrize("email", ["admin@example.com", "ADMIN@Example.com"])
def test_who_is_in_the_team_is_not_invited(
    installation: Installation, identity: Identity, owner: Person, admin: Person, email: str
) -> None:
    """However the address is spelt, also while they are suspended; the operator is told the same."""
    taken = Denied(InvitationRefusal.ALREADY_MEMBER)
    assert identity.invitations.invite(owner.caller, email, Role.AGENT, "en") == taken
    change_account(installation, admin, status=AccountStatus.DISABLED.value)
    assert identity.invitations.invite(owner.caller, email, Role.AGENT, "en") == taken
    assert identity.invitations.issue(email) == taken
    assert tries(installation)["invitation"] == 0


@pytest.mark.parametrize(
    "lost",
    [
        {"role": "admin"},
        {"role": "agent"},
        {"role": "of a newer version"},
        {"status": "disabled"},
        {"status": "removed", "email_key": None},
    ],
)
def test_nobody_joins_by_an_invitation_whose_giver_may_not_give_it_any_more(
    installation: Installation, identity: Identity, owner: Person, lost: dict[str, object]
) -> None:
    """Demoted, suspended or removed: it acts in their name, so it is refused under the locks, and both links with it."""
    given = invited(mailing(installation), owner.caller, role=Role.ADMIN)
    (mailed,) = links_to(installation, BERTA, LinkKind.INVITE)
    change_account(installation, owner, **lost)
    assert [identity.joining.accept(token, "Berta", PASSWORD, CLIENT) for token in (given.token, mailed)] == [VOID, VOID]
    assert [summary.account.email for summary in identity.administration.list_accounts()].count(BERTA) == 0


@pytest.mark.parametrize("change", ["password changed", "This wasn't me", "2FA reset"])
def test_what_a_thief_in_an_owners_session_has_given_out_ends_with_the_owners_change(
    installation: Installation, identity: Identity, owner: Person, admin: Person, change: str
) -> None:
    """They invited themselves as an owner, and keep both links: neither brings them in. What another one has given out stands."""
    given = invited(mailing(installation), owner.caller, role=Role.OWNER)
    (mailed,) = links_to(installation, BERTA, LinkKind.INVITE)
    others = invited(identity.invitations, admin.caller, "carl@example.com")
    if change == "password changed":
        assert isinstance(identity.password_change.change(owner.caller, "", "copper-lantern-willow-harbour"), PasswordChanged)
    elif change == "This wasn't me":
        assert isinstance(identity.this_wasnt_me.report(not_me_link(installation.services, owner.account.email), CLIENT), Report)
    else:
        assert isinstance(identity.two_factor_reset.reset(owner.account.email, "Phone lost"), Token)
    assert [identity.joining.accept(token, "Berta", PASSWORD, CLIENT) for token in (given.token, mailed)] == [VOID, VOID]
    shown = roster(installation.services, admin.caller).invitations
    assert [(one.invitation.email, one.invitation.stands(one.inviter)) for one in shown] == [(BERTA, False), ("carl@example.com", True)]
    joined(installation.services, others.token)


def test_an_invitation_ends_with_the_password_that_is_changed_while_the_invited_ones_is_hashed(
    installation: Installation, identity: Identity, owner: Person, joining: Joining, hasher: ObservedHasher
) -> None:
    """Of the change and the joining, the later one is decided on what the other has left."""
    given = invited(identity.invitations, owner.caller)
    link = not_me_link(installation.services, owner.account.email)
    hasher.meanwhile = lambda: identity.this_wasnt_me.report(link, CLIENT)
    assert joining.accept(given.token, "Berta", PASSWORD, CLIENT) == VOID


def test_who_is_demoted_while_the_password_is_hashed_brings_nobody_in(
    installation: Installation, identity: Identity, owner: Person, joining: Joining, hasher: ObservedHasher
) -> None:
    """It is decided again with the write."""
    given = invited(identity.invitations, owner.caller, role=Role.ADMIN)
    hasher.meanwhile = lambda: change_account(installation, owner, role="agent")
    assert joining.accept(given.token, "Berta", PASSWORD, CLIENT) == VOID


def test_the_operators_invitation_replaces_whatever_there_is(installation: Installation, identity: Identity, owner: Person) -> None:
    """And stands in the team's record, too."""
    given = invited(identity.invitations, owner.caller)
    token = operators_invitation(installation.services, BERTA)
    assert [invited_address(identity, link) for link in (given.token, token)] == [None, BERTA]
    assert [event.actor for event in recorded(installation, EventKind.MEMBER_INVITED)] == [owner.account.id, "operator"]


def test_thirty_invitations_an_hour(installation: Installation, identity: Identity, owner: Person, admin: Person) -> None:
    """Of one member; others go on, and so does this one an hour later."""
    for number in range(INVITATION.free):
        invited(identity.invitations, owner.caller, f"person{number}@example.com")
    outcome = identity.invitations.invite(owner.caller, BERTA, Role.AGENT, "en")
    assert outcome == Denied(ThrottleRefusal.THROTTLED, retry_at=installation.clock.now() + HOUR)
    invited(identity.invitations, admin.caller)


def test_an_account_made_otherwise_ends_the_invitation(installation: Installation, identity: Identity, owner: Person) -> None:
    """By the operator: nobody joins twice, and the roster shows it no more."""
    given = invited(identity.invitations, owner.caller)
    installation.add_account(BERTA, "Berta by hand")
    assert identity.joining.accept(given.token, "Berta", PASSWORD, CLIENT) == GONE
    assert roster(installation.services, owner.caller).invitations == []
