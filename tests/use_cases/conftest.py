"""Use cases on a real SQLite file; the suite in tests/database asks both engines."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.databases import SqliteTemplate
from tests.support.installation import Installation
from tests.support.people import reset
from tests.use_cases.instrumentation import ObservedHasher, parts_of
from tests.use_cases.use_case_browser import UseCaseBrowser
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.outcomes import Done
from xpressbot.identity.passwords.hasher import PasswordHasher
from xpressbot.identity.passwords.rules import PasswordRules
from xpressbot.identity.passwords.strength import estimate_strength
from xpressbot.identity.registration.account_creation import Registration
from xpressbot.identity.registration.new_accounts import NewAccounts
from xpressbot.identity.team.joining import Joining
from xpressbot.identity.use_cases import Identity


@pytest.fixture
def database_url(sqlite_template: SqliteTemplate, tmp_path: Path) -> str:
    """A fresh, migrated SQLite file."""
    return sqlite_template.fresh(tmp_path)


@pytest.fixture
def identity(installation: Installation) -> Identity:
    return installation.services.identity


@pytest.fixture
def anna(installation: Installation) -> Account:
    """The owner's account."""
    return installation.add_account()


@pytest.fixture
def visitor(installation: Installation, anna: Account) -> UseCaseBrowser:
    """Anna's browser, with no one signed in."""
    return UseCaseBrowser(installation)


@pytest.fixture
def app(visitor: UseCaseBrowser) -> AuthenticatorApp:
    """Anna's phone, 2FA being on since a moment ago."""
    return visitor.sign_in().enable()


@pytest.fixture
def codes(app: AuthenticatorApp, visitor: UseCaseBrowser) -> tuple[str, ...]:
    """Her first recovery codes, saved."""
    codes = visitor.codes()
    assert visitor.keep_codes() == Done()
    return codes


@pytest.fixture
def link(installation: Installation, app: AuthenticatorApp) -> Token:
    """What the operator hands over after having reset Anna's 2FA."""
    return reset(installation.services)


@pytest.fixture
def new_visitor(installation: Installation, anna: Account) -> Callable[..., UseCaseBrowser]:
    """Makes further browsers."""
    return lambda **options: UseCaseBrowser(installation, **options)


@pytest.fixture
def hasher() -> ObservedHasher:
    """The cheapest real one, in whose midst something may be done."""
    return ObservedHasher(PasswordHasher(memory_kib=8, iterations=1, threads=1, filler=bytes(32)))


@pytest.fixture
def new_accounts(installation: Installation, hasher: ObservedHasher) -> NewAccounts:
    """The parts of making an account, with something done while the password is hashed."""
    parts = parts_of(installation)
    return NewAccounts(parts.system, hasher, parts.session_start, PasswordRules(15, estimate_strength))


@pytest.fixture
def observed(installation: Installation, new_accounts: NewAccounts) -> Registration:
    """Registration, with something done while the password is hashed."""
    parts = parts_of(installation)
    return Registration(parts.transactions, parts.system, new_accounts)


@pytest.fixture
def joining(installation: Installation, new_accounts: NewAccounts) -> Joining:
    """Accepting invitations, with something done while the password is hashed."""
    parts = parts_of(installation)
    return Joining(parts.transactions, parts.system, new_accounts)
