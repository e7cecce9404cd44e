"""What an operator does from the command line."""

from tests.support.installation import Installation
from tests.use_cases.instrumentation import events, kinds
from tests.use_cases.use_case_browser import ANNA, UseCaseBrowser, canonical
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.audit.rules.event import OPERATOR, EventKind, NewEvent
from xpressbot.identity.outcomes import Denied, SignedIn
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.use_cases import Identity


def test_accounts_are_listed_by_address_with_their_protection(
    installation: Installation, identity: Identity, visitor: UseCaseBrowser
) -> None:
    """Owner, since when 2FA is on, how many codes are left."""
    installation.add_account("aaron@example.com", "Aaron")
    visitor.sign_in().enable()
    codes, since = visitor.codes(), installation.clock.now()
    installation.clock.advance(minutes=5)
    visitor.sign_in(canonical(codes[0]))
    aaron, anna = identity.administration.list_accounts()
    assert (aaron.account.email, aaron.account.role, aaron.protected_since, aaron.codes_left) == ("aaron@example.com", Role.AGENT, None, 0)
    assert (anna.account.email, anna.account.role, anna.protected_since, anna.codes_left) == (ANNA, Role.OWNER, since, 9)
    assert anna == identity.administration.summary(" ANNA@example.com ")


def test_an_unknown_address_is_none(identity: Identity, anna: Account) -> None:
    """Neither a summary nor a change of status."""
    assert identity.administration.summary("nobody@example.com") is None
    assert identity.administration.set_status("nobody@example.com", AccountStatus.DISABLED) is None


def test_a_disabled_account_signs_in_no_more_until_it_is_enabled(
    installation: Installation, identity: Identity, anna: Account, visitor: UseCaseBrowser
) -> None:
    """Each change is one event of the operator's, and 2FA is as it was."""
    app = visitor.sign_in().enable()
    assert identity.administration.set_status(ANNA, AccountStatus.DISABLED) is not None
    assert visitor.begin() == Denied(PasswordRefusal.WRONG_CREDENTIALS)
    assert identity.administration.set_status(ANNA, AccountStatus.ACTIVE) is not None
    visitor.begin()
    visitor.clock.advance(seconds=30)
    assert isinstance(visitor.code(app.code()), SignedIn)
    expected = [NewEvent(kind, {}, actor=OPERATOR) for kind in (EventKind.ACCOUNT_DISABLED, EventKind.ACCOUNT_ENABLED)]
    assert expected == [
        event for event in events(installation, anna.id) if event.kind in {EventKind.ACCOUNT_DISABLED, EventKind.ACCOUNT_ENABLED}
    ]


def test_setting_the_status_it_has_changes_nothing(
    installation: Installation, identity: Identity, anna: Account, visitor: UseCaseBrowser
) -> None:
    """Enabling an active account ends no session and is no event."""
    visitor.sign_in()
    before = kinds(installation, anna.id)
    identity.administration.set_status(ANNA, AccountStatus.ACTIVE)
    assert visitor.caller is not None
    assert before == kinds(installation, anna.id)


def test_no_summary_prints_a_password_hash(identity: Identity, anna: Account) -> None:
    """What a command line shows or logs tells no hash."""
    assert "argon2" not in repr(identity.administration.list_accounts())
