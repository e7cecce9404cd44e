"""How much one visitor, one network and one channel may write: token buckets in the memory of a process, and no rows.

Each worker process counts for itself: of several, each lets through what one may.
"""

import ipaddress
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final

from xpressbot.foundation.networks import parsed_address
from xpressbot.foundation.times import MINUTE

MESSAGES_OF_ONE_VISITOR: Final = 20
"""In a minute, as all of these."""
MESSAGES_OF_ONE_NETWORK: Final = 120
NEW_CONTACTS_OF_ONE_NETWORK: Final = 10
NEW_CONTACTS_OF_ONE_CHANNEL: Final = 100
MOST_BUCKETS: Final = 10_000
"""That are kept of each kind. One more drops the one that was unused longest, which is full again then, or was its own flood's."""
_IPV6_NETWORK_BITS: Final = 64
"""What one customer of a provider is given at least; within it they choose addresses as they like (RFC 6177)."""


class TokenBuckets:
    """A bucket for each key. It holds so many tokens, and is filled again within a minute.

    The caller holds a lock: looking and taking are two steps, so that several buckets can be asked before one is taken from.
    """

    def __init__(self, in_a_minute: int) -> None:
        self._interval = MINUTE // in_a_minute
        # As a moment: when the bucket is full. What is taken moves it by an interval (the generic cell rate algorithm).
        self._full_at: OrderedDict[str, int] = OrderedDict()

    def wait(self, key: str, now: int) -> int:
        """Microseconds until a token can be taken; 0 if one can."""
        return max(0, self._filled_at(key, now) + self._interval - now - MINUTE)

    def take(self, key: str, now: int) -> None:
        """Take a token that `wait` has found."""
        self._full_at[key] = self._filled_at(key, now) + self._interval
        self._full_at.move_to_end(key)
        if len(self._full_at) > MOST_BUCKETS:
            self._full_at.popitem(last=False)

    def _filled_at(self, key: str, now: int) -> int:
        """When it is full, no earlier than now; a clock that was set back does not keep anybody out for longer than a minute."""
        return min(max(self._full_at.get(key, now), now), now + MINUTE)


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing was counted, and nothing is taken before this moment, in microseconds since 1970 UTC."""

    until: int


class WritingLimits:
    """Asked before anything is stored. What one of its buckets refuses is taken from none of them."""

    def __init__(self) -> None:
        self._lock: Final = Lock()
        self._visitors = TokenBuckets(MESSAGES_OF_ONE_VISITOR)
        self._networks = TokenBuckets(MESSAGES_OF_ONE_NETWORK)
        self._new_of_networks = TokenBuckets(NEW_CONTACTS_OF_ONE_NETWORK)
        self._new_of_channels = TokenBuckets(NEW_CONTACTS_OF_ONE_CHANNEL)

    def count(self, now: int, *, channel_id: str, visitor: str, address: str, is_new: bool) -> Wait | None:
        """Count a message, and a contact where it makes one; or say how long to wait, and count nothing.

        visitor: the contact's external id. address: where the request comes from.
        """
        network = network_of(address)
        asked: list[tuple[TokenBuckets, str]] = [(self._visitors, f"{channel_id} {visitor}"), (self._networks, network)]
        if is_new:
            asked += [(self._new_of_networks, network), (self._new_of_channels, channel_id)]
        with self._lock:
            return _count(asked, now)


def network_of(address: str) -> str:
    """What is counted as one: an IPv4 address, or the /64 of an IPv6 address. What is no address is its own."""
    parsed = parsed_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, _IPV6_NETWORK_BITS), strict=False))
    return address if parsed is None else str(parsed)


def _count(asked: Sequence[tuple[TokenBuckets, str]], now: int) -> Wait | None:
    longest = max(buckets.wait(key, now) for buckets, key in asked)
    if longest:
        return Wait(now + longest)
    for buckets, key in asked:
        buckets.take(key, now)
    return None
