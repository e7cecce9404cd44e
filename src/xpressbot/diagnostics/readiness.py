"""Whether a running process can serve: the database answers, its schema is this program's, and the key ring fits.

The same conditions as at the start, looked at again; and whether mail leaves, which decides nothing. The answer names a part and no
more: any stranger may ask.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy.exc import SQLAlchemyError

from xpressbot.foundation.crypto.key_ring import KeyRingError
from xpressbot.foundation.crypto.key_state import keys_needed
from xpressbot.foundation.database.engine import Database
from xpressbot.foundation.database.migration_runner import Schema, SchemaState, current_revisions
from xpressbot.foundation.database.read_only import database_file
from xpressbot.foundation.database.transaction import ReadTransactions
from xpressbot.foundation.mail.outbox_overview import has_dead_letters


class State(StrEnum):
    """How a part is."""

    OK = "ok"
    UNAVAILABLE = "unavailable"
    MISMATCH = "mismatch"
    """It is there, but is not the one that is needed."""
    MISSING = "missing"
    UNKNOWN = "unknown"
    """It could not be looked at."""
    DEAD_LETTERS = "dead_letters"
    """Some mail is tried no more."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """What was found."""

    database: State
    schema: State
    keys: State
    mail: State

    @property
    def ready(self) -> bool:
        """Whether requests can be answered. Mail that does not leave keeps nobody from signing in."""
        return self.database is self.schema is self.keys is State.OK


NOT_REACHED: Final = Readiness(State.UNAVAILABLE, State.UNKNOWN, State.UNKNOWN, State.UNKNOWN)


class Ring(Protocol):
    """The key ring as this process holds it."""

    def has_keys(self, key_ids: Iterable[str]) -> bool: ...

    @property
    def lookup_id(self) -> str: ...


class ReadinessCheck:
    """Looks at one process's database and keys."""

    def __init__(self, database: Database, ring: Ring, schema: Schema) -> None:
        self._database = database
        self._transactions = ReadTransactions(database)
        self._ring = ring
        self._schema_needed = schema
        self._file = database_file(database.engine.url.render_as_string(hide_password=False))
        self._identity = None if self._file is None else _identity(self._file)

    def check(self) -> Readiness:
        """Ask the database four short questions. It may take as long as the database takes."""
        if self._file is not None and _identity(self._file) != self._identity:
            # Connections that are open go on with a file that has lost its name.
            return NOT_REACHED
        try:
            self._database.ping()
        except SQLAlchemyError:
            return NOT_REACHED
        return Readiness(State.OK, self._schema(), self._keys(), self._mail())

    def _schema(self) -> State:
        try:
            revisions = current_revisions(self._database, self._schema_needed)
        except SQLAlchemyError:
            return State.UNKNOWN
        return State.OK if revisions.state is SchemaState.CURRENT else State.MISMATCH

    def _keys(self) -> State:
        try:
            needed = keys_needed(self._database)
        except SQLAlchemyError:
            return State.UNKNOWN
        try:
            if not self._ring.has_keys(needed.keys):
                return State.MISSING
        except (KeyRingError, FileNotFoundError):
            return State.MISSING
        return State.OK if needed.lookup_key == self._ring.lookup_id else State.MISMATCH

    def _mail(self) -> State:
        try:
            with self._transactions.reading() as tx:
                return State.DEAD_LETTERS if has_dead_letters(tx) else State.OK
        except SQLAlchemyError:
            return State.UNKNOWN


def _identity(file: Path) -> tuple[int, int] | None:
    """Which file this is, whatever it is called; None if there is none."""
    try:
        found = os.stat(file)  # noqa: PTH116  # as a file that is no directory
    except OSError:
        return None
    return found.st_dev, found.st_ino
