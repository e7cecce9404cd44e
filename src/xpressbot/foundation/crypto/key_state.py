"""The row that names the active key and all keys in use: how the database and a key ring recognise each other."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Column, Integer, Row, String, Table, select, update

from xpressbot.foundation.crypto.key_ring import KEY_BYTES, KeyRing, KeyRingError, create_key_ring, load_key_ring, new_key_ring
from xpressbot.foundation.database.engine import METADATA, Database
from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.foundation.entropy import Entropy

KEY_STATE: Final = Table(
    "key_state",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("active_key", String(16)),
    Column("keys_in_use", String, nullable=False),
    Column("lookup_key", String(16)),
)


def active_key_id(tx: Writing) -> str:
    """The key to encrypt with, which stays active until this transaction ends."""
    active: str = tx.execute(select(KEY_STATE.c.active_key).where(KEY_STATE.c.id == 1).with_for_update(read=True)).scalar_one()
    return active


def attach_key_ring(database: Database, path: Path, entropy: Entropy, *, makes: bool = True) -> KeyRing:
    """Return the ring that belongs to this database; make both acquainted when neither knows another yet.

    A ring is made only while the database names no key, and with makes=False never: which ring a database has is decided where
    it is served. Raises KeyRingError when the file is missing, readable by others, damaged, or lacks a key that the database
    needs.
    """
    state = _state(database)
    if state.active_key is None and not makes:
        raise KeyRingError(
            f"This database has no key ring yet. The first start makes one, or takes the one at {path.absolute()}: run xpressbot serve, or"
            " xpressbot accounts create."
        )
    if state.active_key is None:
        create_key_ring(path, new_key_ring(entropy.token_bytes(KEY_BYTES), entropy.token_bytes(KEY_BYTES)))
        ring = load_key_ring(path)
        with database.write() as connection:
            connection.execute(
                update(KEY_STATE)
                .where(KEY_STATE.c.id == 1, KEY_STATE.c.active_key.is_(None))
                .values(active_key=ring.active_id, keys_in_use=json.dumps([ring.active_id]), lookup_key=ring.lookup_id)
            )
            connection.commit()
        state = _state(database)
    try:
        ring = load_key_ring(path)
    except FileNotFoundError:
        raise KeyRingError(
            f"The key ring {path} is missing, and this database holds rows that only it can open. Put your saved copy back,"
            " or set XPRESSBOT_KEY_FILE to where it is. No new ring is made, since it could open none of them."
        ) from None
    missing = sorted(set(json.loads(state.keys_in_use)) - ring.keys.keys())
    if missing:
        raise KeyRingError(f"The key ring {path} lacks the key {', '.join(missing)} that this database uses. Put the right ring back.")
    if state.lookup_key != ring.lookup_id:
        raise KeyRingError(f"The key ring {path} has another lookup key than this database was made with. Put the right ring back.")
    return ring


@dataclass(frozen=True, slots=True)
class KeysNeeded:
    """The names of the keys without which something in the database does not open. None are needed before the first start."""

    keys: frozenset[str]
    lookup_key: str | None


def keys_needed(database: Database) -> KeysNeeded:
    """What the database asks of a key ring."""
    state = _state(database)
    return KeysNeeded(frozenset(json.loads(state.keys_in_use)), state.lookup_key)


def _state(database: Database) -> Row[Any]:
    with database.read() as connection:
        return connection.execute(select(KEY_STATE).where(KEY_STATE.c.id == 1)).one()


def switch_key(tx: Writing, key_id: str) -> bool:
    """Encrypt with this key from here on; False when it is so already.

    Each transaction that encrypts holds the row until it has committed: once this one has, no later ciphertext has an older key.
    """
    state = _locked(tx)
    if state.active_key == key_id:
        return False
    in_use = dict.fromkeys([*json.loads(state.keys_in_use), key_id])
    tx.execute(_UPDATE.values(active_key=key_id, keys_in_use=json.dumps(list(in_use))))
    return True


def current_key_id(tx: Reading) -> str:
    """The active key, which may be another one by the next statement."""
    active: str = tx.select(select(KEY_STATE.c.active_key).where(KEY_STATE.c.id == 1)).scalar_one()
    return active


def lock_active_key(tx: Writing) -> str:
    """The active key; every transaction that encrypts waits until this one ends."""
    active: str = _locked(tx).active_key
    return active


def keep_only_active(tx: Writing) -> None:
    """Declare that no ciphertext needs another key. The caller has locked the active key, and has looked."""
    tx.execute(_UPDATE.values(keys_in_use=json.dumps([_locked(tx).active_key])))


_UPDATE: Final = update(KEY_STATE).where(KEY_STATE.c.id == 1)


def _locked(tx: Writing) -> Row[Any]:
    return tx.execute(select(KEY_STATE).where(KEY_STATE.c.id == 1).with_for_update()).one()
