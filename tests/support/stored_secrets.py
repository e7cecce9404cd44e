"""The secrets in a database: which keys encrypted them, and which ring decrypts them."""

from collections.abc import Sequence
from pathlib import Path

from xpressbot.entrypoints.services import Services
from xpressbot.foundation.crypto.encrypted_columns import StoredSecret, newest_secrets
from xpressbot.foundation.crypto.encryption import Encryption
from xpressbot.foundation.crypto.key_ring import load_key_ring
from xpressbot.foundation.database.transaction import ReadTransactions

_ALL = 1_000_000


def stored_secrets(services: Services) -> Sequence[StoredSecret]:
    """All of them."""
    with ReadTransactions(services.database).reading() as tx:
        return [secret for column in services.identity.kinds.encrypted_columns for secret in newest_secrets(tx, column, "", _ALL)]


def keys_in_use(services: Services) -> set[str]:
    """The names of the keys that encrypted what stands in the database."""
    return {secret.ciphertext[1:9].hex() for secret in stored_secrets(services)}


def count_decrypted_with(ring_file: Path, services: Services) -> int:
    """How many secrets can be decrypted with this ring and no other."""
    ring = load_key_ring(ring_file)
    encryption = Encryption(ring, services.entropy, lambda: ring)
    return sum(secret.can_be_decrypted(encryption) for secret in stored_secrets(services))
