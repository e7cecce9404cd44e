"""Opening a database to look at it: nothing is made, migrated, recovered or written."""

import os
import sqlite3
from pathlib import Path
from typing import Final

from sqlalchemy import URL, NullPool, create_engine, make_url

from xpressbot.foundation.database.engine import Database

_PATIENCE_SECONDS: Final = 3
_WAL_VERSION: Final = b"\x02\x02"
_PLACE_OF_VERSION: Final = slice(18, 20)
_PLACE_OF_PAGE_SIZE: Final = slice(16, 18)
_LARGEST_PAGE: Final = 65536
"""Does not go into two bytes, and stands there as 1."""


def url_of_file(file: Path) -> str:
    """The URL of an embedded database: what a URL would read otherwise, %, ? and # among it, stays a part of the path."""
    return URL.create("sqlite", database=str(file)).render_as_string(hide_password=False)


def database_file(url: str) -> Path | None:
    """The file of an embedded database; None for a server's."""
    parsed = make_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def is_in_wal_mode(file: Path) -> bool:
    """Whether a part of an embedded database may lie in a log beside its file.

    https://www.sqlite.org/fileformat2.html#file_format_version_numbers
    """
    with file.open("rb") as opened:
        return opened.read(_PLACE_OF_VERSION.stop)[_PLACE_OF_VERSION] == _WAL_VERSION


def log_of(file: Path) -> Path:
    """Where SQLite keeps the log of a database: beside the file itself, not beside a link to it."""
    return Path(f"{file.resolve()}-wal")


def is_cut_off(file: Path) -> bool:
    """Whether the last page of an embedded database is not all there.

    SQLite reads zeros in the place of what is missing, and may find nothing wrong with them. Whole pages that are
    missing it finds by itself. An empty file has no page.
    """
    with file.open("rb") as opened:
        page_bytes = int.from_bytes(opened.read(_PLACE_OF_PAGE_SIZE.stop)[_PLACE_OF_PAGE_SIZE], "big")
        end = opened.seek(0, os.SEEK_END)
    return end % (_LARGEST_PAGE if page_bytes == 1 else page_bytes) != 0 if page_bytes else False


def open_for_reading(url: str) -> Database:
    """The database behind `url`, for reads only, without connecting yet."""
    file = database_file(url)
    if file is None:
        options = f"-c default_transaction_read_only=on -c lock_timeout={_PATIENCE_SECONDS}s"
        connect_args = {"connect_timeout": _PATIENCE_SECONDS, "options": options, "client_encoding": "UTF8"}
        return Database(create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=connect_args))

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(_read_only_uri(file), uri=True, timeout=_PATIENCE_SECONDS, isolation_level=None)

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)
    return Database(engine, engine)


def open_as_snapshot(url: str) -> Database:
    """The same for one long look: with a server, a `read()` sees all statements at one moment, and rows can be streamed from it.

    With SQLite each statement sees one moment. Text in it that is no UTF-8 comes with surrogates in the place of the bytes that are none,
    as file names do (PEP 383): what is looked for may be just that.
    """
    file = database_file(url)
    if file is None:
        server = open_for_reading(url).engine
        return Database(server, server.execution_options(isolation_level="REPEATABLE READ"))

    def connect() -> sqlite3.Connection:
        made = sqlite3.connect(_read_only_uri(file), uri=True, timeout=_PATIENCE_SECONDS, isolation_level=None)
        made.text_factory = lambda stored: stored.decode(errors="surrogateescape")
        return made

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)
    return Database(engine, engine)


def _read_only_uri(file: Path) -> str:
    """Even a reader leaves its own log and index beside a database in WAL mode, unless it is told that there is no writer.

    There is none without a log: opening the database makes one first.
    """
    at_rest = is_in_wal_mode(file) and not log_of(file).exists()
    return f"{file.resolve().as_uri()}?mode=ro{'&immutable=1' if at_rest else ''}"
