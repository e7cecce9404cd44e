"""Encryption of stored secrets (AES-256-GCM) and keyed digests (HMAC-SHA-256), with a sub-key of the key ring per purpose."""

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
    """A ciphertext is of another row or purpose, was altered, or needs a key that this ring lacks."""


def ciphertext_header(key_id: str) -> bytes:
    """What every ciphertext of this key begins with."""
    return _VERSION + bytes.fromhex(key_id)


class Encryption:
    """Encrypts and decrypts.

    What is stored is version, key id, nonce and the AEAD's output. The purpose chooses the sub-key (HKDF), and the row is bound as
    associated data: copied to another row, nothing can be decrypted. `reload` reads the ring again when a ciphertext or the database
    names a key that this process does not know yet.
    """

    def __init__(self, ring: KeyRing, entropy: Entropy, reload: Callable[[], KeyRing]) -> None:
        self._ring = ring
        self._entropy = entropy
        self._reload = reload
        self._cipher = lru_cache(maxsize=64)(self._new_cipher)

    def encrypt(self, key_id: str, purpose: str, row: str, plaintext: bytes) -> bytes:
        """Encrypt with the named key."""
        nonce = self._entropy.token_bytes(_NONCE_BYTES)
        header = ciphertext_header(key_id)
        return header + nonce + self._cipher(key_id, purpose).encrypt(nonce, plaintext, header + row.encode())

    def decrypt(self, purpose: str, row: str, ciphertext: bytes) -> bytes:
        """Return the plaintext.

        Raises DecryptionError.
        """
        header, rest = ciphertext[: 1 + _KEY_ID_BYTES], ciphertext[1 + _KEY_ID_BYTES :]
        if header[:1] != _VERSION:
            raise DecryptionError("the ciphertext has an unknown version")
        try:
            return self._cipher(header[1:].hex(), purpose).decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], header + row.encode())
        except (InvalidTag, ValueError):
            raise DecryptionError(f"a {purpose} cannot be decrypted: altered, or moved from another row") from None

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
            # A key that was added after this process began: the file has it by now, or it is lost.
            self._ring = self._reload()
        if key_id not in self._ring.keys:
            raise DecryptionError(f"the key ring lacks the key {key_id}")
        return AESGCM(_derive(self._ring.keys[key_id], f"encryption:{purpose}"))


class KeyedDigests:
    """HMAC under the ring's lookup key: what is digested can be recognised, but not searched for without the ring."""

    def __init__(self, ring: KeyRing) -> None:
        self._sub_key = lru_cache(maxsize=64)(lambda purpose: _derive(ring.lookup_key, f"digest:{purpose}"))

    def digest(self, purpose: str, data: bytes) -> bytes:
        """Return 32 bytes."""
        return hmac.digest(self._sub_key(purpose), data, hashlib.sha256)


def _derive(root: bytes, info: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"xpressbot " + info.encode()).derive(root)
