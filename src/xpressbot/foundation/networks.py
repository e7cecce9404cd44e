"""Network addresses as the settings name them and as requests bring them."""

import ipaddress
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_MAPPED: Final = ipaddress.IPv6Network("::ffff:0:0/96")
"""IPv4 addresses as an IPv6 socket shows them; `parsed_address` turns them back."""
_DECORATED: Final = re.compile(r"\[([^]]*)\](?::\d+)?|([^:]*):\d+|([^%]*)%.*")
"""An address in brackets, with a port, or with a zone."""
_LONGEST_ADDRESS: Final = 64
"""Code points of an address with brackets and a port. Longer text is no address, and the cache keeps none of it."""


def read_networks(text: str) -> tuple[Network, ...]:
    """The networks of a list separated by commas; one address is a network too.

    Raises ValueError that says of each part that cannot be meant why, and what would do. A part that is no address is not
    repeated: it may be a secret in the wrong place.
    """
    read = [_read(part, place) for place, part in enumerate((part.strip() for part in text.split(",")), start=1) if part]
    complaints = [network for network in read if isinstance(network, str)]
    if complaints:
        raise ValueError("; ".join(complaints))
    return tuple(network for network in read if not isinstance(network, str))


def _read(part: str, place: int) -> Network | str:
    """The network, or what is wrong with it."""
    written = _interface(part)
    if written is None:
        plain = _DECORATED.fullmatch(part)
        near = plain and _interface(next(filter(None, plain.groups()), ""))
        example = f": write {near.network} instead" if near else " like 10.0.0.0/8 or ::1/128; names and ranges are not taken"
        return f"part {place} is no address and no network{example}"
    network = written.network
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        mapped = ipaddress.IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - _MAPPED.prefixlen))
        return f"no peer is seen as {network}: write {mapped} instead"
    if network.network_address != written.ip:
        alone = ipaddress.ip_network(written.ip)
        return f"{written} has bits set beyond its prefix: write {network} for the network, or {alone} for that address alone"
    if network.num_addresses == 1 and written.ip.is_unspecified:
        return f"no client sends from {network}, an address to listen on: write the one from which the proxy connects"
    return network


def _interface(text: str) -> ipaddress.IPv4Interface | ipaddress.IPv6Interface | None:
    try:
        return None if "%" in text else ipaddress.ip_interface(text)
    except ValueError:
        return None


_WITH_PORT: Final = re.compile(r"([0-9.]+):[0-9]{1,5}|\[([0-9a-fA-F.]*:[0-9a-fA-F:.]+)\](?::[0-9]{1,5})?")
_LOCALHOST: Final = re.compile(r"localhost(?::[0-9]{1,5})?", re.IGNORECASE)


def is_within(address: str, networks: Sequence[Network]) -> bool:
    """Whether an address lies in one of the networks; a text that is none lies in no network."""
    parsed = parsed_address(address)
    return parsed is not None and any(parsed in network for network in networks)


def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own, which no other machine can send from."""
    parsed = parsed_address(address)
    return parsed is not None and parsed.is_loopback


def parsed_address(text: str) -> Address | None:
    """An address, an IPv4 one also when it is written as an IPv6 one; None for any other text."""
    return _parsed(text) if len(text) <= _LONGEST_ADDRESS else None


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Address | None:
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    return parsed.ipv4_mapped or parsed if isinstance(parsed, ipaddress.IPv6Address) else parsed


def parsed_endpoint(text: str) -> Address | None:
    """The address of an endpoint; None for any other text.

    It may have a port, which is dropped. An IPv6 address with a port stands in brackets, one without may (RFC 3986 section 3.2.2).
    A zone ("fe80::1%eth0") means something on its own machine only, and is refused.
    """
    if "%" in text or len(text) > _LONGEST_ADDRESS:
        return None
    found = _WITH_PORT.fullmatch(text)
    return parsed_address(text if found is None else found[1] or found[2])


def names_no_domain(host: str) -> bool:
    """Whether a Host value is an address or localhost, with any port: no DNS server of a stranger decides where that leads."""
    return parsed_endpoint(host) is not None or _LOCALHOST.fullmatch(host) is not None
