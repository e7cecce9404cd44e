"""Which buckets a try at a password belongs to, and what its account is told. Addresses are kept as keyed digests only."""

import ipaddress
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from xpressbot.foundation.crypto.encryption import KeyedDigests
from xpressbot.foundation.database.transaction import Transactions, Writing
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.address import email_key
from xpressbot.identity.audit import notices as notice_store
from xpressbot.identity.audit.rules.event import DetailValue, EventKind, NewEvent
from xpressbot.identity.audit.rules.notice import STOPPED_TOLD_EVERY
from xpressbot.identity.outcomes import Denied, Reason
from xpressbot.identity.sessions.caller import Client
from xpressbot.identity.sign_in import store as pending_store
from xpressbot.identity.throttling import rules as throttle
from xpressbot.identity.throttling import store as throttle_store
from xpressbot.identity.throttling.rules import Bucket, BucketKind, Charge, DelayReport, Refusal

_IPV6_NETWORK_BITS: Final = 64

_REASONS: Final = {BucketKind.ADDRESS: Reason.ADDRESS_THROTTLED, BucketKind.LINK: Reason.LINK_THROTTLED}

T = TypeVar("T")


def stranger_bucket(digest: KeyedDigests, email: str, account_id: str | None) -> Bucket:
    """The bucket that browsers unknown to an address share; account_id is None for an address without an account."""
    return throttle.stranger(digest.digest("throttled email", email_key(email).encode()).hex(), account_id)


def password_buckets(digest: KeyedDigests, email: str, account_id: str | None, device_id: str | None, client: Client) -> Sequence[Bucket]:
    """A known browser has a bucket of its own; every other try counts for the address typed and the network it comes from.

    The first one is the password's, which a right password gives its try back.
    """
    if device_id is not None:
        return [throttle.known_browser(device_id, account_id)]
    network = digest.digest("throttled network", network_of(client.address).encode()).hex()
    return [stranger_bucket(digest, email, account_id), throttle.client_address(network)]


def guessing_event(report: DelayReport) -> NewEvent:
    """What the person is told of guesses at their password that were made to wait."""
    details: dict[str, DetailValue] = {
        "count": report.delays,
        "first_at": report.first_at,
        "last_at": report.last_at,
        "alarm": report.alarm,
    }
    return NewEvent(EventKind.PASSWORD_GUESSING, details)


def take_stopped(tx: Writing, account_id: str, now: int, *, expired_by: int | None = None) -> NewEvent | None:
    """What the person is to be told of sign-ins that proved the password and stopped at the second factor; told once.

    None while there is nothing to tell, or the account was told of others less than STOPPED_TOLD_EVERY ago: whoever knows a
    password must not flood its record. With expired_by, only of those that had expired by then. The account must be locked,
    and the caller records the event.
    """
    stopped = pending_store.stopped(tx, account_id, expired_by)
    if stopped is None:
        return None
    last = notice_store.last_told(tx, account_id, EventKind.STOPPED_AT_SECOND_FACTOR)
    if last is not None and 0 <= now - last < STOPPED_TOLD_EVERY:
        return None
    pending_store.mark_told(tx, account_id, expired_by)
    details: dict[str, DetailValue] = {
        "address": stopped.origin.address,
        "user_agent": stopped.origin.user_agent,
        "count": stopped.count,
        "first_at": stopped.first_at,
        "last_at": stopped.last_at,
        "after_waits": stopped.after_waits,
    }
    return NewEvent(EventKind.STOPPED_AT_SECOND_FACTOR, details)


def charge_try(
    transactions: Transactions, now: Callable[[], int], tried: Callable[[Writing], tuple[T, Sequence[Bucket]] | Denied], *, durable: bool
) -> tuple[T, Sequence[Charge]] | Denied:
    """Find out what is tried, and charge the try to its buckets, in a unit of work of its own: it stays counted whatever follows.

    durable: whether to wait for the disk. A try at a code need not: a right code and a refused one are recorded before they
    are answered, which makes the charge durable too. An answer that tells nothing of the code is not recorded.
    """
    with transactions.writing(durable=durable) as tx:
        found = tried(tx)
        if isinstance(found, Denied):
            return found
        what, buckets = found
        at = now()
        charges = throttle_store.charge(tx, buckets, at)
        if not isinstance(charges, Refusal):
            tx.commit()
            return what, charges
    return _settle_refusal(transactions, charges, at)


def charge_link(transactions: Transactions, now: Callable[[], int], token: Token) -> Denied | None:
    """Charge a form of a link, before anything is worked out for it; None when it was allowed.

    Only for a link that was found open: one that somebody made up must cost nothing, and leave no count behind.
    """
    charged = charge_try(transactions, now, lambda _uow: (None, [throttle.link(token.digest.hex())]), durable=True)
    return charged if isinstance(charged, Denied) else None


def _settle_refusal(transactions: Transactions, refusal: Refusal, now: int) -> Denied:
    """What to tell about a try that was not allowed. The refused unit of work must have ended."""
    if refusal.next_allowed_at is None:
        return Denied(Reason.SUSPENDED, bucket=refusal.bucket.kind)
    retry_at = refusal.bucket.policy.cut(refusal.next_allowed_at, now)
    if retry_at < refusal.next_allowed_at:
        with transactions.writing() as tx:
            throttle_store.cut(tx, refusal.bucket, retry_at)
            tx.commit()
    kind = refusal.bucket.kind
    return Denied(_REASONS.get(kind, Reason.THROTTLED), retry_at=retry_at, bucket=kind)


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
