"""Where a request comes from. A forwarded address counts only when a trusted proxy forwards it (ASVS 4.1.3)."""

import ipaddress
from collections.abc import Sequence

from starlette.requests import Request

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def client_address(request: Request, trusted_proxies: Sequence[Network]) -> str:
    """The nearest address on the way that is no trusted proxy."""
    peer = request.client.host if request.client else ""
    hops = [hop.strip() for hop in ",".join(request.headers.getlist("x-forwarded-for")).split(",") if hop.strip()]
    address = peer
    while hops and _is_trusted(address, trusted_proxies):
        address = hops.pop()
    # A zone ("fe80::1%eth0") means something on its own machine only, and may hold any text.
    return address if _parse(address) and (address == peer or "%" not in address) else peer


def _is_trusted(address: str, trusted_proxies: Sequence[Network]) -> bool:
    parsed = _parse(address)
    return parsed is not None and any(parsed in network for network in trusted_proxies)


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    return parsed.ipv4_mapped or parsed if isinstance(parsed, ipaddress.IPv6Address) else parsed
