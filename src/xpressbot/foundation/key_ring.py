"""The key ring: a file of its own, apart from the data, that only the service's user may read."""

import base64
import hashlib
import json
import os
import re
import shlex
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import index
from pathlib import Path
from typing import Final

KEY_BYTES: Final = 32
_FORMAT: Final = 1
_KEY_ID: Final = re.compile("[0-9a-f]{16}")


class KeyRingError(Exception):
    """The key ring cannot be used. The message says what to do."""


class KeyRingDamagedError(KeyRingError):
    """The file holds no ring, or none that is whole."""


class KeyRingFormatError(KeyRingError):
    """The file holds a ring that another version of this program has written."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Root keys by id. `active_id` seals, all of them open; `lookup_key` computes keyed digests and is never rotated."""

    active_id: str
    keys: dict[str, bytes] = field(repr=False)
    lookup_key: bytes = field(repr=False)

    @property
    def newest_id(self) -> str:
        """The key that was added last: the one to rotate to."""
        return next(reversed(self.keys))

    @property
    def lookup_id(self) -> str:
        """Identifies the lookup key without telling it."""
        return key_id(self.lookup_key)


EMPTY_KEY_RING: Final = KeyRing("", {}, b"")
"""Opens nothing: what there is before the first start."""


def is_key_id(name: object) -> bool:
    """Whether it has the shape of a key's name."""
    return isinstance(name, str) and _KEY_ID.fullmatch(name) is not None


def key_id(key: bytes) -> str:
    """A key's name is derived from it, so that a wrong key can never pass under a right name."""
    return hashlib.sha256(b"xpressbot key id\0" + key).hexdigest()[:16]


def with_key(ring: KeyRing, key: bytes) -> KeyRing:
    """The ring with one more key, not yet active."""
    return KeyRing(ring.active_id, {**ring.keys, key_id(key): key}, ring.lookup_key)


def with_only(ring: KeyRing, name: str) -> KeyRing:
    """The ring with one root key left."""
    return KeyRing(name, {name: ring.keys[name]}, ring.lookup_key)


def new_key_ring(first_key: bytes, lookup_key: bytes) -> KeyRing:
    """A ring of one root key."""
    name = key_id(first_key)
    return KeyRing(name, {name: first_key}, lookup_key)


def load_key_ring(path: Path) -> KeyRing:
    """Read the ring.

    Raises FileNotFoundError, or KeyRingError when others may read the file, this process may not, or it is damaged.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise KeyRingError(f"The key ring {path} can be read by others (mode {mode:04o}). Run: chmod 600 {shlex.quote(str(path))}")
            content = file.read()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise KeyRingError(f"The key ring {path} cannot be read: {error.strerror}.") from None
    return parse_key_ring(path, content)


def parse_key_ring(path: Path, content: bytes) -> KeyRing:
    """The ring that was read from a file.

    Raises KeyRingDamagedError or KeyRingFormatError.
    """
    try:
        document = json.loads(content, object_pairs_hook=_each_once)
        if (version := index(document["format"])) != _FORMAT:
            raise KeyRingFormatError(f"The key ring {path} has format {version}, which this version does not know.")
        keys = {name: _decode(text) for name, text in document["keys"].items()}
        ring = KeyRing(document["active"], keys, _decode(document["lookup"]))
        is_consistent = ring.active_id in keys and all(key_id(key) == name for name, key in keys.items())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise KeyRingDamagedError(f"The key ring {path} is damaged. Put your saved copy of it back.") from None
    if not is_consistent:
        raise KeyRingDamagedError(f"The key ring {path} is damaged: a key does not match its name. Put your saved copy of it back.")
    return ring


def create_key_ring(path: Path, ring: KeyRing) -> bool:
    """Write a new ring with mode 0600, whole or not at all. False if the file exists already: it is never overwritten.

    Raises KeyRingError when the place takes no file.
    """
    with _written(path, ring) as temporary:
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
    return True


def replace_key_ring(path: Path, ring: KeyRing) -> None:
    """Put a changed ring in the place of the old one, in one step.

    Raises KeyRingError when the place takes no file.
    """
    with _written(path, ring) as temporary:
        temporary.replace(path)


@contextmanager
def _written(path: Path, ring: KeyRing) -> Iterator[Path]:
    """A temporary file with the ring, beside its place; gone afterwards unless it was moved there."""
    document = {
        "format": _FORMAT,
        "active": ring.active_id,
        "keys": {name: _encode(key) for name, key in ring.keys.items()},
        "lookup": _encode(ring.lookup_key),
    }
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(descriptor, "w") as file:
                json.dump(document, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise KeyRingError(f"The key ring {path} cannot be written: {error.strerror}. Set XPRESSBOT_KEY_FILE to another place.") from None


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A JSON object. Of a name that stands in it twice json takes the last, so that a key could vanish unnoticed."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands in it twice")
    return members


def _encode(key: bytes) -> str:
    return base64.b64encode(key).decode("ascii")


def _decode(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError("a key has the wrong length")
    return key
