"""Removing all that an account's 2FA rests on: when it is disabled, and when it is reset."""

from xpressbot.foundation.database.transaction import Writing
from xpressbot.identity.factors import store
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.throttling import store as throttle_store


def remove_all_factors(tx: Writing, kinds: Kinds, account_id: str) -> None:
    """Revoke every authenticator, remove every backup, and forget the counts of their proofs. The account must be locked."""
    for authenticator in store.in_force(tx, account_id):
        revoke(tx, kinds, authenticator.id, authenticator.kind)
    for backup in kinds.backup:
        backup.remove(tx, account_id)
    throttle_store.clear(tx, [key for kind in kinds for key in kind.buckets(account_id)])


def revoke(tx: Writing, kinds: Kinds, authenticator_id: str, kind_name: str) -> None:
    """Revoke one authenticator; what its kind has of it is forgotten."""
    store.revoke(tx, authenticator_id)
    kind = kinds.find_primary(kind_name)
    if kind is not None:
        kind.revoke(tx, authenticator_id)
