"""Network addresses as the settings name them and as requests bring them."""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def is_within(address: str, networks: Sequence[Network]) -> bool:
    """Whether an address lies in one of the networks; a text that is none lies in no network."""
    parsed = parsed_address(address)
    return parsed is not None and any(parsed in network for network in networks)


@lru_cache(maxsize=4096)
def parsed_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address, an IPv4 one also when it is written as an IPv6 one; None for any other text."""
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    return parsed.ipv4_mapped or parsed if isinstance(parsed, ipaddress.IPv6Address) else parsed
