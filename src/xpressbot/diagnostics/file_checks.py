"""Who may read and replace the files of the key ring and the database, and the disks they lie on."""

import grp
import os
import pwd
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from xpressbot.diagnostics.check import Check, CheckRun, Finding, Problem, Severity
from xpressbot.foundation.crypto.key_ring import is_private
from xpressbot.foundation.files import is_mounted_read_only, is_read_only

LOW_SPACE: Final = 1024**3
NO_SPACE: Final = 100 * 1024**2
LOW_SPACE_FOR_KEYS: Final = 1024**2
"""A key ring takes less than a kilobyte, and may lie on a small disk of its own."""
_OTHERS: Final = 0o077
_OTHERS_WRITE: Final = 0o022

KEY_RING_OPEN_TO_OTHERS: Final = Problem("key_ring_open_to_others", Severity.ERROR)
KEY_RING_MOUNTED_OPEN_TO_OTHERS: Final = Problem("key_ring_mounted_open_to_others", Severity.ERROR)
KEY_RING_READ_ONLY: Final = Problem("key_ring_read_only", Severity.NOTE)
KEY_DIRECTORY_WRITABLE: Final = Problem("key_directory_writable", Severity.ERROR)
DATA_DIRECTORY_WRITABLE: Final = Problem("data_directory_writable", Severity.ERROR)
DATA_OPEN_TO_OTHERS: Final = Problem("data_open_to_others", Severity.ERROR)
PARENT_DIRECTORY_WRITABLE: Final = Problem("parent_directory_writable", Severity.ERROR)
OWNERS_DIFFER: Final = Problem("owners_differ", Severity.ERROR)
DISK_LOW: Final = Problem("disk_low", Severity.WARNING)
DISK_FULL: Final = Problem("disk_full", Severity.ERROR)


def _check_file_modes(run: CheckRun) -> Sequence[Finding]:
    """Whether users other than the service's can read the keys or the data, or put others in their place."""
    key_file, database_file = run.settings.key_file, run.database_file
    findings = [*_about_owners(key_file, database_file), *_about_parents(key_file, database_file), *_about_ring_mode(key_file)]
    if _others_write(key_file.parent):
        findings.append(_about_mode(KEY_DIRECTORY_WRITABLE, key_file.parent, _mode(key_file.parent)))
    if database_file is None:
        return findings
    if _others_write(database_file.parent):
        findings.append(_about_mode(DATA_DIRECTORY_WRITABLE, database_file.parent, _mode(database_file.parent)))
    if _mode(database_file.parent) & _OTHERS:
        findings += [
            Finding("file_modes", DATA_OPEN_TO_OTHERS, {"path": str(file), "directory": str(file.parent)})
            for file in files_of(database_file)
            if _mode(file) & _OTHERS
        ]
    return findings


def _check_disk_space(run: CheckRun) -> Sequence[Finding]:
    """Whether there is room to go on writing."""
    key_file, database_file = run.settings.key_file, run.database_file
    places = [] if _is_kept_from_changes(key_file) else [(key_file.parent, LOW_SPACE_FOR_KEYS, 0)]
    if database_file is not None:
        places.insert(0, (database_file.parent, LOW_SPACE, NO_SPACE))
    findings = []
    for directory, low, none in places:
        free = shutil.disk_usage(_existing(directory)).free
        if free < low:
            problem = DISK_FULL if free <= none else DISK_LOW
            findings.append(Finding("disk_space", problem, {"directory": str(directory), "free": free}))
    return findings


def files_of(database_file: Path) -> Sequence[Path]:
    """What SQLite keeps a database in."""
    return [database_file, *(Path(f"{database_file.resolve()}{suffix}") for suffix in ("-wal", "-shm"))]


def _about_mode(problem: Problem, path: Path, mode: int) -> Finding:
    return Finding("file_modes", problem, {"path": str(path), "mode": f"{mode:04o}"})


def _about_ring_mode(key_file: Path) -> Sequence[Finding]:
    """Whether the start refuses the ring for its mode; and that it is read-only, which `keys add` and `keys retire` refuse."""
    if not key_file.exists():
        return []
    found, mode = key_file.stat(), _mode(key_file)
    if is_private(key_file):
        facts = {"path": str(key_file), "mode": f"{mode:04o}", "group": _name_of_group(found.st_gid)}
        return [Finding("file_modes", KEY_RING_READ_ONLY, facts)] if is_read_only(key_file) else []
    problem = KEY_RING_MOUNTED_OPEN_TO_OTHERS if is_mounted_read_only(key_file) else KEY_RING_OPEN_TO_OTHERS
    return [_about_mode(problem, key_file, mode)]


def _about_owners(key_file: Path, database_file: Path | None) -> Sequence[Finding]:
    """Whether a user other than the service's owns a part of it, and can change that whatever the modes.

    The service's user is the one that runs the doctor. Root runs it for another user, so then one and the same user must own all.
    A ring that is kept from changes, and its directory, may belong to root or to the user that mounted them.
    """
    places = [key_file, key_file.parent]
    if database_file is not None:
        places += [database_file.parent, *files_of(database_file)]
    owners = {path: path.stat().st_uid for path in places if path.exists()}
    if _is_kept_from_changes(key_file):
        for path in (key_file, key_file.parent):
            if owners[path] == 0 or is_mounted_read_only(path):
                del owners[path]
    user = os.geteuid()
    if len({*owners.values()} | ({user} if user else set())) <= 1:
        return []
    facts = {"owners": [{"path": str(path), "owner": _name_of(owner)} for path, owner in owners.items()]}
    return [Finding("file_modes", OWNERS_DIFFER, facts)]


def _about_parents(key_file: Path, database_file: Path | None) -> Sequence[Finding]:
    """Whether others can put whole directories in the place of those that lead to the keys and the data.

    In a sticky directory they can move their own only.
    """
    files = [key_file] if database_file is None else [key_file, database_file]
    nearest = {file.parent.resolve() for file in files}
    parents = {parent.resolve() for file in files for path in (file.absolute(), file.resolve()) for parent in path.parents}
    return [
        _about_mode(PARENT_DIRECTORY_WRITABLE, parent, _mode(parent))
        for parent in sorted(parents - nearest)
        if _others_write(parent) and not _mode(parent) & stat.S_ISVTX
    ]


def _name_of(owner: int) -> str:
    try:
        return pwd.getpwuid(owner).pw_name
    except KeyError:
        return str(owner)


def _name_of_group(group: int) -> str:
    try:
        return grp.getgrgid(group).gr_name
    except KeyError:
        return str(group)


def _is_kept_from_changes(file: Path) -> bool:
    return file.exists() and is_read_only(file)


def _others_write(directory: Path) -> bool:
    """Whether others can put something into it, or something else in the place of what is in it."""
    return bool(_mode(directory) & _OTHERS_WRITE) and not is_mounted_read_only(directory)


def _mode(path: Path) -> int:
    """The path's permissions; none while it does not exist."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return 0


def _existing(directory: Path) -> Path:
    """The nearest directory above that is there already."""
    return next(place for place in (directory.resolve(), *directory.resolve().parents) if place.exists())


FILE_MODES: Final = Check(
    "file_modes",
    _check_file_modes,
    problems=(
        KEY_RING_OPEN_TO_OTHERS,
        KEY_RING_MOUNTED_OPEN_TO_OTHERS,
        KEY_RING_READ_ONLY,
        KEY_DIRECTORY_WRITABLE,
        DATA_DIRECTORY_WRITABLE,
        DATA_OPEN_TO_OTHERS,
        PARENT_DIRECTORY_WRITABLE,
        OWNERS_DIFFER,
    ),
    fields=frozenset({"key_file", "database_url", "data_dir"}),
)
DISK_SPACE: Final = Check(
    "disk_space", _check_disk_space, problems=(DISK_LOW, DISK_FULL), fields=frozenset({"key_file", "database_url", "data_dir"})
)
