"""Where a request comes from. A forwarded address counts only when a trusted proxy forwards it (ASVS 4.1.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from xpressbot.foundation.networks import Network, is_within, parsed_endpoint

MOST_HOPS: Final = 32
"""Entries of X-Forwarded-For that are looked at, the nearest first: how much work one request makes is not its sender's choice."""
_LONGEST_ENTRY: Final = 128


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from.

    unreadable: what stands in X-Forwarded-For where a trusted proxy names no client, cut to a length that can be told, and empty where
    nothing stands there; the address is then the proxy's. None wherever else the address comes from.
    """

    address: str
    unreadable: str | None = None


def client_address(request: Request, trusted_proxies: Sequence[Network]) -> str:
    """The nearest address on the way that is no trusted proxy."""
    return origin_of(request, trusted_proxies).address


def origin_of(request: Request, trusted_proxies: Sequence[Network]) -> Origin:
    """Follow X-Forwarded-For from the peer back to the nearest address that is no trusted proxy.

    No other header is read. An entry is an IPv4 or IPv6 address, with a port or without, in quotes or without. Anything else names
    no client, such as "unknown" and "_hidden" (RFC 7239 section 6).
    """
    peer = request.client.host if request.client else ""
    if not is_within(peer, trusted_proxies):
        return Origin(peer)
    entries = _entries(request)
    if not entries:
        return Origin(peer, "")
    address = peer
    for entry in entries:
        read = parsed_endpoint(_unquoted(entry))
        if read is None:
            return Origin(peer, entry[:_LONGEST_ENTRY])
        address = str(read)
        if not is_within(address, trusted_proxies):
            break
    return Origin(address)


def _entries(request: Request) -> Sequence[str]:
    """The nearest entries, nearest first. Several header lines are one list in their order (RFC 9110 section 5.3)."""
    parts = ",".join(request.headers.getlist("x-forwarded-for")).rsplit(",", MOST_HOPS)
    if len(parts) > MOST_HOPS:
        del parts[0]
    return [entry for part in reversed(parts) if (entry := part.strip())]


def _unquoted(entry: str) -> str:
    return entry[1:-1] if len(entry) > 1 and entry[0] == entry[-1] == '"' else entry
