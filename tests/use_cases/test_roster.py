"""The roster: what it shows of each member, the filter, pages by key, and its statements."""

from collections.abc import Sequence

import pytest
from sqlalchemy import update

from tests.support.installation import CLIENT, Installation
from tests.support.many_accounts import add_accounts
from tests.support.people import Person, added, completed, pending, protected, recovery_code, reset, signed_in
from tests.support.teams import BERTA, invited, member, owner_and_admin, roster
from tests.use_cases.instrumentation import statements
from xpressbot.foundation.times import DAY
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.tables import ACCOUNT
from xpressbot.identity.team.roster import PAGE_SIZE, RosterPage
from xpressbot.identity.team.rules.roster import MemberState, RosterFilter
from xpressbot.identity.use_cases import Identity


@pytest.fixture
def owner(installation: Installation) -> Person:
    return protected(installation.services, "owner@example.com")


def change(installation: Installation, email: str, **columns: object) -> None:
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).where(ACCOUNT.c.email == email).values(columns))
        connection.commit()


def shown(page: RosterPage) -> Sequence[str]:
    return [one.account.email for one in page.members]


def test_it_shows_how_each_member_is_protected(installation: Installation, owner: Person) -> None:
    """Kinds and number of authenticators, since when, codes left, and when they last signed in; without 2FA, nothing of it."""
    since = installation.clock.now()
    installation.clock.advance(minutes=2)
    added(installation.services, owner.caller, "Tablet")
    installation.clock.advance(minutes=2)
    signed = completed(installation.services, pending(installation.services, "owner@example.com"), recovery_code(owner.codes[0]))
    caller = installation.services.identity.sessions.resolve(CLIENT.__class__(CLIENT.address, CLIENT.user_agent, signed.session))
    assert caller is not None
    installation.add_account(BERTA, "Berta Sommer")
    found = member(installation.services, caller, "owner@example.com")
    assert [one.kind for one in found.protection.authenticators] == ["totp", "totp"]
    assert (found.protection.since, found.backups_left, found.last_signed_in_at) == (since, 9, installation.clock.now())
    berta = member(installation.services, caller, BERTA)
    assert (berta.protection.is_on, berta.backups_left, berta.last_signed_in_at) == (False, 0, None)


def test_an_exemption_is_shown_until_it_ends(installation: Installation, owner: Person) -> None:
    """With its reason."""
    signed_in(installation.services, BERTA)
    now = installation.clock.now()
    change(installation, BERTA, exempt_until=now + DAY, exempt_reason="No phone yet")
    found = member(installation.services, owner.caller, BERTA)
    assert (found.exempt_until, found.exempt_reason) == (now + DAY, "No phone yet")
    change(installation, BERTA, exempt_until=now)
    assert member(installation.services, owner.caller, BERTA).exempt_until is None


def test_the_share_counts_active_members(installation: Installation, owner: Person) -> None:
    """Suspended ones cannot sign in, and removed ones are no members."""
    for name in ("a", "b", "c"):
        signed_in(installation.services, f"{name}@example.com")
    change(installation, "a@example.com", status="disabled")
    change(installation, "b@example.com", status="removed", email_key=None)
    page = roster(installation.services, owner.caller)
    assert (page.counts.active, page.counts.protected) == (2, 1)
    assert shown(page) == ["a@example.com", "c@example.com", "owner@example.com"]


@pytest.mark.parametrize(
    ("state", "emails"),
    [
        (MemberState.PROTECTED, ["owner@example.com"]),
        (MemberState.UNPROTECTED, ["exempt@example.com", "reset@example.com", "suspended@example.com", "unconfirmed@example.com"]),
        (MemberState.MUST_ENROL, ["reset@example.com"]),
        (MemberState.EXEMPT, ["exempt@example.com"]),
        (MemberState.UNCONFIRMED, ["unconfirmed@example.com"]),
        (MemberState.SUSPENDED, ["suspended@example.com"]),
        (MemberState.INVITED, []),
    ],
)
def test_the_filter_shows_the_members_in_a_state(
    installation: Installation, identity: Identity, owner: Person, state: MemberState, emails: list[str]
) -> None:
    """Those alone; the invitations stand beside all members, and where they are asked for."""
    protected(installation.services, "reset@example.com")
    reset(installation.services, "reset@example.com")
    for name in ("exempt", "suspended", "unconfirmed"):
        signed_in(installation.services, f"{name}@example.com")
    change(installation, "exempt@example.com", exempt_until=installation.clock.now() + DAY)
    change(installation, "suspended@example.com", status="disabled")
    change(installation, "unconfirmed@example.com", email_confirmed_at=None)
    invited(identity.invitations, owner.caller)
    page = roster(installation.services, owner.caller, RosterFilter(state=state))
    assert shown(page) == emails
    assert [one.invitation.email for one in page.invitations] == ([BERTA] if state is MemberState.INVITED else [])
    assert [one.invitation.email for one in roster(installation.services, owner.caller).invitations] == [BERTA]


@pytest.mark.parametrize(
    ("text", "emails"),
    [
        ("berta", ["berta@example.com"]),
        ("BERTA@", ["berta@example.com"]),
        ("ÉLODIE", ["elle@example.com"]),
        ("élodie b", ["elle@example.com"]),
        ("%", []),
        ("_", []),
        ("\\", []),
        ("'", []),
        ("BÜCHER", ["carl@bücher.example"]),
        ("example", ["berta@example.com", "carl@bücher.example", "elle@example.com", "owner@example.com"]),
    ],
)
def test_the_filter_finds_parts_of_names_and_addresses(installation: Installation, owner: Person, text: str, emails: list[str]) -> None:
    """Without regard to capitals, in every script; what means something to a database means nothing here."""
    for email, name in ((BERTA, "Berta Sommer"), ("elle@example.com", "Élodie Brun"), ("carl@bücher.example", "Carl")):
        installation.add_account(email, name)
    assert shown(roster(installation.services, owner.caller, RosterFilter(text))) == emails


def test_a_changed_name_is_found_under_the_new_one(installation: Installation, identity: Identity, owner: Person) -> None:
    """And no more under the old one."""
    identity.name_change.change(owner.caller, "Zoë Öst")
    assert [shown(roster(installation.services, owner.caller, RosterFilter(text))) for text in ("zoë ös", "Anna Berg")] == [
        ["owner@example.com"],
        [],
    ]


def test_pages_follow_each_other_by_key(installation: Installation, owner: Person) -> None:
    """Every member is on one page, in the order of addresses, also with a filter."""
    add_accounts(installation, 2 * PAGE_SIZE + 5)
    for asked in (RosterFilter(), RosterFilter("person", MemberState.PROTECTED)):
        seen: list[str] = []
        after = ""
        while True:
            page = roster(installation.services, owner.caller, asked, after)
            seen += shown(page)
            if page.next_members is None:
                break
            assert len(page.members) == PAGE_SIZE
            after = page.next_members
        assert len(seen) == len(set(seen)) == 2 * PAGE_SIZE + 5 + (asked.is_for_all)
        assert seen == sorted(seen)


def test_invitations_follow_each_other_by_key(installation: Installation, owner: Person) -> None:
    """As members do, on the pages that show them alone."""
    add_accounts(installation, PAGE_SIZE + 5)
    first = roster(installation.services, owner.caller)
    assert (len(first.invitations), first.next_invitations is None) == (PAGE_SIZE, False)
    second = roster(installation.services, owner.caller, RosterFilter(state=MemberState.INVITED), first.next_invitations or "")
    assert (len(second.invitations), second.next_invitations) == (5, None)


def test_ten_and_thousands_of_members_take_the_same_number_of_statements(installation: Installation, owner: Person) -> None:
    """One for the counts, one for the members, two for what protects those on the page, one for the invitations."""
    add_accounts(installation, 9)
    with statements(installation) as few:
        roster(installation.services, owner.caller)
    add_accounts(installation, 2000, first=9)
    with statements(installation) as many:
        roster(installation.services, owner.caller)
    assert len(few) == len(many) == 5, many


def test_an_agent_sees_no_roster(installation: Installation, identity: Identity, owner: Person) -> None:
    """It is not for their role."""
    agent = protected(installation.services, "agent@example.com")
    assert identity.roster.look(agent.caller, RosterFilter()) == Denied(SessionRefusal.NOT_PERMITTED)


def test_an_invitation_that_stands_no_more_is_shown_as_void(installation: Installation, identity: Identity) -> None:
    """So that somebody who may can give it out anew."""
    owner, admin = owner_and_admin(installation.services)
    invited(identity.invitations, admin.caller)
    change(installation, "admin@example.com", role=Role.AGENT.value)
    (pending_invitation,) = roster(installation.services, owner.caller).invitations
    assert not pending_invitation.invitation.stands(pending_invitation.inviter)
