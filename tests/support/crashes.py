"""Crashes: a process that is killed at a chosen moment of its work with the database, and the database before and after."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Column, PoolProxiedConnection, Table, delete, insert, make_url, select

from tests.support.child_processes import die, fork, wait
from tests.support.engine_events import listen
from tests.support.installation import Installation
from xpressbot.bootstrap import build
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.engine import METADATA, Database

KILLED = -9
Content = dict[str, list[tuple[Any, ...]]]


def content(services: Services) -> Content:
    """Every row of every table, but for password hashes, whose salts differ from run to run."""
    with services.database.read() as connection:
        return {table.name: sorted(map(tuple, connection.execute(select(*_columns(table)))), key=repr) for table in METADATA.sorted_tables}


def _columns(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if column.name != "password_hash"]


class Snapshot:
    """The database as it is now, to come back to."""

    def __init__(self, services: Services) -> None:
        self._services = services
        services.database.dispose()
        url = make_url(services.settings.url)
        self._file = Path(str(url.database)) if url.drivername == "sqlite" else None
        if self._file is not None:
            shutil.copyfile(self._file, _copy_of(self._file))
        with services.database.read() as connection:
            self._rows = {table: [dict(row) for row in connection.execute(select(table)).mappings()] for table in METADATA.sorted_tables}

    def restore(self) -> None:
        """Undo everything since."""
        if self._file is not None:
            self._services.database.dispose()
            for leftover in ("-wal", "-shm"):
                self._file.with_name(self._file.name + leftover).unlink(missing_ok=True)
            shutil.copyfile(_copy_of(self._file), self._file)
            return
        with self._services.database.write() as connection:
            for table in reversed(METADATA.sorted_tables):
                connection.execute(delete(table))
            for table, rows in self._rows.items():
                if rows:
                    connection.execute(insert(table), rows)
            connection.commit()


def _copy_of(file: Path) -> Path:
    return file.with_name("snapshot")


def crash_everywhere(
    installation: Installation,
    operation: Callable[[Services], object],
    *,
    hashes: bool = False,
    afterwards: Callable[[], None] = lambda: None,
) -> list[Content]:
    """Kill a process that does `operation` at its first moment, its second, and so on until it completes.

    A moment is just before each statement, which is just after the one before it, and just before and after each
    commit. Reads are passed over: they leave nothing behind, so a crash at one is a crash at the next write or commit.
    Gives what the database held before, after each crash, and after the completed operation, without repetitions. hashes: the
    operation needs a password hasher, whose threads do not survive a fork. afterwards: is done after each crash and looked at, before
    the database is put back.
    """
    services = installation.services
    snapshot = Snapshot(services)
    seen = [content(services)]
    moment, code = 0, KILLED
    while code == KILLED:
        moment += 1
        code = wait(fork(partial(_do_until, installation, operation, moment, hashes=hashes), beside=services.database))
        if (now := content(services)) != seen[-1]:
            seen.append(now)
        afterwards()
        snapshot.restore()
    assert code == 0, "the operation itself failed"
    assert moment > 3, "hardly a statement was seen"
    return seen


def _do_until(installation: Installation, operation: Callable[[Services], object], last: int, *, hashes: bool) -> int:
    moments = 0

    def moment() -> None:
        nonlocal moments
        moments += 1
        if moments == last:
            die()

    services = installation.services
    if hashes:
        services = build(services.settings, system=System(installation.clock, installation.entropy), durable=False)
    at_each_moment(services.database, moment)
    operation(services)
    return 0


def at_each_moment(database: Database, act: Callable[[], None]) -> None:
    """From here on, act just before each statement that is no query, and just before and after each commit."""

    def statement(_connection: object, _cursor: object, sql: str, *_details: object) -> None:
        if not sql.startswith("SELECT"):
            act()

    listen(database, "before_cursor_execute", statement)
    commit = database.engine.dialect.do_commit

    def watched_commit(connection: PoolProxiedConnection) -> None:
        act()
        commit(connection)
        act()

    setattr(database.engine.dialect, "do_commit", watched_commit)  # noqa: B010  # the dialect's own hook, for this process alone
