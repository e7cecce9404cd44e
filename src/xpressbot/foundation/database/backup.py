"""Backup and restore of the embedded SQLite database. Keys are never part of it: apart, a backup opens nothing."""

import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import make_url

from xpressbot.foundation.database.migrations import HEAD
from xpressbot.foundation.database.reading import is_cut_off
from xpressbot.foundation.key_ring import is_key_id

_MAGIC: Final = b"SQLite format 3\x00"


class BackupError(Exception):
    """A backup cannot be made or used. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup says of itself: its schema, and the names of the keys that open it."""

    revision: str
    keys: tuple[str, ...]
    lookup_key: str


def back_up(database_url: str, target: Path) -> Contents:
    """Copy a running installation's database into one file, as it is at one moment, readable by its owner only.

    Writers are not held up. Raises BackupError when the database is no SQLite file, or `target` exists already.
    """
    source = _sqlite_file(database_url)
    if not source.is_file():
        raise BackupError(f"There is no database at {source} yet.")
    with _new_file(target) as temporary:
        _copy(source, temporary)
        return inspect_backup(temporary)


def restore(backup: Path, database_url: str) -> Contents:
    """Put a backup where no database is yet.

    Raises BackupError when there is one, or the backup is damaged, of a newer version, or no backup of ours.
    """
    contents = inspect_backup(backup)
    target = _sqlite_file(database_url)
    if any(Path(f"{target}{suffix}").exists() for suffix in ("", "-wal", "-shm")):
        raise BackupError(f"There is a database at {target} already. Restore into an empty place, or move that one away first.")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _new_file(target) as temporary:
        _copy(backup, temporary)
    return contents


def inspect_backup(file: Path) -> Contents:
    """Read what a backup holds, after checking that it is whole.

    Raises BackupError.
    """
    try:
        with file.open("rb") as opened:
            if opened.read(len(_MAGIC)) != _MAGIC:
                raise BackupError(f"{file} is no backup of XpressBot.")
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if is_cut_off(file):
                verdict = "its end is missing"
            if verdict != "ok":
                raise BackupError(f"{file} is damaged: {verdict}. Use another backup.")
            (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            keys, lookup_key = connection.execute("SELECT keys_in_use, lookup_key FROM key_state").fetchone()
    except OSError as error:
        raise BackupError(f"{file} cannot be read: {error.strerror}.") from None
    except (sqlite3.Error, TypeError) as error:
        raise BackupError(f"{file} is damaged or no backup of XpressBot: {error}. Use another backup.") from None
    contents = _contents(revision, keys, lookup_key)
    if contents is None:
        raise BackupError(f"{file} is damaged or no backup of XpressBot: it does not say which keys open it. Use another backup.")
    if contents.revision > HEAD:
        raise BackupError(f"{file} is at schema {revision}, this program knows {HEAD}. Install the newer version first.")
    return contents


def _contents(revision: object, keys_in_use: object, lookup_key: object) -> Contents | None:
    """What the two rows say; None when they hold what we never write: SQLite keeps anything in any column."""
    try:
        keys = json.loads(keys_in_use) if isinstance(keys_in_use, str) else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(revision, str) or not isinstance(keys, list) or not all(map(is_key_id, keys)):
        return None
    return Contents(revision, tuple(keys), str(lookup_key or "")) if lookup_key is None or is_key_id(lookup_key) else None


def _sqlite_file(database_url: str) -> Path:
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise BackupError("This database is a PostgreSQL server's. Use pg_dump and pg_restore: docs/operations.md says how.")
    return Path(url.database)


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as origin, closing(sqlite3.connect(target)) as copy:
        origin.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")


@contextmanager
def _new_file(target: Path) -> Iterator[Path]:
    """A temporary file that becomes `target`, whole or not at all; an existing file is never overwritten."""
    try:
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".xpressbot-")
    except OSError as error:
        raise BackupError(f"Nothing can be written to {target.parent}: {error.strerror}.") from None
    temporary = Path(name)
    try:
        yield temporary
        os.fsync(descriptor)
        os.link(temporary, target)
    except FileExistsError:
        raise BackupError(f"{target} exists already. Name another file.") from None
    finally:
        os.close(descriptor)
        temporary.unlink()
