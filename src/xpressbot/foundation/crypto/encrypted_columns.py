"""Columns that hold secrets: what each is encrypted for and bound to, and the statements on all of them alike."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, ColumnElement, LargeBinary, Select, func, literal, select, update

from xpressbot.foundation.crypto.encryption import DecryptionError, Encryption, ciphertext_header
from xpressbot.foundation.database.transaction import Reading, Writing


@dataclass(frozen=True)
class EncryptedColumn:
    """A nullable column of ciphertexts in a table with a text column `id`.

    purpose: chooses the sub-key. owner: whose secret a row holds; a column of the same table, or of `owners`, which `owned_by` joins.
    Each ciphertext is bound to its table, owner and row: copied elsewhere, it cannot be decrypted.
    """

    purpose: str
    column: Column[Any]
    owner: Column[Any]
    owned_by: ColumnElement[bool] | None = None

    @property
    def table(self) -> str:
        """The name of the table."""
        return self.column.table.name

    def encrypt(self, encryption: Encryption, key_id: str, owner: str, row_id: str, plaintext: bytes) -> bytes:
        """Encrypt a secret for its row, with the named key."""
        return encryption.encrypt(key_id, self.purpose, self._bound_to(owner, row_id), plaintext)

    def decrypt(self, encryption: Encryption, owner: str, row_id: str, ciphertext: bytes) -> bytes:
        """Return the secret of a row.

        Raises DecryptionError.
        """
        return encryption.decrypt(self.purpose, self._bound_to(owner, row_id), ciphertext)

    def rows(self) -> Select[Any]:
        """Every row, with its id, its owner and its ciphertext."""
        rows = select(self.column.table.c.id, self.owner.label("owner"), self.column.label("ciphertext"))
        return rows if self.owned_by is None else rows.join(self.owner.table, self.owned_by)

    def _bound_to(self, owner: str, row_id: str) -> str:
        return f"{self.table}:{owner}:{row_id}"


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """A ciphertext and the row that it stands in."""

    column: EncryptedColumn
    owner: str
    row_id: str
    ciphertext: bytes = field(repr=False)

    def decrypt(self, encryption: Encryption) -> bytes:
        """Return the secret.

        Raises DecryptionError.
        """
        return self.column.decrypt(encryption, self.owner, self.row_id, self.ciphertext)

    def can_be_decrypted(self, encryption: Encryption) -> bool:
        """Whether `decrypt` returns something; the caller does not learn what."""
        try:
            self.decrypt(encryption)
        except DecryptionError:
            return False
        return True


def encrypted_by_others(tx: Writing, columns: Sequence[EncryptedColumn], key_id: str, limit: int) -> Sequence[StoredSecret]:
    """Some secrets that another key than this one has encrypted, their rows locked.

    Rows that are locked by a sign-in are passed over: what waits for no lock cannot be in a deadlock.
    """
    found: list[StoredSecret] = []
    for column in columns:
        rows = column.rows().where(_is_of_another_key(column, key_id)).limit(limit - len(found))
        batch = tx.execute(rows.with_for_update(of=column.column.table, skip_locked=True))
        found += [StoredSecret(column, row.owner, row.id, row.ciphertext) for row in batch]
    return found


def count_encrypted_by_others(tx: Reading, columns: Sequence[EncryptedColumn], key_id: str) -> int:
    """How many secrets need another key than this one."""
    statements = (select(func.count()).select_from(column.column.table).where(_is_of_another_key(column, key_id)) for column in columns)
    return sum(tx.select(statement).scalar_one() for statement in statements)


def replace_ciphertext(tx: Writing, secret: StoredSecret, ciphertext: bytes) -> bool:
    """Put a ciphertext in the place of the one that was read; False when that one is there no more."""
    column = secret.column.column
    statement = update(column.table).where(column.table.c.id == secret.row_id, column == secret.ciphertext).values({column: ciphertext})
    return tx.execute(statement).rowcount == 1


def newest_secrets(tx: Reading, column: EncryptedColumn, before: str, limit: int) -> Sequence[StoredSecret]:
    """Secrets of one column, whichever key encrypted them, from the newest row backwards; `before` a row, "" for the end."""
    row_id = column.column.table.c.id
    rows = column.rows().where(column.column.is_not(None)).order_by(row_id.desc()).limit(limit)
    return [StoredSecret(column, row.owner, row.id, row.ciphertext) for row in tx.select(rows.where(row_id < before) if before else rows)]


def count_secrets(tx: Reading, columns: Sequence[EncryptedColumn], most: int | None) -> int:
    """How many secrets there are; of no column are more than `most` counted."""
    stored = (select(column.column.table.c.id).where(column.column.is_not(None)).limit(most).subquery() for column in columns)
    return sum(tx.select(select(func.count()).select_from(rows)).scalar_one() for rows in stored)


def _is_of_another_key(column: EncryptedColumn, key_id: str) -> ColumnElement[bool]:
    header = ciphertext_header(key_id)
    begins = func.substr(column.column, 1, len(header), type_=LargeBinary)
    return column.column.is_not(None) & (begins != literal(header, LargeBinary))
