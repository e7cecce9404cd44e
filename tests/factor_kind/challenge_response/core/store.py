"""Statements on keys, counters and open challenges. A challenge is used up by the row count of its removal."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import delete, exists, insert, select, update

from tests.factor_kind.challenge_response.core.tables import AUTHENTICATOR_KEY, CHALLENGE
from xpressbot.foundation.crypto.encrypted_columns import EncryptedColumn
from xpressbot.foundation.database.expiry import ExpiringRows
from xpressbot.foundation.database.rows_at_restore import AtRestore, EndsAtRestore, StaysAtRestore
from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.foundation.times import HOUR, MINUTE
from xpressbot.identity.factors.store import IS_ACTIVE, IS_PENDING
from xpressbot.identity.tables import AUTHENTICATOR

KEY: Final = EncryptedColumn("challenge key", AUTHENTICATOR_KEY.c.key, AUTHENTICATOR_KEY.c.account_id)
LIFETIME: Final = 5 * MINUTE
EXPIRING_CHALLENGES: Final = ExpiringRows("challenges", CHALLENGE.c.id, CHALLENGE.c.expires_at, kept=1 * HOUR, lifetime=LIFETIME)
AT_RESTORE: Final[tuple[AtRestore, ...]] = (StaysAtRestore(AUTHENTICATOR_KEY), EndsAtRestore("open challenges", CHALLENGE))


@dataclass(frozen=True)
class StoredKey:
    """A key, encrypted, of an authenticator."""

    id: str
    account_id: str
    ciphertext: bytes = field(repr=False)


def add(tx: Writing, key: StoredKey) -> None:
    tx.execute(insert(AUTHENTICATOR_KEY), {"id": key.id, "account_id": key.account_id, "key": key.ciphertext, "counter": 0})


def find(tx: Reading, authenticator_id: str) -> StoredKey:
    return _from(tx.select(_KEYS.where(AUTHENTICATOR_KEY.c.id == authenticator_id)).one())


def active(tx: Reading, account_id: str) -> Sequence[StoredKey]:
    rows = _KEYS.join(AUTHENTICATOR, AUTHENTICATOR.c.id == AUTHENTICATOR_KEY.c.id).where(AUTHENTICATOR_KEY.c.account_id == account_id)
    return [_from(row) for row in tx.select(rows.where(IS_ACTIVE))]


def remove(tx: Writing, authenticator_id: str) -> None:
    tx.execute(delete(AUTHENTICATOR_KEY).where(AUTHENTICATOR_KEY.c.id == authenticator_id))
    tx.execute(delete(CHALLENGE).where(CHALLENGE.c.id == authenticator_id))


def open_challenge(tx: Writing, challenge: str, account_id: str, expires_at: int, most: int) -> None:
    """Add one; of an account's, the newest ones stay."""
    tx.execute(insert(CHALLENGE), {"id": challenge, "account_id": account_id, "expires_at": expires_at})
    of_account = CHALLENGE.c.account_id == account_id
    newest = tx.execute(select(CHALLENGE.c.id).where(of_account).order_by(CHALLENGE.c.expires_at.desc(), CHALLENGE.c.id.desc()))
    for challenge_id in list(newest.scalars())[most:]:
        tx.execute(delete(CHALLENGE).where(CHALLENGE.c.id == challenge_id))


def use_up_challenge(tx: Writing, challenge: str, account_id: str, now: int) -> bool:
    of_account = (CHALLENGE.c.id == challenge) & (CHALLENGE.c.account_id == account_id)
    return tx.execute(delete(CHALLENGE).where(of_account, CHALLENGE.c.expires_at > now)).rowcount == 1


def use_up_counter(tx: Writing, authenticator_id: str, counter: int, *, pending: bool) -> bool:
    is_in_state = exists().where(AUTHENTICATOR.c.id == AUTHENTICATOR_KEY.c.id, IS_PENDING if pending else IS_ACTIVE)
    this = (AUTHENTICATOR_KEY.c.id == authenticator_id) & (AUTHENTICATOR_KEY.c.counter < counter)
    return tx.execute(update(AUTHENTICATOR_KEY).where(this, is_in_state).values(counter=counter)).rowcount == 1


_KEYS = select(AUTHENTICATOR_KEY.c.id, AUTHENTICATOR_KEY.c.account_id, AUTHENTICATOR_KEY.c.key)


def _from(row: Any) -> StoredKey:
    return StoredKey(row.id, row.account_id, row.key)
