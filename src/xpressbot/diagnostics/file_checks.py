"""The key ring's file, the database's files, and the disks they lie on."""

import grp
import os
import pwd
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from xpressbot.diagnostics.findings import Check, Finding, Problem
from xpressbot.foundation.crypto.key_ring import KeyRing, KeyRingDamagedError, KeyRingFormatError, is_private, parse_key_ring
from xpressbot.foundation.crypto.key_state import KeysNeeded
from xpressbot.foundation.files import is_mounted_read_only, is_read_only

LOW_SPACE: Final = 1024**3
NO_SPACE: Final = 100 * 1024**2
LOW_SPACE_FOR_KEYS: Final = 1024**2
"""A key ring takes less than a kilobyte, and may lie on a small disk of its own."""
_OTHERS: Final = 0o077
_OTHERS_WRITE: Final = 0o022


def check_key_ring(path: Path, needed: KeysNeeded | None) -> tuple[KeyRing | None, Sequence[Finding]]:
    """Read the ring, whatever its mode, and compare it with what the database needs, as far as that is known."""
    try:
        ring = parse_key_ring(path, path.read_bytes())
    except FileNotFoundError:
        problem = Problem.KEY_RING_MISSING if needed is not None and needed.keys else Problem.KEY_RING_NOT_MADE
        return None, [_about_ring(problem, path)]
    except OSError as error:
        return None, [_about_ring(Problem.KEY_RING_UNREADABLE, path, error=error.strerror)]
    except KeyRingFormatError:
        return None, [_about_ring(Problem.KEY_RING_FORMAT_UNKNOWN, path)]
    except KeyRingDamagedError:
        return None, [_about_ring(Problem.KEY_RING_DAMAGED, path)]
    findings = []
    if ring.lookup_id in ring.keys:
        findings.append(_about_ring(Problem.KEY_DOUBLED, path, keys=[ring.lookup_id]))
    if needed is not None and needed.keys:
        if missing := sorted(needed.keys - ring.keys.keys()):
            findings.append(_about_ring(Problem.KEY_MISSING, path, keys=missing))
        if needed.lookup_key != ring.lookup_id:
            findings.append(_about_ring(Problem.LOOKUP_KEY_DIFFERS, path))
    return ring, findings or [Finding(Check.KEY_RING, facts={"path": str(path), "keys": list(ring.keys)})]


def check_keys_apart(key_file: Path, database_file: Path | None) -> Sequence[Finding]:
    """Whether one copy of the data's directory would hold the keys too."""
    if database_file is None:
        return []
    data = database_file.resolve().parent
    if not key_file.resolve().is_relative_to(data):
        return []
    return [Finding(Check.KEYS_APART, Problem.KEYS_BESIDE_DATA, {"path": str(key_file), "directory": str(database_file.parent)})]


def check_file_modes(key_file: Path, database_file: Path | None) -> Sequence[Finding]:
    """Whether anybody but the service's user can read the keys or the data, or put others in their place."""
    findings = [*_about_owners(key_file, database_file), *_about_ways(key_file, database_file), *_about_ring_mode(key_file)]
    if _others_write(key_file.parent):
        findings.append(_about_mode(Problem.KEY_DIRECTORY_WRITABLE, key_file.parent, _mode(key_file.parent)))
    if database_file is None:
        return findings
    if _others_write(database_file.parent):
        findings.append(_about_mode(Problem.DATA_DIRECTORY_WRITABLE, database_file.parent, _mode(database_file.parent)))
    if _mode(database_file.parent) & _OTHERS:
        findings += [
            Finding(Check.FILE_MODES, Problem.DATA_OPEN_TO_OTHERS, {"path": str(file), "directory": str(file.parent)})
            for file in files_of(database_file)
            if _mode(file) & _OTHERS
        ]
    return findings


def check_disk_space(key_file: Path, database_file: Path | None) -> Sequence[Finding]:
    """Whether there is room to go on writing."""
    places = [] if _is_kept_from_changes(key_file) else [(key_file.parent, LOW_SPACE_FOR_KEYS, 0)]
    if database_file is not None:
        places.insert(0, (database_file.parent, LOW_SPACE, NO_SPACE))
    findings = []
    for directory, low, none in places:
        free = shutil.disk_usage(_existing(directory)).free
        if free < low:
            problem = Problem.DISK_FULL if free <= none else Problem.DISK_LOW
            findings.append(Finding(Check.DISK_SPACE, problem, {"directory": str(directory), "free": free}))
    return findings


def files_of(database_file: Path) -> Sequence[Path]:
    """What SQLite keeps a database in."""
    return [database_file, *(Path(f"{database_file.resolve()}{suffix}") for suffix in ("-wal", "-shm"))]


def _about_ring(problem: Problem, path: Path, **facts: Any) -> Finding:
    return Finding(Check.KEY_RING, problem, {"path": str(path), **facts})


def _about_mode(problem: Problem, path: Path, mode: int) -> Finding:
    return Finding(Check.FILE_MODES, problem, {"path": str(path), "mode": f"{mode:04o}"})


def _about_ring_mode(key_file: Path) -> Sequence[Finding]:
    """Whether the start refuses the ring for its mode; and that it is read-only, which `keys add` and `keys retire` refuse."""
    if not key_file.exists():
        return []
    found, mode = key_file.stat(), _mode(key_file)
    if is_private(key_file):
        facts = {"path": str(key_file), "mode": f"{mode:04o}", "group": _name_of_group(found.st_gid)}
        return [Finding(Check.FILE_MODES, Problem.KEY_RING_READ_ONLY, facts)] if is_read_only(key_file) else []
    problem = Problem.KEY_RING_MOUNTED_OPEN_TO_OTHERS if is_mounted_read_only(key_file) else Problem.KEY_RING_OPEN_TO_OTHERS
    return [_about_mode(problem, key_file, mode)]


def _about_owners(key_file: Path, database_file: Path | None) -> Sequence[Finding]:
    """Whether a user other than the service's owns a part of it, and can change that whatever the modes.

    That is whoever examines it; root examines it for somebody else, so then one and the same user must own all. Of a ring that is
    kept from changes, owner and directory are whoever's mounted it, or root's.
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
    return [Finding(Check.FILE_MODES, Problem.OWNERS_DIFFER, facts)]


def _about_ways(key_file: Path, database_file: Path | None) -> Sequence[Finding]:
    """Whether others can put whole directories in the place of those that lead to the keys and the data.

    In a sticky directory they can move their own only.
    """
    files = [key_file] if database_file is None else [key_file, database_file]
    nearest = {file.parent.resolve() for file in files}
    ways = {way.resolve() for file in files for path in (file.absolute(), file.resolve()) for way in path.parents}
    return [
        _about_mode(Problem.PARENT_DIRECTORY_WRITABLE, way, _mode(way))
        for way in sorted(ways - nearest)
        if _others_write(way) and not _mode(way) & stat.S_ISVTX
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
