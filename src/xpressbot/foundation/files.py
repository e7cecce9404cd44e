"""Files and directories as the service can go on with them: written whole, and with the owner that they should have.

Root runs commands for the service's user. What root replaces keeps its owner, group and mode; what root makes for an installation
belongs to the owner of the directory that it is made in. Other users cannot give a file away: what they make is their own.
"""

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_NO_HARD_LINKS: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS})
"""What link(2) says on file systems that have none, as FAT and many network shares."""


def make_directory(directory: Path) -> None:
    """Make a directory with mode 0700, and those that lead to it, where they are missing.

    Raises OSError.
    """
    if directory.is_dir():
        return
    make_directory(directory.parent)
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        if directory.is_dir():
            return  # another process was faster
        raise
    _give_to_owner_of(directory.parent, directory)


def make_for_library(file: Path) -> None:
    """Make an empty file, and its directory, before a library makes it: as root it would make it root's.

    Where the library's own file would have the right owner, the file is left for it to make. Raises OSError.
    """
    place = Path(os.path.realpath(file))
    make_directory(place.parent)
    if not _is_anothers(place.parent):
        return
    try:
        os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return
    _give_to_owner_of(place.parent, place)


@contextmanager
def new_file(path: Path, *, for_installation: bool) -> Iterator[Path]:
    """Where to write a file of mode 0600, before it takes its place at `path`: whole, on the disk, or not at all.

    for_installation: whether it belongs to the owner of its directory when root makes it, and not to root.
    Raises FileExistsError when something is there, be it a link that leads nowhere, and other kinds of OSError.
    """
    with _workplace(path.parent) as workplace:
        temporary = workplace / "new"
        temporary.touch(mode=0o600)
        yield temporary
        if for_installation:
            _give_to_owner_of(path.parent, temporary)
        _sync(temporary)
        _put_where_nothing_is(temporary, path)
        _sync(path.parent)


def replace_file(path: Path, content: bytes) -> None:
    """Put other content in the place of a file's, in one step. Its owner, group and mode stay; a link to it stays a link.

    Raises OSError, with nothing changed, also when the owner or group cannot be kept.
    """
    place = Path(os.path.realpath(path))
    before = place.stat()
    with _workplace(place.parent) as workplace:
        temporary = workplace / "new"
        temporary.touch(mode=0o600)
        temporary.write_bytes(content)
        _give(temporary, before.st_uid, before.st_gid)
        temporary.chmod(stat.S_IMODE(before.st_mode))
        _sync(temporary)
        temporary.replace(place)
        _sync(place.parent)


def put_file(path: Path, content: bytes) -> None:
    """Write a file of mode 0600, whole or not at all; whatever stood there is gone. It may be lost in a power cut.

    Raises OSError.
    """
    with _workplace(path.parent) as workplace:
        temporary = workplace / "new"
        temporary.touch(mode=0o600)
        temporary.write_bytes(content)
        _give_to_owner_of(path.parent, temporary)
        temporary.replace(path)


def is_read_only(place: Path | int) -> bool:
    """Whether a file, given by path or descriptor, is kept from changes: it has no write bits, or is mounted read-only.

    Root can write where access(2) says so, and should not where its modes forbid it to others.
    """
    return not stat.S_IMODE(os.stat(place).st_mode) & 0o222 or is_mounted_read_only(place)  # noqa: PTH116  # of a descriptor, too


def is_mounted_read_only(place: Path | int) -> bool:
    """Whether the file system that holds a place takes no writes from this process, be it root."""
    return bool(os.statvfs(place).f_flag & os.ST_RDONLY)


@contextmanager
def _workplace(directory: Path) -> Iterator[Path]:
    """A directory on the same file system that no other user can look into; gone afterwards, with what libraries left in it."""
    with tempfile.TemporaryDirectory(prefix=".xpressbot-", dir=directory) as name:
        yield Path(name)


def _is_anothers(directory: Path) -> bool:
    """Whether root works in another user's directory."""
    return os.geteuid() == 0 and directory.stat().st_uid != 0


def _give_to_owner_of(directory: Path, made: Path) -> None:
    if _is_anothers(directory):
        owner = directory.stat()
        _give(made, owner.st_uid, owner.st_gid)


def _give(path: Path, user: int, group: int) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        found = os.fstat(descriptor)
        if (found.st_uid, found.st_gid) != (user, group):
            os.fchown(descriptor, user, group)
    except OSError as error:
        raise OSError(error.errno, f"it cannot be given to user {user} and group {group} ({error.strerror})", str(path)) from None
    finally:
        os.close(descriptor)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _put_where_nothing_is(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        # Something empty keeps the place, so that no file of another is written over.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        temporary.replace(path)
