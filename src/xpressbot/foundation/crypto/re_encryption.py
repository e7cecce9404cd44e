"""Changing the key that secrets are encrypted with, in small batches, while people sign in."""

from collections.abc import Sequence
from typing import Final

from xpressbot.foundation.crypto.encrypted_columns import (
    EncryptedColumn,
    StoredSecret,
    count_encrypted_by_others,
    encrypted_by_others,
    replace_ciphertext,
)
from xpressbot.foundation.crypto.encryption import Encryption
from xpressbot.foundation.crypto.key_state import active_key_id, current_key_id, keep_only_active, lock_active_key, switch_key
from xpressbot.foundation.database.transaction import Transactions, Writing

BATCH: Final = 100


class ReEncryption:
    """Works on all encrypted columns. It can be interrupted at any point and run again: what is left is found by looking."""

    def __init__(self, transactions: Transactions, encryption: Encryption, columns: Sequence[EncryptedColumn]) -> None:
        self._transactions = transactions
        self._encryption = encryption
        self._columns = columns

    def switch_to(self, key_id: str) -> bool:
        """Encrypt with this key from here on; False when it is so already. Every node's ring must have it."""
        with self._transactions.writing() as tx:
            switched = switch_key(tx, key_id)
            tx.commit()
        return switched

    def left(self) -> int:
        """How many secrets another key than the active one still has encrypted."""
        with self._transactions.reading() as tx:
            return count_encrypted_by_others(tx, self._columns, current_key_id(tx))

    def next_batch(self) -> int:
        """Encrypt some of them with the active key, and say how many. None may be free although some are left."""
        with self._transactions.writing() as tx:
            key_id = active_key_id(tx)
            done = sum(self._encrypt_anew(tx, key_id, secret) for secret in encrypted_by_others(tx, self._columns, key_id, BATCH))
            tx.commit()
        return done

    def retire_others(self) -> str | None:
        """Declare every key but the active one unneeded, and name the active one; None while a secret needs another."""
        with self._transactions.writing() as tx:
            active = lock_active_key(tx)
            if count_encrypted_by_others(tx, self._columns, active):
                return None
            keep_only_active(tx)
            tx.commit()
        return active

    def _encrypt_anew(self, tx: Writing, key_id: str, secret: StoredSecret) -> bool:
        plaintext = secret.decrypt(self._encryption)
        return replace_ciphertext(tx, secret, secret.column.encrypt(self._encryption, key_id, secret.owner, secret.row_id, plaintext))
