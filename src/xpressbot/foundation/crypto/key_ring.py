"""The key ring: a file of its own, apart from the data, that only the service's user may read."""

import base64
import fcntl
import hashlib
import json
import os
import re
import shlex
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from operator import index
from pathlib import Path
from typing import IO, Final

from xpressbot.foundation.files import is_mounted_read_only, is_read_only, make_directory, new_file, replace_file

KEY_BYTES: Final = 32
_FORMAT: Final = 1
_KEY_ID: Final = re.compile("[0-9a-f]{16}")
_OTHERS: Final = 0o077


class KeyRingError(Exception):
    """The key ring cannot be used. The message says what to do."""


class KeyRingDamagedError(KeyRingError):
    """The file holds no ring, or none that is whole."""


class KeyRingFormatError(KeyRingError):
    """The file holds a ring that another version of this program has written."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Root keys by id. `active_id` encrypts, all of them decrypt; `lookup_key` computes keyed digests and is never rotated."""

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
    with _telling(path, "read"), path.open("rb") as file:
        return _read(path, file)


@contextmanager
def held_key_ring(path: Path) -> Iterator[KeyRing]:
    """The ring, locked against changes: for what makes the database rely on its keys.

    Raises what `load_key_ring` does.
    """
    with ExitStack() as stack:
        with _telling(path, "read"):
            ring = _read(path, stack.enter_context(_held(path, "rb", fcntl.LOCK_SH)))
        yield ring


def change_key_ring(path: Path, change: Callable[[KeyRing], KeyRing]) -> KeyRing:
    """Put what `change` makes of the ring in its place, in one step, and return that. There is no other way to write over a ring.

    Other changes wait, and are given what this leaves: no key is lost between reading and writing. The file keeps its
    owner, group and mode, and a link to it stays a link. What `change` raises leaves the file as it was.
    Raises what `load_key_ring` does, and KeyRingError when the file is read-only or cannot be replaced.
    """
    with _telling(path, "read"), path.open("rb") as file:
        if is_read_only(file.fileno()):
            raise KeyRingError(
                f"The key ring {path} is read-only here. Change it where it comes from: set XPRESSBOT_KEY_FILE to a copy that can be"
                " written, and put the changed copy in its place. Where only its mode forbids it, run chmod 600. docs/operations.md says"
                " how."
            )
    with ExitStack() as stack:
        with _telling(path, "read"):
            ring = _read(path, stack.enter_context(_held(path, "r+b", fcntl.LOCK_EX)))
        changed = change(ring)
        with _telling(path, "changed"):
            replace_file(path, _written(changed))
    return changed


def is_private(place: Path | int) -> bool:
    """Whether only the service can read or write a ring, given by path or descriptor.

    That is: only its owner; or, where the file is read-only, also a group that this process is in, as with a mounted secret.
    Root acts for the service's user, and cannot know that user's groups: it takes any group.
    """
    found = os.stat(place)  # noqa: PTH116  # of a descriptor, too
    others = stat.S_IMODE(found.st_mode) & _OTHERS
    if not others:
        return True
    is_own_group = os.geteuid() == 0 or found.st_gid in {os.getegid(), *os.getgroups()}
    return others == stat.S_IRGRP and is_read_only(place) and is_own_group


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
    place = Path(os.path.realpath(path))
    with _telling(path, "written"):
        make_directory(place.parent)
        try:
            with new_file(place, for_installation=True) as temporary:
                temporary.write_bytes(_written(ring))
        except FileExistsError:
            return False
    return True


@contextmanager
def _telling(path: Path, done: str) -> Iterator[None]:
    """Say in a sentence what keeps a ring from being read or written. That one to read is not there stays an error of its own."""
    try:
        yield
    except OSError as error:
        if done != "written" and isinstance(error, FileNotFoundError):
            raise
        elsewhere = " Set XPRESSBOT_KEY_FILE to another place." if done == "written" else ""
        raise KeyRingError(f"The key ring {path} cannot be {done}: {error.strerror}.{elsewhere}") from None


@contextmanager
def _held(path: Path, mode: str, lock: int) -> Iterator[IO[bytes]]:
    """The file that is the ring, locked. A process that waited while it was replaced takes the new one."""
    while True:
        with path.open(mode) as file:
            fcntl.flock(file, lock)
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                yield file
                return


def _read(path: Path, file: IO[bytes]) -> KeyRing:
    if not is_private(file.fileno()):
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        raise KeyRingError(_open_to_others(path, mode, mounted=is_mounted_read_only(file.fileno())))
    return parse_key_ring(path, file.read())


def _open_to_others(path: Path, mode: int, *, mounted: bool) -> str:
    remedy = (
        "It is mounted read-only: give it mode 0400 where it comes from, or 0440 with a group of the service's user."
        if mounted
        else f"Run: chmod 600 {shlex.quote(str(path))}"
    )
    return f"The key ring {path} can be read by others (mode {mode:04o}). {remedy}"


def _written(ring: KeyRing) -> bytes:
    document = {
        "format": _FORMAT,
        "active": ring.active_id,
        "keys": {name: _encode(key) for name, key in ring.keys.items()},
        "lookup": _encode(ring.lookup_key),
    }
    return json.dumps(document, indent=1).encode()


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
