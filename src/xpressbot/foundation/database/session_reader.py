"""Looks a session up in SQLite's file for the event loop, which must not wait."""

import sqlite3
from collections import namedtuple
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import OperationalError


class SessionReader:
    """One statement on one connection of the driver's own, for one thread: SQLAlchemy takes several times as long for it.

    The connection only reads, and waits for no lock. It is kept, since opening one takes longer than the question; after an error
    the next look-up opens another. Parameters and columns are of types that the driver takes and gives as they are.
    """

    def __init__(self, file: Path, statement: Select[Any]) -> None:
        """statement: what finds a session by :token_hash, and all that is asked of it."""
        compiled = statement.compile(dialect=sqlite.dialect(paramstyle="named"))
        self._text: Final = str(compiled)
        self._constants: Final = compiled.params
        self._row: Final = namedtuple("_row", [str(column.key) for column in statement.selected_columns])  # type: ignore[misc]  # noqa: PYI024
        self._file: Final = file
        self._kept: sqlite3.Connection | None = None

    def find(self, token_hash: bytes) -> Any:
        """The row, as a named tuple; None if there is none.

        Raises OperationalError.
        """
        try:
            if self._kept is None:
                self._kept = self._connect()
            found = self._kept.execute(self._text, {**self._constants, "token_hash": token_hash}).fetchone()
        except sqlite3.Error as error:
            self.close()
            raise OperationalError(None, None, error, hide_parameters=True) from error
        return None if found is None else self._row(*found)

    def close(self) -> None:
        """Close the connection; the next look-up opens another."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    def _connect(self) -> sqlite3.Connection:
        uri = f"{self._file.resolve().as_uri()}?mode=ro"
        made = sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None, check_same_thread=False)
        made.execute("PRAGMA query_only=ON")
        made.execute("PRAGMA trusted_schema=OFF")
        return made
