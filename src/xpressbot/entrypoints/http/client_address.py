"""Where a request comes from. A forwarded address counts only when a trusted proxy forwards it (ASVS 4.1.3)."""

from collections.abc import Sequence

from starlette.requests import Request

from xpressbot.foundation.networks import Network, is_within, parsed_address


def client_address(request: Request, trusted_proxies: Sequence[Network]) -> str:
    """The nearest address on the way that is no trusted proxy."""
    peer = request.client.host if request.client else ""
    hops = [hop.strip() for hop in ",".join(request.headers.getlist("x-forwarded-for")).split(",") if hop.strip()]
    address = peer
    while hops and is_within(address, trusted_proxies):
        address = hops.pop()
    # A zone ("fe80::1%eth0") means something on its own machine only, and may hold any text.
    return address if parsed_address(address) and (address == peer or "%" not in address) else peer
