"""What owners and admins do to one member (PEOPLE 4, 19, 22)."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from tests.support.installation import CLIENT, PASSWORD, Installation
from tests.support.people import (
    Person,
    caller_with,
    completed,
    invitation,
    pending,
    protected,
    recovery_code,
    refused,
    signed_in,
)
from tests.use_cases.instrumentation import events, kinds, statements
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.accounts.rules.actions import ACTIONS, Action
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.audit.rules.event import OPERATOR, TEAM, EventKind, NewEvent
from xpressbot.identity.factors.totp.kind import Totp, TotpCode
from xpressbot.identity.links.rules import LinkKind, LinkState
from xpressbot.identity.outcomes import Denied, Done, StepUpRequired
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.sessions.listing import ListingRefusal, SessionsEnded
from xpressbot.identity.sign_in.refusals import SignInRefusal
from xpressbot.identity.tables import ACCOUNT, AUTHENTICATOR, KNOWN_BROWSER, LINK, RECOVERY_CODE_SET, SESSION
from xpressbot.identity.team.member_actions import MEMBER_ACTIONS, MemberRefusal
from xpressbot.identity.team.member_page import MemberPage
from xpressbot.identity.team.members import Members
from xpressbot.identity.team.tables import INVITATION
from xpressbot.identity.use_cases import Identity

NOBODY = "0" * 32
Operation = Callable[[Members, Caller, str], object]
ALL: Mapping[Action, Operation] = {
    Action.CHANGE_ROLE: lambda members, caller, member_id: members.change_role(caller, member_id, Role.ADMIN),
    Action.HAND_OVER_OWNERSHIP: Members.hand_over_ownership,
    Action.SUSPEND_MEMBER: Members.suspend,
    Action.REINSTATE_MEMBER: Members.reinstate,
    Action.REMOVE_MEMBER: Members.remove,
    Action.END_MEMBER_SESSION: lambda members, caller, member_id: members.end_session(caller, member_id, NOBODY),
    Action.END_MEMBER_SESSIONS: Members.end_sessions,
}


@pytest.fixture
def owner(installation: Installation) -> Person:
    return protected(installation.services, "anna@example.com")


@pytest.fixture
def admin(installation: Installation, owner: Person) -> Person:
    del owner  # the first account is the owner's
    return protected(installation.services, "carla@example.com", role=Role.ADMIN)


@pytest.fixture
def agent(installation: Installation, owner: Person) -> Person:
    del owner
    return protected(installation.services, "emil@example.com")


@pytest.fixture
def members(identity: Identity) -> Members:
    return identity.members


def again(installation: Installation, person: Person) -> Caller | None:
    """The person at their next request, with the token that their browser had."""
    return installation.services.identity.sessions.resolve(person.caller.client)


def row(installation: Installation, account_id: str) -> Any:
    with installation.services.database.read() as connection:
        return connection.execute(select(ACCOUNT).where(ACCOUNT.c.id == account_id)).one()


def page(identity: Identity, viewer: Person, member_id: str) -> MemberPage:
    found = identity.member_pages.view(viewer.caller, member_id)
    assert isinstance(found, MemberPage), found
    return found


def last_team_event(installation: Installation) -> NewEvent:
    return events(installation, TEAM)[-1]


def test_every_action_is_tried_here() -> None:
    """What is below stands for all of them."""
    assert ALL.keys() == set(MEMBER_ACTIONS)


@pytest.mark.parametrize("action", ALL)
def test_an_action_needs_a_fresh_proof(action: Action, installation: Installation, owner: Person, agent: Person) -> None:
    """Each of them gives or takes power (ASVS 7.5.3)."""
    installation.clock.advance(minutes=6)
    assert ALL[action](installation.services.identity.members, owner.caller, agent.account.id) == StepUpRequired()
    assert last_team_event(installation).kind is EventKind.MEMBER_JOINED


@pytest.mark.parametrize("action", ALL)
def test_the_id_of_nobody_and_of_one_who_has_left_is_no_member(
    action: Action, installation: Installation, members: Members, owner: Person, agent: Person
) -> None:
    """ASVS 8.2.2: removed, or made up, it is answered alike."""
    assert members.remove(owner.caller, agent.account.id) == Done()
    for member_id in (NOBODY, agent.account.id):
        assert ALL[action](members, owner.caller, member_id) == Denied(SessionRefusal.NO_SUCH_MEMBER)
        assert installation.services.identity.member_pages.view(owner.caller, member_id) == Denied(SessionRefusal.NO_SUCH_MEMBER)


@pytest.mark.parametrize("action", ALL)
def test_an_agent_does_nothing_to_anybody(action: Action, members: Members, owner: Person, agent: Person) -> None:
    """ASVS 8.2.1: not to an owner, and not to themselves."""
    for member_id in (owner.account.id, agent.account.id, NOBODY):
        assert ALL[action](members, agent.caller, member_id) == Denied(SessionRefusal.NOT_PERMITTED)


@pytest.mark.parametrize("action", ALL)
def test_an_admin_does_nothing_to_an_owner(action: Action, members: Members, owner: Person, admin: Person) -> None:
    """ASVS 8.2.2: nobody acts on a role above their own, and only owners have to do with roles (PEOPLE 19)."""
    assert ALL[action](members, admin.caller, owner.account.id) == Denied(SessionRefusal.NOT_PERMITTED)


@pytest.mark.parametrize("action", [action for action in ALL if action is not Action.CHANGE_ROLE])
def test_nobody_does_to_themselves_what_is_done_to_others(action: Action, members: Members, owner: Person) -> None:
    """Closing one's account and one's own sessions are in Account Settings."""
    assert ALL[action](members, owner.caller, owner.account.id) == Denied(MemberRefusal.ONES_OWN_ACCOUNT)


def test_without_a_second_factor_an_owner_does_nothing_to_others(installation: Installation, members: Members) -> None:
    """All of team needs AAL 2."""
    services = installation.services
    owner, agent = signed_in(services, "anna@example.com"), signed_in(services, "emil@example.com")
    for operation in ALL.values():
        assert operation(members, owner, agent.account.id) == Denied(SessionRefusal.TWO_FACTOR_NEEDED)
    assert services.identity.member_pages.view(owner, agent.account.id) == Denied(SessionRefusal.TWO_FACTOR_NEEDED)


def test_another_role_counts_at_the_next_request_and_ends_the_step_up(
    installation: Installation, members: Members, owner: Person, agent: Person
) -> None:
    """ASVS 8.3.2: the sessions go on, and prove anew who is there. Both records tell of it; the member's without the owner's browser."""
    services = installation.services
    waiting = pending(services, agent.account.email)
    assert members.change_role(owner.caller, agent.account.id, Role.ADMIN) == Done()
    promoted = again(installation, agent)
    assert promoted is not None
    assert promoted.account.role is Role.ADMIN
    assert promoted.account.security_version == agent.account.security_version + 1
    assert services.identity.step_up.needed_for(promoted, Action.CHANGE_NAME)
    assert members.suspend(promoted, owner.account.id) == Denied(SessionRefusal.NOT_PERMITTED)
    assert refused(services.identity.second_step.claimant(waiting, CLIENT)).reason is SignInRefusal.START_AGAIN
    assert (row(installation, agent.account.id).role_given_by, row(installation, agent.account.id).role_since) == (
        owner.account.id,
        installation.clock.now(),
    )
    told = last_team_event(installation)
    assert (told.kind, told.actor, told.target) == (EventKind.MEMBER_ROLE_CHANGED, owner.account.id, agent.account.id)
    assert told.details.items() >= {"role": "admin", "role_before": "agent", "email": "emil@example.com"}.items()
    own = NewEvent(EventKind.ROLE_CHANGED, {"role": "admin", "role_before": "agent"}, actor=owner.account.id)
    assert events(installation, agent.account.id)[-1] == own
    assert EventKind.ROLE_CHANGED in {notice.kind for notice in services.identity.account_page.dashboard(promoted).notices}


def test_a_session_of_a_recovery_sign_in_loses_its_grant_with_the_role(
    installation: Installation, members: Members, owner: Person, agent: Person
) -> None:
    """What a recovery code lets a session repair without further proof was given to the role of before."""
    services = installation.services
    session = completed(services, pending(services, agent.account.email), recovery_code(agent.codes[0])).session
    caller = caller_with(services, session)
    assert caller.session.may_repair(installation.clock.now())
    assert members.change_role(owner.caller, agent.account.id, Role.ADMIN) == Done()
    assert not caller_with(services, session).session.may_repair(installation.clock.now())


def test_a_session_that_was_void_before_is_not_brought_back_by_another_role(
    installation: Installation, members: Members, owner: Person, agent: Person
) -> None:
    """Only those of the version of a moment before go on."""
    services = installation.services
    with services.database.write() as connection:
        stale = dict(connection.execute(select(SESSION).where(SESSION.c.account_id == agent.account.id)).mappings().one())
        stale |= {"id": "f" * 32, "token_hash": Token(bytes(32)).digest, "security_version": 1}
        connection.execute(insert(SESSION).values(stale))
        connection.commit()
    assert members.change_role(owner.caller, agent.account.id, Role.ADMIN) == Done()
    assert services.identity.sessions.find(Token(bytes(32))) is None


def test_the_role_that_a_member_has_is_not_given_again(installation: Installation, members: Members, owner: Person, agent: Person) -> None:
    """The second of two who give it is told, and no step-up ends."""
    assert members.change_role(owner.caller, agent.account.id, Role.AGENT) == Denied(MemberRefusal.ALREADY_DONE)
    caller = again(installation, agent)
    assert caller is not None
    assert not installation.services.identity.step_up.needed_for(caller, Action.CHANGE_NAME)


def test_the_only_owner_does_not_step_down_and_one_of_two_does(
    installation: Installation, members: Members, owner: Person, admin: Person
) -> None:
    """A suspended owner is none who could act."""
    assert members.change_role(owner.caller, owner.account.id, Role.ADMIN) == Denied(MemberRefusal.NO_OTHER_OWNER)
    assert members.change_role(owner.caller, admin.account.id, Role.OWNER) == Done()
    assert members.suspend(owner.caller, admin.account.id) == Done()
    assert members.change_role(owner.caller, owner.account.id, Role.ADMIN) == Denied(MemberRefusal.NO_OTHER_OWNER)
    assert members.reinstate(owner.caller, admin.account.id) == Done()
    assert members.change_role(owner.caller, owner.account.id, Role.AGENT) == Done()
    stepped_down = again(installation, owner)
    assert stepped_down is not None
    assert stepped_down.account.role is Role.AGENT
    own = events(installation, owner.account.id)[-1]
    assert (own.kind, own.actor, own.details["session"]) == (EventKind.ROLE_CHANGED, owner.account.id, owner.caller.session.id)
    assert members.suspend(stepped_down, admin.account.id) == Denied(SessionRefusal.NOT_PERMITTED)


def test_ownership_is_handed_over_in_one_step(installation: Installation, members: Members, owner: Person, agent: Person) -> None:
    """There is one owner before and after; both have to prove anew who they are."""
    assert members.hand_over_ownership(owner.caller, agent.account.id) == Done()
    before, after = again(installation, owner), again(installation, agent)
    assert before is not None
    assert after is not None
    assert (before.account.role, after.account.role) == (Role.ADMIN, Role.OWNER)
    assert [installation.services.identity.step_up.needed_for(one, Action.CHANGE_NAME) for one in (before, after)] == [True, True]
    told = last_team_event(installation)
    assert (told.kind, told.actor, told.target) == (EventKind.OWNERSHIP_HANDED_OVER, owner.account.id, agent.account.id)
    assert [kinds(installation, one.account.id)[-1] for one in (owner, agent)] == [EventKind.ROLE_CHANGED] * 2


def test_ownership_goes_to_nobody_who_could_not_act_or_has_it(members: Members, owner: Person, agent: Person) -> None:
    """Suspended, or an owner already."""
    assert members.suspend(owner.caller, agent.account.id) == Done()
    assert members.hand_over_ownership(owner.caller, agent.account.id) == Denied(MemberRefusal.MEMBER_SUSPENDED)
    assert members.reinstate(owner.caller, agent.account.id) == Done()
    assert members.change_role(owner.caller, agent.account.id, Role.OWNER) == Done()
    assert members.hand_over_ownership(owner.caller, agent.account.id) == Denied(MemberRefusal.ALREADY_DONE)


def test_a_suspended_member_has_no_session_sign_in_or_link_until_they_are_reinstated(
    installation: Installation, members: Members, admin: Person, agent: Person
) -> None:
    """And nothing of before comes back with the status; password, 2FA and role do."""
    services = installation.services
    waiting, link = pending(services, agent.account.email), services.identity.password_reset.issue(agent.account.email)
    assert isinstance(link, Token)
    assert members.suspend(admin.caller, agent.account.id) == Done()
    assert again(installation, agent) is None
    assert _begins(services.identity, agent) == Denied(PasswordRefusal.WRONG_CREDENTIALS)
    assert members.suspend(admin.caller, agent.account.id) == Denied(MemberRefusal.ALREADY_DONE)
    assert page(services.identity, admin, agent.account.id).status is AccountStatus.DISABLED
    assert members.reinstate(admin.caller, agent.account.id) == Done()
    assert members.reinstate(admin.caller, agent.account.id) == Denied(MemberRefusal.ALREADY_DONE)
    assert again(installation, agent) is None
    assert refused(services.identity.second_step.claimant(waiting, CLIENT)).reason is SignInRefusal.START_AGAIN
    assert services.identity.link_states.of(LinkKind.PASSWORD, link) is LinkState.OUTDATED
    back = completed(services, pending(services, agent.account.email), TotpCode(agent.phone.code()))
    assert caller_with(services, back.session).account.role is Role.AGENT
    recorded = [event for event in events(installation, TEAM) if event.kind is not EventKind.MEMBER_JOINED]
    assert [(event.kind, event.actor, event.target) for event in recorded] == [
        (EventKind.MEMBER_SUSPENDED, admin.account.id, agent.account.id),
        (EventKind.MEMBER_REINSTATED, admin.account.id, agent.account.id),
    ]
    own = [event for event in events(installation, agent.account.id) if event.actor == admin.account.id]
    assert own == [NewEvent(kind, {}, actor=admin.account.id) for kind in (EventKind.ACCOUNT_DISABLED, EventKind.ACCOUNT_ENABLED)]


def test_an_admin_who_was_suspended_is_reinstated_by_owners_alone(
    installation: Installation, members: Members, owner: Person, admin: Person
) -> None:
    """It makes an admin, which only owners do. Agents are any admin's to reinstate."""
    other = protected(installation.services, "dora@example.com", role=Role.ADMIN)
    assert members.suspend(other.caller, admin.account.id) == Done()
    assert members.reinstate(other.caller, admin.account.id) == Denied(MemberRefusal.NOT_ONES_TO_GIVE)
    assert Action.REINSTATE_MEMBER not in page(installation.services.identity, other, admin.account.id).actions
    assert members.reinstate(owner.caller, admin.account.id) == Done()


def test_a_removed_member_leaves_a_row_and_a_record_and_nothing_that_opens_anything(
    installation: Installation, members: Members, owner: Person, admin: Person
) -> None:
    """PEOPLE 22: status, key of the address, factors, codes, links, known browsers, exemption, requests; and the address is free."""
    services, gone = installation.services, admin.account
    assert isinstance(services.identity.password_reset.issue(gone.email), Token)
    with services.database.write() as connection:
        connection.execute(ACCOUNT.update().where(ACCOUNT.c.id == gone.id).values(must_enrol=True, exempt_until=1, exempt_reason="x"))
        connection.commit()
    assert members.remove(owner.caller, gone.id) == Done()
    left = row(installation, gone.id)
    assert (left.status, left.email_key, left.password_hash, left.email) == ("removed", None, "", gone.email)
    assert (left.must_enrol, left.exempt_until, left.exempt_reason, left.protected_since) == (False, None, None, None)
    with services.database.read() as connection:
        for table in (SESSION, RECOVERY_CODE_SET, LINK, KNOWN_BROWSER):
            assert connection.execute(select(table).where(table.c.account_id == gone.id)).all() == []
        assert {one.state for one in connection.execute(select(AUTHENTICATOR).where(AUTHENTICATOR.c.account_id == gone.id))} <= {"revoked"}
    told = last_team_event(installation)
    assert (told.kind, told.target, told.details["email"], told.details["role"]) == (EventKind.MEMBER_REMOVED, gone.id, gone.email, "admin")
    assert events(installation, gone.id)[-1] == NewEvent(EventKind.ACCOUNT_REMOVED, {}, actor=owner.account.id)
    assert invitation(services, gone.email)
    anew = signed_in(services, gone.email, role=Role.AGENT)
    assert anew.account.id != gone.id
    assert services.identity.registration.issue_welcome_link() is None


def test_who_steps_down_keeps_the_giver_of_their_role(installation: Installation, members: Members, owner: Person, admin: Person) -> None:
    """Else a role that was given lately would look like one that nobody has given, and count for an approval."""
    assert members.change_role(owner.caller, admin.account.id, Role.OWNER) == Done()
    with installation.services.database.write() as connection:
        connection.execute(update(SESSION).values(proven_at=installation.clock.now()))
        connection.commit()
    assert members.change_role(caller_with(installation.services, admin.caller.token), admin.account.id, Role.ADMIN) == Done()
    with installation.services.database.read() as connection:
        stored = connection.execute(select(ACCOUNT.c.role, ACCOUNT.c.role_given_by).where(ACCOUNT.c.id == admin.account.id)).one()
    assert tuple(stored) == ("admin", owner.account.id)


def test_what_a_removed_member_had_begun_goes_with_them(
    installation: Installation, members: Members, owner: Person, admin: Person, agent: Person
) -> None:
    """Invitations that they gave, with their links, and requests by them or for them. What others have begun stays."""
    services, now = installation.services, installation.clock.now()
    with services.database.write() as connection:
        for number, by in enumerate((admin, owner)):
            given = {"id": str(number) * 32, "email": f"new{number}@example.com", "email_key": f"new{number}@example.com", "role": "agent"}
            connection.execute(insert(INVITATION).values(**given, invited_by=by.account.id, invited_at=now, expires_at=now + 1))
            link = {"token_hash": bytes([number]) * 32, "kind": "invite", "created_at": now, "expires_at": now + 1, "about": given["id"]}
            connection.execute(insert(LINK).values(link))
        connection.commit()
    assert members.remove(owner.caller, admin.account.id) == Done()
    with services.database.read() as connection:
        assert [one.email for one in connection.execute(select(INVITATION))] == ["new1@example.com"]
        of_links = select(LINK.c.about).where(LINK.c.kind == "invite", LINK.c.consumed_at.is_(None))
        assert connection.execute(of_links).scalars().all() == ["1" * 32]


def test_a_member_is_signed_out_of_one_browser_or_of_all(
    installation: Installation, members: Members, admin: Person, agent: Person
) -> None:
    """ASVS 7.4.5: recorded in both chains, and told to the member; what was decided on the account stays."""
    services = installation.services
    second = completed(services, pending(services, agent.account.email), TotpCode(agent.phone.code())).session
    shown = page(services.identity, admin, agent.account.id).sessions
    assert {one.session.id for one in shown} == {agent.caller.session.id, caller_with(services, second).session.id}
    assert members.end_session(admin.caller, agent.account.id, agent.caller.session.id) == SessionsEnded(1)
    assert again(installation, agent) is None
    assert services.identity.sessions.find(second) is not None
    gone = members.end_session(admin.caller, agent.account.id, agent.caller.session.id)
    assert gone == Denied(ListingRefusal.NO_SUCH_SESSION)
    assert members.end_sessions(admin.caller, agent.account.id) == SessionsEnded(1)
    assert members.end_sessions(admin.caller, agent.account.id) == SessionsEnded(0)
    assert services.identity.sessions.find(second) is None
    recorded = [event for event in events(installation, TEAM) if event.kind is EventKind.MEMBER_SESSIONS_ENDED]
    assert [(event.actor, event.target, event.details["sessions_ended"]) for event in recorded] == [
        (admin.account.id, agent.account.id, 1)
    ] * 2
    own = [event for event in events(installation, agent.account.id) if event.actor == admin.account.id]
    assert own == [NewEvent(EventKind.SESSIONS_ENDED_BY_TEAM, {"sessions_ended": 1}, actor=admin.account.id)] * 2


def test_a_session_of_another_member_is_not_ended_by_this_ones_page(
    installation: Installation, members: Members, owner: Person, admin: Person, agent: Person
) -> None:
    """ASVS 8.2.2: not one's own, and not an owner's."""
    for person in (admin, owner):
        ended = members.end_session(admin.caller, agent.account.id, person.caller.session.id)
        assert ended == Denied(ListingRefusal.NO_SUCH_SESSION)
        assert again(installation, person) is not None


def test_a_page_shows_what_concerns_the_team_and_nothing_else_of_a_member(
    installation: Installation, members: Members, owner: Person, agent: Person
) -> None:
    """ASVS 15.3.1: the fields are these; no event of the member's own record is among them, and no hash, secret or code."""
    identity = installation.services.identity
    members.suspend(owner.caller, agent.account.id)
    found = page(identity, owner, agent.account.id)
    assert (found.email, found.name, found.role, found.is_email_confirmed) == (agent.account.email, "Anna Berg", Role.AGENT, True)
    assert (found.protected_since, found.authenticators, found.backups_left) == (installation.clock.now(), {Totp.name: 1}, 10)
    assert (found.last_signed_in_at, found.joined_at, found.role_since) == (installation.clock.now(),) * 3
    assert [event.kind for event in found.events] == [EventKind.MEMBER_SUSPENDED, EventKind.MEMBER_JOINED]
    assert {event.subject for event in found.events} == {TEAM}
    assert {one.id: one.name for one in found.people.values()} == {owner.account.id: "Anna Berg"}
    text = repr(found)
    assert row(installation, agent.account.id).password_hash not in text
    assert not any(code in text for code in agent.codes)
    assert repr(agent.secret) not in text


def test_sessions_of_a_role_above_are_not_shown(installation: Installation, owner: Person, admin: Person) -> None:
    """Nor anything that could be done to them."""
    found = page(installation.services.identity, admin, owner.account.id)
    assert (found.sessions, found.actions, found.may_be_acted_on) == ((), frozenset(), False)


def test_a_page_offers_what_the_use_cases_would_do(
    installation: Installation, members: Members, owner: Person, admin: Person, agent: Person
) -> None:
    """Of each viewer and member, active and suspended."""
    other = protected(installation.services, "dora@example.com", role=Role.ADMIN)
    for _status in range(2):
        for viewer in (owner, admin):
            for member in (owner, admin, other, agent):
                found = page(installation.services.identity, viewer, member.account.id)
                for action, needed in ACTIONS.items():
                    if action not in ALL:
                        assert action not in found.actions
                    elif action not in found.actions:
                        assert isinstance(ALL[action](members, viewer.caller, member.account.id), Denied), (viewer, member, action, needed)
        members.suspend(owner.caller, other.account.id)
        members.suspend(owner.caller, agent.account.id)
    offered = page(installation.services.identity, owner, agent.account.id).actions
    assert offered == set(MEMBER_ACTIONS) - {Action.SUSPEND_MEMBER, Action.HAND_OVER_OWNERSHIP}
    assert page(installation.services.identity, owner, owner.account.id).actions == {Action.CHANGE_ROLE}


def test_a_page_takes_the_same_statements_for_few_events_and_many(
    installation: Installation, members: Members, owner: Person, agent: Person
) -> None:
    """However much was done to the member."""
    counts = []
    for _round in range(2):
        for _time in range(15):
            members.suspend(owner.caller, agent.account.id)
            members.reinstate(owner.caller, agent.account.id)
        with statements(installation) as sent:
            shown = page(installation.services.identity, owner, agent.account.id)
        counts.append(len(sent))
    assert len(shown.events) == 25
    assert counts[0] == counts[1] <= 8


def test_whom_to_ask_for_help_is_in_everyones_settings(
    installation: Installation, members: Members, owner: Person, admin: Person, agent: Person
) -> None:
    """Owners first; who is suspended could not help."""
    other = protected(installation.services, "dora@example.com", role=Role.ADMIN)
    settings = installation.services.identity.account_page.settings
    assert settings(agent.caller).leaders == [("Anna Berg", Role.OWNER), ("Anna Berg", Role.ADMIN), ("Anna Berg", Role.ADMIN)]
    members.suspend(owner.caller, other.account.id)
    assert len(settings(agent.caller).leaders) == 2
    assert admin.account.role is Role.ADMIN


def test_the_operator_gives_and_takes_roles_and_removes(
    installation: Installation, identity: Identity, owner: Person, agent: Person
) -> None:
    """The way out for a team whose only owner is away. It leaves none without an owner."""
    operator = identity.member_administration
    assert operator.change_role("nobody@example.com", Role.OWNER) is None
    assert operator.remove("nobody@example.com") is None
    assert operator.change_role(agent.account.email, Role.AGENT) == Denied(MemberRefusal.ALREADY_DONE)
    assert operator.change_role(owner.account.email, Role.AGENT) == Denied(MemberRefusal.NO_OTHER_OWNER)
    assert operator.remove(owner.account.email) == Denied(MemberRefusal.NO_OTHER_OWNER)
    assert operator.change_role(agent.account.email, Role.OWNER) == Done()
    caller = again(installation, agent)
    assert caller is not None
    assert (caller.account.role, identity.step_up.needed_for(caller, Action.CHANGE_NAME)) == (Role.OWNER, True)
    told = last_team_event(installation)
    details = {"email": agent.account.email, "role": "owner", "role_before": "agent"}
    assert told == NewEvent(EventKind.MEMBER_ROLE_CHANGED, details, actor=OPERATOR, target=agent.account.id)
    assert events(installation, agent.account.id)[-1].actor == OPERATOR
    assert operator.remove(owner.account.email) == Done()
    assert again(installation, owner) is None
    assert last_team_event(installation).kind is EventKind.MEMBER_REMOVED
    assert operator.remove(owner.account.email) is None


def test_what_the_operator_disables_stands_in_the_teams_record(installation: Installation, identity: Identity, agent: Person) -> None:
    """As what an admin suspends does."""
    for status, kind in ((AccountStatus.DISABLED, EventKind.MEMBER_SUSPENDED), (AccountStatus.ACTIVE, EventKind.MEMBER_REINSTATED)):
        identity.administration.set_status(agent.account.email, status)
        expected = NewEvent(kind, {"email": agent.account.email}, actor=OPERATOR, target=agent.account.id)
        assert last_team_event(installation) == expected


def test_who_leaves_by_closing_the_account_leaves_the_team(installation: Installation, identity: Identity, agent: Person) -> None:
    """One event in each record."""
    assert identity.account_closing.close(agent.caller) == Done()
    told = last_team_event(installation)
    assert (told.kind, told.actor, told.target) == (EventKind.MEMBER_LEFT, agent.account.id, agent.account.id)
    assert kinds(installation, agent.account.id)[-1] is EventKind.ACCOUNT_CLOSED


def _begins(identity: Identity, person: Person) -> object:
    return identity.password_step.begin(person.account.email, PASSWORD, "/", CLIENT)
