"""Throttling of client networks."""

from collections.abc import Callable

import pytest

from tests.support.installation import Installation
from tests.support.people import refused
from tests.use_cases.instrumentation import tries
from tests.use_cases.use_case_browser import UseCaseBrowser
from xpressbot.foundation.times import SECOND
from xpressbot.identity.outcomes import Denied, Reason, SignedIn
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.throttling.charges import ThrottleRefusal


def spray(new_visitor: Callable[..., UseCaseBrowser], addresses: list[str]) -> list[Denied[Reason]]:
    """One guess at another account from each address."""
    return [
        refused(new_visitor(email=f"person{number}@example.com", address=address).begin("guess"))
        for number, address in enumerate(addresses)
    ]


def reasons(outcomes: list[Denied[Reason]]) -> list[Reason]:
    return [outcome.reason for outcome in outcomes]


def test_one_network_has_thirty_tries_a_minute(installation: Installation, new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """The thirty-first is refused for a minute, whatever account it is at, and is counted for no account."""
    outcomes = spray(new_visitor, ["192.0.2.7"] * 31)
    assert reasons(outcomes) == [PasswordRefusal.WRONG_CREDENTIALS] * 30 + [ThrottleRefusal.ADDRESS_THROTTLED]
    assert outcomes[-1].retry_at == installation.clock.now() + 60 * SECOND
    assert tries(installation) == {"network": 30, "stranger": 30}
    assert isinstance(new_visitor(address="198.51.100.1").begin(), SignedIn)
    assert new_visitor(address="192.0.2.7").begin() == outcomes[-1]
    installation.clock.advance(minutes=1)
    assert isinstance(new_visitor(address="192.0.2.7").begin(), SignedIn)


def test_the_count_of_a_network_begins_anew_each_minute(installation: Installation, new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """29 a minute go on for ever."""
    for _ in range(4):
        assert set(reasons(spray(new_visitor, ["192.0.2.7"] * 29))) <= {PasswordRefusal.WRONG_CREDENTIALS, ThrottleRefusal.THROTTLED}
        assert tries(installation)["address"] <= 29
        installation.clock.advance(minutes=20)


def test_a_known_browser_is_not_counted_for_its_network(visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """A colleague's guessing in the same office keeps no one out of their own browser."""
    visitor.sign_in()
    spray(new_visitor, ["192.0.2.7"] * 31)
    assert isinstance(visitor.begin(), SignedIn)


@pytest.mark.parametrize(
    ("addresses", "last"),
    [
        ([f"2001:db8:0:1::{number:x}" for number in range(31)], ThrottleRefusal.ADDRESS_THROTTLED),
        ([f"2001:db8:0:{number:x}::1" for number in range(31)], PasswordRefusal.WRONG_CREDENTIALS),
        ([f"192.0.2.{number}" for number in range(31)], PasswordRefusal.WRONG_CREDENTIALS),
        ([f"::ffff:192.0.2.{number}" for number in range(31)], PasswordRefusal.WRONG_CREDENTIALS),
        (["::ffff:192.0.2.7"] * 15 + ["192.0.2.7"] * 16, ThrottleRefusal.ADDRESS_THROTTLED),
        (["2001:DB8::1"] * 15 + ["2001:db8:0:0:0:0:0:2"] * 16, ThrottleRefusal.ADDRESS_THROTTLED),
        (["unknown", "", "testclient", "/run/socket", "192.0.2", "1::2::3", "\x00"] * 5, ThrottleRefusal.ADDRESS_THROTTLED),
    ],
    ids=["one IPv6 /64", "31 IPv6 /64s", "31 IPv4 addresses", "31 mapped addresses", "mapped and plain", "two spellings", "no addresses"],
)
def test_a_network_is_an_ipv4_address_or_an_ipv6_64(
    new_visitor: Callable[..., UseCaseBrowser], addresses: list[str], last: ThrottleRefusal
) -> None:
    """A client that owns a /64 has one count for all of it; what is no address shares one as well."""
    assert reasons(spray(new_visitor, addresses))[30] is last


def test_a_networks_wait_is_cut_when_the_clock_goes_back(installation: Installation, new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """A minute is the longest that a network waits."""
    installation.clock.advance(hours=5)
    spray(new_visitor, ["192.0.2.7"] * 30)
    installation.clock.advance(hours=-5)
    visitor = new_visitor(address="192.0.2.7")
    assert visitor.begin() == Denied(ThrottleRefusal.ADDRESS_THROTTLED, retry_at=installation.clock.now() + 60 * SECOND)
    installation.clock.advance(minutes=1)
    assert isinstance(visitor.begin(), SignedIn)


def test_a_refused_network_leaves_the_account_uncounted(installation: Installation, new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """If one of the buckets refuses, none is raised: a throttled network cannot run up an account's count."""
    spray(new_visitor, ["192.0.2.7"] * 30)
    before = tries(installation)
    for _ in range(10):
        new_visitor(address="192.0.2.7").begin("guess")
    assert before == tries(installation)


def test_no_address_of_a_person_or_network_is_kept_in_a_bucket(
    installation: Installation, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Buckets are found by keyed digests."""
    spray(new_visitor, ["192.0.2.7"])
    with installation.services.database.read() as connection:
        keys = connection.exec_driver_sql("SELECT key FROM throttle_bucket").scalars().all()
    assert len(keys) == 2
    assert not any("person" in key or "192.0.2" in key or "example" in key for key in keys)
