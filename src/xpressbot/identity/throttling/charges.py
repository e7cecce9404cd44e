"""Charging tries before anything is verified, and which buckets a password belongs to. Addresses are kept as keyed digests only."""

import ipaddress
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from xpressbot.foundation.crypto.encryption import KeyedDigests
from xpressbot.foundation.database.transaction import Reading, Transactions
from xpressbot.identity.accounts.rules.address import email_key
from xpressbot.identity.outcomes import Denied, Reason
from xpressbot.identity.throttling import rules as throttle
from xpressbot.identity.throttling import store as throttle_store
from xpressbot.identity.throttling.rules import Bucket, Charge, Refusal

_IPV6_NETWORK_BITS: Final = 64
_OF_NETWORKS: Final = frozenset({throttle.NETWORK, throttle.PASSWORD_REQUESTS})

T = TypeVar("T")


class ThrottleRefusal(Reason):
    """Why a try was not allowed."""

    THROTTLED = "throttled"
    ADDRESS_THROTTLED = "address_throttled"
    SUSPENDED = "suspended"
    """No wait helps any more."""


def stranger_bucket(digest: KeyedDigests, email: str, account_id: str | None) -> Bucket:
    """The bucket that browsers unknown to an address share; account_id is None for an address without an account."""
    return throttle.stranger(digest.digest("throttled email", email_key(email).encode()).hex(), account_id)


def password_buckets(digest: KeyedDigests, email: str, account_id: str | None, browser_id: str | None, address: str) -> Sequence[Bucket]:
    """A known browser has a bucket of its own; every other try counts for the address typed and the network it comes from.

    The first one is the password's, which a right password gives its try back.
    """
    if browser_id is not None:
        return [throttle.known_browser(browser_id, account_id)]
    return [stranger_bucket(digest, email, account_id), throttle.network(_network_digest(digest, address))]


def password_requests_bucket(digest: KeyedDigests, address: str) -> Bucket:
    """The bucket that requests for a link for a new password are charged to: the network they come from, whatever they ask for."""
    return throttle.password_requests(_network_digest(digest, address))


def charge_try(
    transactions: Transactions, now: Callable[[], int], tried: Callable[[Reading], tuple[T, Sequence[Bucket]]], *, durable: bool
) -> tuple[T, Sequence[Charge]] | Denied[ThrottleRefusal]:
    """Find out what is tried, and charge the try to its buckets, in a transaction of its own: it stays counted whatever follows.

    durable: whether to wait for the disk. A try at a code need not: a right code and a refused one are recorded before they
    are answered, which makes the charge durable too. An answer that tells nothing of the code is not recorded.
    """
    with transactions.writing(durable=durable) as tx:
        what, buckets = tried(tx)
        at = now()
        charges = throttle_store.charge(tx, buckets, at)
        if not isinstance(charges, Refusal):
            tx.commit()
            return what, charges
    return settle_refusal(transactions, charges, at)


def settle_refusal(transactions: Transactions, refusal: Refusal, now: int) -> Denied[ThrottleRefusal]:
    """What to tell about a try that was not allowed. The refused transaction must have ended."""
    if refusal.next_allowed_at is None:
        return Denied(ThrottleRefusal.SUSPENDED, bucket=refusal.bucket.name)
    retry_at = refusal.bucket.policy.cut(refusal.next_allowed_at, now)
    if retry_at < refusal.next_allowed_at:
        with transactions.writing() as tx:
            throttle_store.cut(tx, refusal.bucket, retry_at)
            tx.commit()
    name = refusal.bucket.name
    reason = ThrottleRefusal.ADDRESS_THROTTLED if name in _OF_NETWORKS else ThrottleRefusal.THROTTLED
    return Denied(reason, retry_at=retry_at, bucket=name)


def network_of(address: str) -> str:
    """What counts as one network: an IPv4 address, or the /64 that an IPv6 client owns at least. What is no address is "unknown"."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, _IPV6_NETWORK_BITS), strict=False))
    return str(parsed)


def _network_digest(digest: KeyedDigests, address: str) -> str:
    return digest.digest("throttled network", network_of(address).encode()).hex()
