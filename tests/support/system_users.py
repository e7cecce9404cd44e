"""Other users than root, and what is mounted read-only: for children of a test that runs as root."""

import ctypes
import encodings.utf_8_sig  # noqa: F401
import importlib.readers  # noqa: F401
import os
import tempfile
import tty  # noqa: F401  # a child of another user may not read where this is and what is so marked below, and takes it late
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import alembic.command
import alembic.config  # noqa: F401
import pytest

SERVICE = 4711
"""A user, and its group of the same number."""
OTHER_GROUP = 4712
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
_LIBC = ctypes.CDLL(None, use_errno=True)
_NEW_MOUNTS, _READ_ONLY, _REMOUNT, _BIND, _RECURSIVE, _PRIVATE = 0x20000, 1, 32, 4096, 16384, 1 << 18


@contextmanager
def reachable_directory() -> Iterator[Path]:
    """A directory that any user can get into; pytest's own are root's alone."""
    with tempfile.TemporaryDirectory(prefix="xpressbot-users-") as name:
        directory = Path(name).resolve()
        directory.chmod(0o755)
        yield directory


def service_user(groups: Sequence[int] = ()) -> Callable[[], None]:
    """Makes a process the service's user, with further groups."""

    def become() -> None:
        os.setgroups(groups)
        os.setgid(SERVICE)
        os.setuid(SERVICE)

    return become


def with_read_only(directory: Path, then: Callable[[], None] = lambda: None) -> Callable[[], None]:
    """Makes a process see a directory as mounted read-only; no other process sees it so."""

    def become() -> None:
        place = os.fsencode(directory)
        _must(_LIBC.unshare(_NEW_MOUNTS))
        _must(_LIBC.mount(b"none", b"/", None, _RECURSIVE | _PRIVATE, None))
        _must(_LIBC.mount(place, place, None, _BIND, None))
        _must(_LIBC.mount(b"none", place, None, _REMOUNT | _BIND | _READ_ONLY, None))
        then()

    return become


def give(path: Path, user: int = SERVICE, group: int | None = None) -> None:
    """Give a file or directory, with all that is in it, to a user and its group."""
    for place in (path, *path.rglob("*")):
        os.lchown(place, user, user if group is None else group)


def owner_and_mode(path: Path) -> tuple[int, int, str]:
    """User, group and mode of what is there."""
    found = path.stat()
    return found.st_uid, found.st_gid, f"{found.st_mode & 0o7777:04o}"


def _must(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
