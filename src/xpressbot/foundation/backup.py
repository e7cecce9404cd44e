"""Backup and restore of the embedded SQLite database. Keys are never part of it: apart, a backup opens nothing."""

import json
import shlex
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy.exc import DBAPIError

from xpressbot.foundation.crypto.key_ring import is_key_id
from xpressbot.foundation.database.migration_runner import Revisions, Schema, SchemaState
from xpressbot.foundation.database.read_only import database_file, is_cut_off, is_in_wal_mode, log_of, url_of_file
from xpressbot.foundation.files import make_directory, new_file

T = TypeVar("T")

_MAGIC: Final = b"SQLite format 3\x00"
_BESIDE: Final = ("", "-wal", "-shm", "-journal")
"""What SQLite keeps a database in. A log or journal that is left over would be taken for the restored database's own."""


class BackupError(Exception):
    """A backup cannot be made or used. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup says of itself: its schema, and the names of the keys that open it."""

    revisions: Revisions
    keys: tuple[str, ...]
    lookup_key: str


def back_up(database_url: str, target: Path, schema: Schema) -> Contents:
    """Copy a running installation's database into one file, as it is at one moment, readable by its owner only.

    That is the user who makes it: the service needs no backup. Writers are not held up. Raises BackupError when the database is
    no SQLite file, or `target` exists already.
    """
    source = _sqlite_file(database_url)
    if not source.is_file():
        raise BackupError(f"There is no database at {source} yet.")
    with _new_file(target, for_installation=False) as temporary:
        _copy(source, temporary)
        return _inspect(temporary, source, schema)


def restore(backup: Path, database_url: str, schema: Schema, finish: Callable[[str], T]) -> tuple[Contents, T]:
    """Put a backup where no database is yet, and give what it said of itself, and what `finish` gives.

    finish: gets the URL of the restored database before it takes its place, and ends in it what must not come back.
    Raises BackupError when there is a database, or the backup is damaged, of a newer version, not whole, or no backup of ours.
    """
    target = _sqlite_file(database_url)
    if any(Path(f"{target}{suffix}").exists() for suffix in _BESIDE):
        raise BackupError(f"There is a database at {target} already. Restore into an empty place, or move that one away first.")
    with _as_one_file(backup) as whole:
        contents = _inspect(whole, backup, schema)
        _make_directory_of(target)
        with _new_file(target, for_installation=True) as temporary:
            _copy(whole, temporary)
            try:
                finished = finish(url_of_file(temporary))
            except DBAPIError as error:
                raise BackupError(f"{backup} cannot be restored: {error.orig}.") from None
            _put_in_one_file(temporary)
    return contents, finished


@contextmanager
def _as_one_file(backup: Path) -> Iterator[Path]:
    """The backup; of a copy that was made with its log, one file that has both, made elsewhere. The copy stays as it is."""
    with ExitStack() as stack:
        try:
            if backup.is_fifo():
                raise BackupError(f"{backup} is no file but a pipe, which would be waited for. Restore from a file.")
            with backup.open("rb") as opened:
                if opened.read(len(_MAGIC)) != _MAGIC:
                    raise BackupError(f"{backup} is no backup of XpressBot.")
            whole = stack.enter_context(_together_with_log(backup, log_of(backup))) if is_in_wal_mode(backup) else backup
        except OSError as error:
            raise BackupError(f"{error.filename or backup} cannot be read or copied: {error.strerror}.") from None
        yield whole


@contextmanager
def _together_with_log(backup: Path, log: Path) -> Iterator[Path]:
    if not log.exists():
        raise BackupError(
            f"{backup} is a copy of a database that may have been in use, and {log}, which then holds what was written last, is not"
            f" beside it. Put it there, or use a backup made by xpressbot backup. Only if nothing had the database open when it was copied,"
            f" so that there was no such file, make an empty one, which says so. Run: touch {shlex.quote(str(log))}"
        )
    with tempfile.TemporaryDirectory(prefix="xpressbot-restore-") as name:
        copy = Path(name) / "copy"
        shutil.copyfile(backup, copy)
        shutil.copyfile(log, log_of(copy))
        _take_in_log(copy, backup, log)
        yield copy


def _take_in_log(copy: Path, backup: Path, log: Path) -> None:
    """Let SQLite write what the log holds into the database's file.

    Raises BackupError when nothing of the log counts, because it was cut off or is of another time, or the two do not fit.
    """
    is_damaged = f"{backup} and {log} do not make a whole database. Use a backup made by xpressbot backup."
    if is_cut_off(copy):
        raise BackupError(is_damaged)
    is_empty = log.stat().st_size == 0
    try:
        with closing(sqlite3.connect(copy)) as connection:
            connection.execute("PRAGMA trusted_schema=OFF")
            _busy, frames, _written = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.Error:
        raise BackupError(is_damaged) from None
    if broken is not None or not (frames or is_empty):
        raise BackupError(is_damaged)
    _put_in_one_file(copy)


def _inspect(file: Path, called: Path, schema: Schema) -> Contents:
    """Read what a backup holds, after checking that it is whole. In messages it is `called` what the operator named.

    Raises BackupError.
    """
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if is_cut_off(file):
                verdict = "its end is missing"
            if verdict != "ok":
                raise BackupError(f"{called} is damaged: {verdict}. Use another backup.")
            revisions = schema.at(partial(_revision, connection))
            keys, lookup_key = connection.execute("SELECT keys_in_use, lookup_key FROM key_state").fetchone()
    except OSError as error:
        raise BackupError(f"{called} cannot be read: {error.strerror}.") from None
    except (sqlite3.Error, TypeError) as error:
        raise BackupError(f"{called} is damaged or no backup of XpressBot: {error}. Use another backup.") from None
    contents = _contents(revisions, keys, lookup_key)
    if contents is None:
        raise BackupError(f"{called} is damaged or no backup of XpressBot: it does not say which keys open it. Use another backup.")
    if revisions.state is SchemaState.NEWER:
        raise BackupError(f"{called} is at schema {revisions}, this program knows {schema.head}. Install the newer version first.")
    if revisions.state is SchemaState.UNRELEASED:
        raise BackupError(f"{called} is at schema {revisions}, which is from before the first release and is not migrated.")
    return contents


def _revision(connection: sqlite3.Connection, version_table: str) -> str | None:
    """At which revision a package's tables are. SQLite keeps anything in any column: what is no text is refused by its caller."""
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (version_table,)).fetchone() is None:
        return None
    (revision,) = connection.execute(f"SELECT version_num FROM {version_table}").fetchone()  # noqa: S608  # a constant
    if not isinstance(revision, str):
        raise TypeError("it does not say at which schema it is")
    return revision


def _contents(revisions: Revisions, keys_in_use: object, lookup_key: object) -> Contents | None:
    """What the rows say; None when they hold what we never write: SQLite keeps anything in any column."""
    try:
        keys = json.loads(keys_in_use) if isinstance(keys_in_use, str) else None
    except (ValueError, RecursionError):
        return None
    if revisions.state is SchemaState.MISSING or not isinstance(keys, list) or not all(map(is_key_id, keys)):
        return None
    return Contents(revisions, tuple(keys), str(lookup_key or "")) if lookup_key is None or is_key_id(lookup_key) else None


def _sqlite_file(database_url: str) -> Path:
    file = database_file(database_url)
    if file is None:
        raise BackupError("This database is a PostgreSQL server's. Use pg_dump and pg_restore: docs/operations.md says how.")
    return file


def _copy(source: Path, target: Path) -> None:
    try:
        with closing(sqlite3.connect(source)) as origin, closing(sqlite3.connect(target)) as copy:
            origin.backup(copy)
    except sqlite3.Error as error:
        raise BackupError(f"{source} cannot be copied: {error}.") from None
    _put_in_one_file(target)


def _put_in_one_file(file: Path) -> None:
    """Leave no log beside a database that no process has open."""
    try:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise BackupError(f"{file} cannot be written: {error}.") from None


def _make_directory_of(target: Path) -> None:
    try:
        make_directory(target.parent)
    except OSError as error:
        raise BackupError(f"The directory of {target} cannot be made: {error.strerror}.") from None


@contextmanager
def _new_file(target: Path, *, for_installation: bool) -> Iterator[Path]:
    """A temporary file that becomes `target`, whole or not at all; an existing file is never overwritten."""
    try:
        with new_file(target, for_installation=for_installation) as temporary:
            yield temporary
    except FileExistsError:
        raise BackupError(f"{target} exists already. Name another file.") from None
    except OSError as error:
        raise BackupError(f"{target} cannot be written: {error.strerror}.") from None
