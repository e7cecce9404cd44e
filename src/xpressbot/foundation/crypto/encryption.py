"""Sealed boxes (AES-256-GCM) and keyed digests (HMAC-SHA-256) under the key ring, with a sub-key per purpose."""

import hashlib
import hmac
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from xpressbot.foundation.crypto.key_ring import KEY_BYTES, KeyRing
from xpressbot.foundation.entropy import Entropy

_VERSION: Final = b"\x01"
_KEY_ID_BYTES: Final = 8
_NONCE_BYTES: Final = 12


class DecryptionError(Exception):
    """A box cannot be opened: wrong row, wrong purpose, altered, or sealed with a key this ring lacks."""


def ciphertext_header(key_id: str) -> bytes:
    """What every box begins with that was sealed with this key."""
    return _VERSION + bytes.fromhex(key_id)


class Encryption:
    """Seals and opens boxes.

    A box is version, key id, nonce, ciphertext. The purpose chooses the sub-key (HKDF), and the row it belongs to is
    bound as associated data: a box copied to another row does not open. `reload` reads the ring again when a box or the
    database names a key that this process does not know yet.
    """

    def __init__(self, ring: KeyRing, entropy: Entropy, reload: Callable[[], KeyRing]) -> None:
        self._ring = ring
        self._entropy = entropy
        self._reload = reload
        self._cipher = lru_cache(maxsize=64)(self._new_cipher)

    def seal(self, key_id: str, purpose: str, row: str, plaintext: bytes) -> bytes:
        """Return a box sealed with the named key."""
        nonce = self._entropy.token_bytes(_NONCE_BYTES)
        header = ciphertext_header(key_id)
        return header + nonce + self._cipher(key_id, purpose).encrypt(nonce, plaintext, header + row.encode())

    def open(self, purpose: str, row: str, box: bytes) -> bytes:
        """Return the plaintext.

        Raises DecryptionError.
        """
        header, rest = box[: 1 + _KEY_ID_BYTES], box[1 + _KEY_ID_BYTES :]
        if header[:1] != _VERSION:
            raise DecryptionError("the box has an unknown version")
        try:
            return self._cipher(header[1:].hex(), purpose).decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], header + row.encode())
        except (InvalidTag, ValueError):
            raise DecryptionError(f"a {purpose} box does not open: altered, or moved from another row") from None

    @property
    def lookup_id(self) -> str:
        """Identifies the ring's lookup key without telling it."""
        return self._ring.lookup_id

    def has_keys(self, key_ids: Iterable[str]) -> bool:
        """Whether this process has all of these keys, having read the ring once more if it did not.

        Raises what reading it raises.
        """
        needed = frozenset(key_ids)
        if needed <= self._ring.keys.keys():
            return True
        newer = self._reload()
        if not needed <= newer.keys.keys():
            return False  # and what this process has, it keeps
        self._ring = newer
        return True

    def _new_cipher(self, key_id: str, purpose: str) -> AESGCM:
        if key_id not in self._ring.keys:
            # A key that was added after this process began: the file has it by now, or nobody has.
            self._ring = self._reload()
        if key_id not in self._ring.keys:
            raise DecryptionError(f"the key ring lacks the key {key_id}")
        return AESGCM(_derive(self._ring.keys[key_id], f"box:{purpose}"))


class KeyedDigests:
    """HMAC under the ring's lookup key: what is digested can be recognised, but not searched for without the ring."""

    def __init__(self, ring: KeyRing) -> None:
        self._sub_key = lru_cache(maxsize=64)(lambda purpose: _derive(ring.lookup_key, f"digest:{purpose}"))

    def digest(self, purpose: str, data: bytes) -> bytes:
        """Return 32 bytes."""
        return hmac.digest(self._sub_key(purpose), data, hashlib.sha256)


def _derive(root: bytes, info: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"xpressbot " + info.encode()).derive(root)
