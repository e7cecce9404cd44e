"""Invitations: a link with which the person at an address makes their own account, once."""

import pytest
from sqlalchemy import select, update

from tests.support.installation import CLIENT, PASSWORD, Installation
from tests.support.people import invited_address
from tests.use_cases.instrumentation import ObservedHasher, events
from tests.use_cases.use_case_browser import ANNA, UseCaseBrowser
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.links.charges import LinkRefusal
from xpressbot.identity.outcomes import Denied, EnrolmentRequired, Reason, SignedIn
from xpressbot.identity.passwords.rules import PasswordWeakness, WeakPassword
from xpressbot.identity.registration.new_accounts import NewAccount
from xpressbot.identity.tables import LINK
from xpressbot.identity.team.invitations import InvitationRefusal
from xpressbot.identity.team.joining import Joining
from xpressbot.identity.use_cases import Identity

BERTA = "berta.sommer@example.com"
GONE = Denied(LinkRefusal.LINK_GONE)
TAKEN = Denied(InvitationRefusal.ALREADY_MEMBER)


def invite(identity: Identity, email: str = BERTA) -> Token:
    token = identity.invitations.issue(email)
    assert isinstance(token, Token), token
    return token


def accept(
    identity: Identity, token: Token | None, password: str = PASSWORD
) -> SignedIn | EnrolmentRequired | WeakPassword | Denied[Reason]:
    return identity.joining.accept(token, "Berta Sommer", password, CLIENT)


def addresses(identity: Identity) -> list[str]:
    return [summary.account.email for summary in identity.administration.list_accounts()]


def test_an_invitation_makes_the_account_and_signs_it_in(installation: Installation, identity: Identity, anna: Account) -> None:
    """For the address that was invited, with the name and password the person chose; it is no owner's."""
    token = invite(identity)
    assert invited_address(identity, token) == BERTA
    outcome = accept(identity, token)
    assert isinstance(outcome, SignedIn)
    berta = UseCaseBrowser(installation, email=BERTA)
    berta.session = outcome.session
    assert (berta.me.account.email, berta.me.account.name, berta.me.session.aal) == (BERTA, "Berta Sommer", 1)
    assert [(summary.account.role is Role.OWNER) for summary in identity.administration.list_accounts()] == [True, False]
    recorded = events(installation, berta.me.account.id)
    assert [event.kind for event in recorded] == [EventKind.ACCOUNT_CREATED, EventKind.SIGNED_IN]
    assert recorded[0].details == {"address": CLIENT.address, "user_agent": CLIENT.user_agent, "invited": True}
    assert isinstance(berta.begin(), SignedIn)


def test_an_invitation_works_once(identity: Identity, anna: Account) -> None:
    """Opened, it stays good; accepted, it is gone."""
    token = invite(identity)
    assert [invited_address(identity, token) for _opening in range(3)] == [BERTA] * 3
    accept(identity, token)
    assert invited_address(identity, token) is None
    assert accept(identity, token) == GONE
    assert addresses(identity) == [ANNA, BERTA]


def test_an_invitation_lives_24_hours(installation: Installation, identity: Identity) -> None:
    """In its last second it works; then it makes nothing."""
    token = invite(identity)
    installation.clock.advance(hours=24, seconds=-1)
    assert invited_address(identity, token) == BERTA
    installation.clock.advance(seconds=1)
    assert invited_address(identity, token) is None
    assert accept(identity, token) == GONE
    assert addresses(identity) == []


@pytest.mark.parametrize("spelling", [BERTA, "BERTA.Sommer@Example.COM"])
def test_a_second_invitation_voids_the_first(identity: Identity, spelling: str) -> None:
    """Also when the address is spelt another way; that of another person stays good."""
    first, others = invite(identity), invite(identity, "clara@example.com")
    second = invite(identity, spelling)
    assert [invited_address(identity, token) for token in (first, second, others)] == [None, spelling, "clara@example.com"]
    assert accept(identity, first) == GONE
    assert isinstance(accept(identity, second), SignedIn)


@pytest.mark.parametrize("email", [ANNA, "ANNA@EXAMPLE.COM"])
def test_an_address_that_has_an_account_is_not_invited(installation: Installation, identity: Identity, anna: Account, email: str) -> None:
    """However it is spelt; no link is made."""
    assert identity.invitations.issue(email) == TAKEN
    with installation.services.database.read() as connection:
        assert connection.execute(select(LINK)).all() == []


def test_an_address_that_got_an_account_meanwhile_gets_no_second_one(installation: Installation, identity: Identity) -> None:
    """The invitation is void from then on; the account that is there is untouched."""
    token = invite(identity)
    account = installation.add_account("Berta.Sommer@example.com", "Berta by hand")
    assert invited_address(identity, token) is None
    assert accept(identity, token, "another-violet-anchor-kettle") == GONE
    assert identity.administration.list_accounts()[0].account == account
    assert len(addresses(identity)) == 1


@pytest.mark.parametrize(
    ("password", "weakness"),
    [
        ("kettle-meadow1", PasswordWeakness.TOO_SHORT),
        ("passwordpassword", PasswordWeakness.GUESSABLE),
        ("xpressbot-xpressbot", PasswordWeakness.CONTEXT),
        ("berta.sommer@example.com", PasswordWeakness.CONTEXT),
        ("sommer-berta-sommer-1", PasswordWeakness.CONTEXT),
    ],
)
def test_a_weak_password_is_refused_and_the_link_stays_good(identity: Identity, password: str, weakness: PasswordWeakness) -> None:
    """The same rules as for every account, with the invited address among the words that count for nothing."""
    token = invite(identity)
    assert accept(identity, token, password) == WeakPassword(weakness, 15)
    assert invited_address(identity, token) == BERTA
    assert isinstance(accept(identity, token), SignedIn)


@pytest.mark.parametrize("token", [None, Token(bytes(32))], ids=["none", "unknown"])
def test_without_an_invitation_nothing_is_hashed_and_nothing_made(
    identity: Identity, joining: Joining, hasher: ObservedHasher, token: Token | None
) -> None:
    """A stranger cannot keep the hash threads busy here."""
    assert joining.accept(token, "Berta", PASSWORD, CLIENT) == GONE
    assert joining.invited(token) is None
    assert (hasher.calls, addresses(identity)) == ([], [])


def test_links_of_other_kinds_are_no_invitations(installation: Installation, identity: Identity) -> None:
    """Nor is an invitation one of those."""
    welcome, invitation = identity.registration.issue_welcome_link(), invite(identity)
    assert invited_address(identity, welcome) is None
    assert accept(identity, welcome) == GONE
    assert not identity.registration.welcome_is_open(invitation)
    assert identity.registration.claim(invitation, NewAccount(BERTA, "Berta", PASSWORD), CLIENT) == GONE
    assert not identity.re_enrolment.is_open(invitation)


def test_the_first_account_of_an_installation_is_the_owners_also_by_invitation(identity: Identity) -> None:
    """With it the welcome link dies."""
    welcome, token = identity.registration.issue_welcome_link(), invite(identity)
    accept(identity, token)
    assert [(summary.account.role is Role.OWNER) for summary in identity.administration.list_accounts()] == [True]
    assert not identity.registration.welcome_is_open(welcome)
    assert identity.registration.issue_welcome_link() is None


def test_an_invitation_of_before_the_owner_makes_an_ordinary_account(identity: Identity) -> None:
    """Who comes second is not the owner, whichever person was invited first."""
    token, welcome = invite(identity), identity.registration.issue_welcome_link()
    identity.registration.claim(welcome, NewAccount(ANNA, "Anna", PASSWORD), CLIENT)
    accept(identity, token)
    owners = {summary.account.email: (summary.account.role is Role.OWNER) for summary in identity.administration.list_accounts()}
    assert owners == {ANNA: True, BERTA: False}


def test_two_who_accept_at_once_make_one_account(identity: Identity, joining: Joining, hasher: ObservedHasher) -> None:
    """By the one whose write comes first; the other is told that the account is there."""
    token = invite(identity)
    hasher.meanwhile = lambda: accept(identity, token)
    assert joining.accept(token, "Another person", PASSWORD, CLIENT) == TAKEN
    (only,) = identity.administration.list_accounts()
    assert (only.account.email, only.account.name) == (BERTA, "Berta Sommer")


def test_an_account_made_while_the_password_is_hashed_is_not_overwritten(
    identity: Identity, joining: Joining, hasher: ObservedHasher
) -> None:
    """Nothing of the late one is left: no session, no event, no second account."""
    token = invite(identity)
    hasher.meanwhile = lambda: identity.registration.create(NewAccount(BERTA, "Berta by hand", PASSWORD))
    assert joining.accept(token, "Berta", PASSWORD, CLIENT) == TAKEN
    assert [summary.account.name for summary in identity.administration.list_accounts()] == ["Berta by hand"]


def test_an_invitation_that_an_account_overtook_makes_no_second_one(installation: Installation, identity: Identity) -> None:
    """Issued in the moment in which the account was made, so that neither saw the other."""
    token = invite(identity)
    installation.add_account(BERTA, "Berta by hand")
    with installation.services.database.write() as connection:
        connection.execute(update(LINK).values(consumed_at=None))
        connection.commit()
    assert accept(identity, token) == TAKEN
    assert addresses(identity) == [BERTA]


@pytest.mark.parametrize("meanwhile", ["expires", "is voided"])
def test_an_invitation_that_ends_while_the_password_is_hashed_makes_nothing(
    installation: Installation, identity: Identity, joining: Joining, hasher: ObservedHasher, meanwhile: str
) -> None:
    """It is looked at again with the write that consumes it."""
    token = invite(identity)
    hasher.meanwhile = {"expires": lambda: installation.clock.advance(hours=24), "is voided": lambda: invite(identity)}[meanwhile]
    assert joining.accept(token, "Berta", PASSWORD, CLIENT) == GONE
    assert addresses(identity) == []


def test_accepting_where_another_person_is_signed_in_ends_their_session_there(
    installation: Installation, identity: Identity, anna: Account, visitor: UseCaseBrowser
) -> None:
    """As any sign-in in that browser does; Anna's other sessions go on."""
    elsewhere = UseCaseBrowser(installation).sign_in()
    visitor.sign_in()
    outcome = identity.joining.accept(invite(identity), "Berta", PASSWORD, visitor.client)
    assert isinstance(outcome, SignedIn)
    assert visitor.caller is None
    assert elsewhere.me.account.email == ANNA
