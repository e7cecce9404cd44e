"""Token buckets in memory: what they let through, what they tell, what they cost."""

import pytest

from xpressbot.chat.channels.limits import MOST_BUCKETS, TokenBuckets, Wait, WritingLimits, network_of
from xpressbot.foundation.times import MINUTE, SECOND

NOW = 1_750_000_000 * SECOND


def write(limits: WritingLimits, now: int = NOW, *, visitor: str = "anna", address: str = "192.0.2.7", **changed: object) -> Wait | None:
    return limits.count(now, channel_id=str(changed.get("channel", "c")), visitor=visitor, address=address, is_new=bool(changed.get("new")))


def test_one_visitor_writes_20_messages_a_minute() -> None:
    limits = WritingLimits()
    assert [write(limits) for _message in range(20)] == [None] * 20
    assert write(limits) == Wait(NOW + 3 * SECOND)
    assert write(limits, NOW + 3 * SECOND - 1) == Wait(NOW + 3 * SECOND)
    assert write(limits, NOW + 3 * SECOND) is None
    assert write(limits, NOW + 3 * SECOND) == Wait(NOW + 6 * SECOND)
    assert [write(limits, NOW + 2 * MINUTE) for _message in range(21)] == [None] * 20 + [Wait(NOW + 2 * MINUTE + 3 * SECOND)]


def test_a_flood_from_one_address_delays_nobody_else() -> None:
    limits = WritingLimits()
    flood = [write(limits, visitor=f"{number}") for number in range(200)]
    assert flood[:120] == [None] * 120
    assert all(isinstance(outcome, Wait) for outcome in flood[120:])
    assert write(limits, visitor="berta", address="192.0.2.8") is None
    assert write(limits, NOW + MINUTE // 120, visitor="berta") is None


def test_one_network_makes_10_contacts_a_minute_and_its_known_visitors_go_on() -> None:
    limits = WritingLimits()
    made = [write(limits, visitor=f"{number}", new=True) for number in range(12)]
    assert made == [None] * 10 + [Wait(NOW + 6 * SECOND)] * 2
    assert write(limits, visitor="0") is None


def test_one_channel_takes_100_new_contacts_a_minute_from_all_networks_together() -> None:
    limits = WritingLimits()
    made = [write(limits, visitor=f"{number}", address=f"198.51.100.{number}", new=True) for number in range(102)]
    assert made == [None] * 100 + [Wait(NOW + MINUTE // 100)] * 2
    assert write(limits, visitor="other", address="203.0.113.1", new=True, channel="another") is None
    assert write(limits, visitor="0", address="198.51.100.0") is None


def test_what_is_refused_is_taken_from_no_bucket() -> None:
    """Else a flood that one bucket refuses would empty those that it shares with others."""
    limits = WritingLimits()
    for _message in range(500):
        write(limits)
    assert [write(limits, visitor="berta") for _message in range(20)] == [None] * 20


def test_the_same_token_on_two_channels_is_two_visitors() -> None:
    limits = WritingLimits()
    for _message in range(20):
        write(limits)
    assert write(limits, channel="another") is None


def test_a_clock_that_is_set_back_keeps_nobody_out_for_longer_than_a_minute() -> None:
    buckets = TokenBuckets(2)
    for _take in range(2):
        buckets.take("a", NOW)
    assert buckets.wait("a", NOW - 1000 * MINUTE) <= MINUTE // 2
    buckets.take("a", NOW - 1000 * MINUTE)
    assert buckets.wait("a", NOW - 999 * MINUTE) <= MINUTE // 2


def test_memory_is_bounded_and_the_bucket_unused_longest_goes_first() -> None:
    buckets = TokenBuckets(1)
    for key in ("a", "b", *map(str, range(MOST_BUCKETS - 2)), "a", "c"):
        buckets.take(key, NOW)
    assert [key for key in ("a", "b", "0", "c") if buckets.wait(key, NOW)] == ["a", "0", "c"]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_addresses_of_one_network_are_counted_together(address: str, network: str) -> None:
    assert network_of(address) == network
