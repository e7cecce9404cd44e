"""Making accounts: the owner by link or command line, others by command line."""

import pytest

from tests.support.installation import CLIENT, PASSWORD, Installation
from tests.use_cases.instrumentation import ObservedHasher, events
from tests.use_cases.use_case_browser import UseCaseBrowser
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.audit.rules.event import OPERATOR, EventKind, NewEvent
from xpressbot.identity.links.charges import LinkRefusal
from xpressbot.identity.outcomes import Denied, SignedIn
from xpressbot.identity.passwords.rules import PasswordWeakness, WeakPassword
from xpressbot.identity.registration.account_creation import Registration
from xpressbot.identity.registration.new_accounts import NewAccount, RegistrationRefusal
from xpressbot.identity.use_cases import Identity

ANNA = NewAccount("anna@example.com", "Anna Berg", PASSWORD)
BERTA = NewAccount("berta@example.com", "Berta", PASSWORD)
GONE = Denied(LinkRefusal.LINK_GONE)


def owners(identity: Identity) -> list[str]:
    return [summary.account.email for summary in identity.administration.list_accounts() if summary.account.role is Role.OWNER]


def link(identity: Identity) -> Token:
    token = identity.registration.issue_welcome_link()
    assert token is not None
    return token


def test_a_fresh_installation_has_no_account_and_no_owner(identity: Identity) -> None:
    """There are no default accounts (ASVS 6.3.2), and no link opens but one that was printed."""
    assert not identity.administration.list_accounts()
    assert not identity.registration.has_owner()
    assert not identity.registration.welcome_is_open(None)
    assert not identity.registration.welcome_is_open(Token(bytes(32)))
    assert identity.registration.claim(None, ANNA, CLIENT) == identity.registration.claim(Token(bytes(32)), ANNA, CLIENT) == GONE


def test_the_welcome_link_makes_the_owner_and_signs_in(installation: Installation, identity: Identity) -> None:
    """The first account is the owner's; its making is its first event, with the browser it was made in."""
    token = link(identity)
    outcome = identity.registration.claim(token, ANNA, CLIENT)
    assert isinstance(outcome, SignedIn)
    owner = UseCaseBrowser(installation)
    owner.session = outcome.session
    assert (owner.me.account.email, owner.me.session.aal, outcome.next_path) == ("anna@example.com", 1, "/")
    assert identity.registration.has_owner()
    assert owners(identity) == ["anna@example.com"]
    recorded = events(installation, owner.me.account.id)
    assert [event.kind for event in recorded] == [EventKind.ACCOUNT_CREATED, EventKind.SIGNED_IN]
    assert recorded[0].details["address"] == CLIENT.address
    assert isinstance(owner.begin(), SignedIn)


def test_a_welcome_link_works_once_and_dies_with_the_claim(identity: Identity) -> None:
    """So do those of other starts, and no new one is made."""
    first, second = link(identity), link(identity)
    assert identity.registration.welcome_is_open(first)
    assert identity.registration.welcome_is_open(second)
    identity.registration.claim(first, ANNA, CLIENT)
    for token in (first, second):
        assert not identity.registration.welcome_is_open(token)
        assert identity.registration.claim(token, BERTA, CLIENT) == GONE
    assert identity.registration.issue_welcome_link() is None
    assert len(identity.administration.list_accounts()) == 1


def test_a_welcome_link_lives_an_hour(installation: Installation, identity: Identity) -> None:
    """In its last second it works; then it does not."""
    token = link(identity)
    installation.clock.advance(minutes=60, seconds=-1)
    assert identity.registration.welcome_is_open(token)
    installation.clock.advance(seconds=1)
    assert not identity.registration.welcome_is_open(token)
    assert identity.registration.claim(token, ANNA, CLIENT) == GONE
    assert not identity.administration.list_accounts()


def test_a_weak_password_leaves_the_link_open(identity: Identity) -> None:
    """The person is told why and may try again."""
    token = link(identity)
    weak = NewAccount("anna@example.com", "Anna Berg", "anna@example.com1")
    assert identity.registration.claim(token, weak, CLIENT) == WeakPassword(PasswordWeakness.CONTEXT, 15)
    assert isinstance(identity.registration.claim(token, ANNA, CLIENT), SignedIn)


@pytest.mark.parametrize(
    ("password", "weakness"),
    [
        ("", PasswordWeakness.TOO_SHORT),
        ("kettle-meadow1", PasswordWeakness.TOO_SHORT),
        ("x" * 1_000_000, PasswordWeakness.TOO_LONG),
        ("passwordpassword", PasswordWeakness.GUESSABLE),
        ("xpressbot-xpressbot", PasswordWeakness.CONTEXT),
        ("anna@example.com1", PasswordWeakness.CONTEXT),
    ],
)
def test_the_command_line_holds_passwords_to_the_same_rules(identity: Identity, password: str, weakness: PasswordWeakness) -> None:
    """The operator's way in is no weaker, and a refusal makes nothing."""
    refusal = identity.registration.create(NewAccount("anna@example.com", "Anna Berg", password))
    assert refusal == WeakPassword(weakness, 15)
    assert not identity.administration.list_accounts()
    assert not identity.registration.has_owner()


def test_the_first_account_of_the_command_line_is_the_owners(installation: Installation, identity: Identity) -> None:
    """Later ones are not; an open welcome link is closed by it; the operator is named in the event."""
    token = link(identity)
    anna, berta = identity.registration.create(ANNA), identity.registration.create(BERTA)
    assert isinstance(anna, Account)
    assert isinstance(berta, Account)
    assert owners(identity) == ["anna@example.com"]
    assert identity.registration.claim(token, NewAccount("c@example.com", "C", PASSWORD), CLIENT) == GONE
    assert events(installation, berta.id) == [NewEvent(EventKind.ACCOUNT_CREATED, {}, actor=OPERATOR)]


@pytest.mark.parametrize("email", ["anna@example.com", "ANNA@EXAMPLE.COM"])
def test_an_address_has_one_account(identity: Identity, email: str) -> None:
    """Another spelling of it is taken as well, and the first account is untouched."""
    identity.registration.create(ANNA)
    before = identity.administration.list_accounts()
    other = NewAccount(email, "Person", "another-violet-anchor-kettle")
    assert identity.registration.create(other) == Denied(RegistrationRefusal.EMAIL_TAKEN)
    assert before == identity.administration.list_accounts()


@pytest.mark.parametrize("rival", [ANNA, BERTA], ids=["the same address", "another address"])
def test_a_claim_that_is_late_by_a_moment_makes_nothing(
    identity: Identity, observed: Registration, hasher: ObservedHasher, rival: NewAccount
) -> None:
    """Another person became the owner while the password was hashed: by command line, whatever the address."""
    token = link(identity)
    hasher.meanwhile = lambda: identity.registration.create(rival)
    assert observed.claim(token, ANNA, CLIENT) == GONE
    assert [summary.account.email for summary in identity.administration.list_accounts()] == owners(identity) == [rival.email]


def test_two_claims_of_one_link_make_one_owner(identity: Identity, observed: Registration, hasher: ObservedHasher) -> None:
    """The one whose write comes first; the other made nothing."""
    token = link(identity)
    hasher.meanwhile = lambda: identity.registration.claim(token, BERTA, CLIENT)
    assert observed.claim(token, ANNA, CLIENT) == GONE
    assert [summary.account.email for summary in identity.administration.list_accounts()] == owners(identity) == [BERTA.email]


def test_a_link_that_expires_while_the_password_is_hashed_makes_nothing(
    installation: Installation, identity: Identity, observed: Registration, hasher: ObservedHasher
) -> None:
    """Its end is looked at again with the write that consumes it."""
    token = link(identity)
    hasher.meanwhile = lambda: installation.clock.advance(hours=1)
    assert observed.claim(token, ANNA, CLIENT) == GONE
    assert not identity.administration.list_accounts()
