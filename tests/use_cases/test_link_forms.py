"""What a link's form costs is charged first: beyond ten an hour nothing is scored, and nothing hashed."""

from collections.abc import Callable

import pytest

from tests.support.installation import CLIENT, PASSWORD, Installation
from tests.support.people import invitation
from tests.use_cases.instrumentation import ObservedHasher, parts_of, tries
from xpressbot.foundation.times import HOUR
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.links.charges import LinkThrottleRefusal
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.passwords.rules import PasswordRules, WeakPassword
from xpressbot.identity.passwords.strength import estimate_strength
from xpressbot.identity.registration.account_creation import Registration
from xpressbot.identity.registration.new_accounts import NewAccount, NewAccounts
from xpressbot.identity.team.joining import Joining
from xpressbot.identity.throttling.rules import LINK

BERTA = "berta@example.com"
WEAK = "passwordpassword"
Send = Callable[[str], object]


@pytest.fixture
def scored() -> list[str]:
    """What the estimator was asked about."""
    return []


@pytest.fixture
def scoring(installation: Installation, hasher: ObservedHasher, scored: list[str]) -> NewAccounts:
    def strength(password: str) -> int:
        scored.append(password)
        return estimate_strength(password)

    parts = parts_of(installation)
    return NewAccounts(parts.system, hasher, parts.session_start, PasswordRules(15, strength))


@pytest.fixture
def registration(installation: Installation, scoring: NewAccounts) -> Registration:
    parts = parts_of(installation)
    return Registration(parts.transactions, parts.system, scoring)


@pytest.fixture(params=["welcome", "invitation"])
def send(request: pytest.FixtureRequest, installation: Installation, registration: Registration, scoring: NewAccounts) -> Send:
    """Sends the form of an open link."""
    if request.param == "welcome":
        welcome = registration.issue_welcome_link()
        return lambda password: registration.claim(welcome, NewAccount(BERTA, "Berta", password), CLIENT)
    parts, token = parts_of(installation), invitation(installation.services, BERTA)
    joining = Joining(parts.transactions, parts.system, scoring)
    return lambda password: joining.accept(token, "Berta", password, CLIENT)


def test_beyond_ten_an_hour_nothing_is_scored_and_nothing_hashed(
    installation: Installation, send: Send, scored: list[str], hasher: ObservedHasher
) -> None:
    """A hundred more cost a look at a count each, and change nothing."""
    assert {type(send(WEAK)) for _form in range(LINK.free)} == {WeakPassword}
    assert (len(scored), hasher.calls) == (LINK.free, [])
    refusal = Denied(LinkThrottleRefusal.LINK_THROTTLED, retry_at=installation.clock.now() + HOUR)
    assert [send(PASSWORD) for _form in range(100)] == [refusal] * 100
    assert (len(scored), hasher.calls) == (LINK.free, [])
    assert tries(installation) == {"link": LINK.free}


def test_the_operator_makes_as_many_accounts_as_they_like(registration: Registration) -> None:
    """No link, no count."""
    made = [registration.create(NewAccount(f"person{number}@example.com", "Person", PASSWORD)) for number in range(LINK.free + 1)]
    assert {type(account) for account in made} == {Account}
