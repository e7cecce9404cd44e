"""Throttling of passwords: strangers wait, owners get in."""

from collections.abc import Callable

import pytest

from tests.support.installation import PASSWORD, Installation
from tests.use_cases.instrumentation import events, kinds, tries
from tests.use_cases.use_case_browser import UseCaseBrowser
from xpressbot.foundation.times import MINUTE, SECOND
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.outcomes import Denied, Reason, SecondFactorRequired, SignedIn
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.sessions.rules.known_browser import LIFETIME
from xpressbot.identity.sign_in.password_step import PasswordOutcome
from xpressbot.identity.throttling.charges import ThrottleRefusal

WRONG = Denied(PasswordRefusal.WRONG_CREDENTIALS)


def guess(visitor: UseCaseBrowser, times: int) -> None:
    """Guess wrongly, each time as soon as it is allowed."""
    for _ in range(times):
        outcome = visitor.begin("guess")
        assert isinstance(outcome, Denied)
        if outcome.retry_at is not None:
            visitor.clock.set(outcome.retry_at)
            assert visitor.begin("guess") == WRONG


def throttled(visitor: UseCaseBrowser, seconds: float) -> Denied[Reason]:
    return Denied(ThrottleRefusal.THROTTLED, retry_at=visitor.clock.now() + round(seconds * SECOND))


def test_waits_begin_after_five_wrong_passwords_and_double(visitor: UseCaseBrowser) -> None:
    """30 s, 60 s, ... 15 minutes; a try too early is refused and raises nothing; the right password helps no stranger."""
    for _ in range(5):
        assert visitor.begin("guess") == WRONG
    for wait in (30, 60, 120, 240, 480, 900, 900):
        for _ in range(3):
            assert visitor.begin("guess") == throttled(visitor, wait)
        assert visitor.begin() == throttled(visitor, wait)
        visitor.clock.advance(seconds=wait - 0.000001)
        assert visitor.begin() == throttled(visitor, 0.000001)
        visitor.clock.advance(seconds=0.000001)
        assert visitor.begin("guess") == WRONG


def test_all_strangers_share_the_count_of_an_address_typed(new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """Guesses from five networks count together, and so do spellings of the address."""
    for number in range(5):
        assert new_visitor(address=f"198.51.100.{number}").begin("guess", "ANNA@Example.com") == WRONG
    other = new_visitor(address="203.0.113.1")
    assert other.begin() == throttled(other, 30)


def test_unknown_addresses_are_throttled_like_known_ones(new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """Waiting times do not tell whether there is an account."""
    waits: dict[str, list[PasswordOutcome]] = {}
    for email in ("anna@example.com", "nobody@example.com"):
        stranger = new_visitor(email=email, address=f"198.51.100.{len(waits)}")
        waits[email] = [stranger.begin("guess") for _ in range(7)]
    assert waits["anna@example.com"] == waits["nobody@example.com"]


@pytest.mark.parametrize("stranger_address", ["192.0.2.7", "203.0.113.9"])
def test_a_stranger_who_guesses_for_an_hour_does_not_keep_the_owners_browser_out(
    installation: Installation, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser], stranger_address: str
) -> None:
    """Also from the owner's own address: the owner's browser has a count of its own."""
    visitor.sign_in()
    installation.services.identity.sessions.sign_out(visitor.me)
    stranger = new_visitor(address=stranger_address)
    began = installation.clock.now()
    while installation.clock.now() < began + 60 * MINUTE:
        guess(stranger, 1)
        for _ in range(40):
            stranger.begin("guess")
    assert isinstance(stranger.begin(), Denied)
    assert isinstance(visitor.begin(), SignedIn)
    stranger_again = new_visitor(address=stranger_address)
    assert isinstance(stranger_again.begin(), Denied)


@pytest.mark.parametrize(
    ("annas", "bertas_address"), [("anna@example.com", "berta@example.com"), ("anna@straße.example", "anna@strasse.example")]
)
def test_a_device_cookie_of_another_account_is_no_help(
    annas: str, bertas_address: str, anna: Account, installation: Installation, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """A browser known to Berta is a stranger to Anna, and its guesses count as a stranger's.

    So they do if Anna's address was once kept under the key of Berta's.
    """
    for address in {annas, bertas_address} - {anna.email}:
        installation.add_account(address, "Berta")
    bertas = new_visitor(email=bertas_address).sign_in()
    stranger = new_visitor(email=annas, address="198.51.100.1")
    guess(stranger, 6)
    outcome = bertas.begin(PASSWORD, annas)
    assert isinstance(outcome, Denied)
    assert outcome.reason is ThrottleRefusal.THROTTLED
    assert isinstance(bertas.begin(), SignedIn)


def test_a_known_browser_is_throttled_too_and_only_itself(visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """Guesses in Anna's own browser make it wait; her other browsers and strangers do not."""
    phone = new_visitor(address="198.51.100.1").sign_in()
    visitor.sign_in()
    for _ in range(5):
        assert visitor.begin("guess") == WRONG
    assert visitor.begin() == throttled(visitor, 30)
    assert isinstance(phone.begin(), SignedIn)
    assert isinstance(new_visitor(address="198.51.100.2").begin(), SignedIn)
    visitor.clock.advance(seconds=30)
    assert isinstance(visitor.begin(), SignedIn)
    assert visitor.begin("guess") == WRONG


def test_a_browser_is_known_for_ninety_days_and_by_its_newest_token(
    visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """A token of the sign-in before the last is a stranger's, and so is one that has not signed in for so long."""
    visitor.sign_in()
    planted = new_visitor()
    planted.device = visitor.device
    visitor.sign_in().sign_in()
    guess(new_visitor(), 6)
    assert isinstance(planted.begin(), Denied)
    assert isinstance(visitor.begin(), SignedIn)
    visitor.clock.advance(seconds=LIFETIME / SECOND - 1)
    guess(new_visitor(), 5)
    assert isinstance(visitor.begin(), SignedIn)
    visitor.clock.advance(seconds=LIFETIME / SECOND)
    guess(new_visitor(), 5)
    assert isinstance(visitor.begin(), Denied)


def test_a_right_password_gives_the_addresss_charge_back_and_not_the_networks(installation: Installation, visitor: UseCaseBrowser) -> None:
    """With 2FA on, typing it over and over makes the account wait for nothing; its network has thirty tries a minute for it as well."""
    visitor.sign_in().enable()
    other = UseCaseBrowser(installation, address="198.51.100.1")
    for number in range(1, 31):
        assert isinstance(other.begin(), SecondFactorRequired)
        assert tries(installation) == {"network": 1 + number}
    assert other.begin() == Denied(ThrottleRefusal.ADDRESS_THROTTLED, retry_at=installation.clock.now() + 60 * SECOND)
    assert isinstance(UseCaseBrowser(installation, address="198.51.100.2").begin(), SecondFactorRequired)
    installation.clock.advance(minutes=1)
    assert isinstance(other.begin(), SecondFactorRequired)


def test_a_known_browsers_right_password_gives_its_whole_charge_back(installation: Installation, visitor: UseCaseBrowser) -> None:
    """It counts for no network: a client that signs in there all day long waits for nothing."""
    visitor.sign_in().enable()
    for _ in range(100):
        assert isinstance(visitor.begin(), SecondFactorRequired)
    assert tries(installation) == {"network": 1}


def test_the_charge_given_back_is_ones_own(
    installation: Installation, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Wrong ones before it stay counted while the sign-in is not complete, so that a right password resets no guessing."""
    visitor.sign_in().enable()
    stranger = new_visitor()
    for _ in range(4):
        assert stranger.begin("guess") == WRONG
    for _ in range(3):
        assert isinstance(stranger.begin(), SecondFactorRequired)
    assert tries(installation) == {"stranger": 4, "network": 8}
    assert stranger.begin("guess") == WRONG
    assert stranger.begin("guess") == throttled(stranger, 30)


def test_a_right_password_in_the_last_free_try_opens_no_wait(installation: Installation, visitor: UseCaseBrowser) -> None:
    """The wait that its own charge had opened is taken back with it."""
    visitor.sign_in().enable()
    other = UseCaseBrowser(installation)
    for _ in range(4):
        other.begin("guess")
    assert isinstance(other.begin(), SecondFactorRequired)
    assert isinstance(other.begin(), SecondFactorRequired)


def test_a_completed_sign_in_clears_only_a_known_browsers_own_count(
    installation: Installation, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """The strangers' count and the network's stay, whichever browser it comes from."""
    visitor.sign_in()
    guess(new_visitor(), 3)
    visitor.begin("guess")
    visitor.sign_in()
    assert tries(installation) == {"stranger": 3, "network": 4}
    new_visitor().sign_in()
    assert tries(installation) == {"stranger": 3, "network": 5}


def test_guessing_is_reported_at_the_next_completed_sign_in(
    installation: Installation, anna: Account, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """How many waits, the first and the last; once; and with an alarm from a hundred tries on."""
    visitor.sign_in()
    stranger = new_visitor(address="203.0.113.9")
    guess(stranger, 4)
    visitor.sign_in()
    first = installation.clock.now()
    guess(stranger, 3)
    last = installation.clock.now()
    installation.clock.advance(minutes=1)
    visitor.sign_in().sign_in()
    guess(stranger, 93)
    visitor.sign_in()
    reports = [event.details for event in events(installation, anna.id) if event.kind is EventKind.PASSWORD_GUESSING]
    assert len(reports) == 2
    assert reports[0] == {"count": 3, "first_at": first, "last_at": last, "alarm": False}
    assert (reports[1]["count"], reports[1]["alarm"]) == (93, True)


def test_guessing_in_ones_own_browser_is_reported_too(installation: Installation, anna: Account, visitor: UseCaseBrowser) -> None:
    """A person who sits at Anna's browser and guesses is told of as well."""
    visitor.sign_in()
    guess(visitor, 6)
    installation.clock.advance(minutes=1)
    visitor.sign_in()
    reports = [event.details for event in events(installation, anna.id) if event.kind is EventKind.PASSWORD_GUESSING]
    assert [details["count"] for details in reports] == [2]


def test_wrong_codes_are_not_told_as_guesses_at_the_password(installation: Installation, anna: Account, visitor: UseCaseBrowser) -> None:
    """They were events when they were refused."""
    app = visitor.sign_in().enable()
    for _try in range(6):
        installation.clock.advance(hours=1)
        visitor.begin()
        assert visitor.code("000000") == Denied(ProofRefusal.WRONG_CODE)
    installation.clock.advance(hours=1)
    visitor.sign_in(TotpCode(app.code()))
    assert EventKind.PASSWORD_GUESSING not in kinds(installation, anna.id)


def test_a_wait_is_cut_when_the_clock_goes_back(visitor: UseCaseBrowser) -> None:
    """No one waits a day because the clock was a day ahead: at most the longest delay, counted once."""
    visitor.clock.advance(hours=24)
    guess(visitor, 5)
    visitor.clock.advance(hours=-24)
    assert visitor.begin() == throttled(visitor, 900)
    visitor.clock.advance(minutes=14)
    assert visitor.begin() == throttled(visitor, 60)
    visitor.clock.advance(minutes=1)
    assert isinstance(visitor.begin(), SignedIn)


def test_a_right_password_takes_the_wait_it_would_have_opened_out_of_the_report(
    installation: Installation, anna: Account, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """The first wait that is reported is one that a stranger caused, not one that was given back."""
    app = visitor.sign_in().enable()
    stranger = new_visitor()
    guess(stranger, 4)
    assert isinstance(stranger.begin(), SecondFactorRequired)
    installation.clock.advance(hours=20)
    first = installation.clock.now()
    guess(stranger, 1)
    visitor.sign_in(TotpCode(app.code()))
    reports = [event.details for event in events(installation, anna.id) if event.kind is EventKind.PASSWORD_GUESSING]
    assert [report["first_at"] for report in reports] == [first]
