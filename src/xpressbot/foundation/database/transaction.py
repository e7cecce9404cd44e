"""Transactions, typed by what they may do: what only reads has no way to write, and its connection refuses writes too."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import CompoundSelect, Connection, CursorResult, Executable, Result, Select, Table
from sqlalchemy.dialects import postgresql, sqlite

from xpressbot.foundation.database.engine import UNAVAILABLE, Database
from xpressbot.foundation.metrics import stopwatch

AnySelect = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]
InsertOfDialect = Callable[[Table], sqlite.Insert | postgresql.Insert]
"""The INSERT of one database's dialect, which knows ON CONFLICT."""
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None


def _ignore(_seconds: float) -> None:
    """Nothing takes the figure."""


class Reading:
    """Reads. Outside of a writing transaction, each statement sees what is committed when it begins."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def select(self, statement: AnySelect, parameters: Mapping[str, Any] | None = None) -> Result[Any]:
        """Run a query. What is no query is refused, whatever its type says: a writing transaction can be handed on as what reads."""
        if not isinstance(statement, Select | CompoundSelect):
            raise TypeError(f"not a query, but {type(statement).__name__}")
        return self._connection.execute(statement, parameters)


class Writing(Reading):
    """One transaction: nothing of it stays unless its use case commits it, and it ends with that."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._is_over = False

    def execute(self, statement: Executable, parameters: Parameters = None) -> CursorResult[Any]:
        """Run a statement that writes, or that locks what it reads. After the commit it is refused: it would be committed by itself."""
        if self._is_over:
            raise RuntimeError("the transaction is over")
        return self._connection.execute(statement, parameters)

    def commit(self) -> None:
        """Make everything stay that this transaction has written."""
        self._is_over = True
        self._connection.commit()

    @property
    def insert(self) -> InsertOfDialect:
        """The INSERT of this database's dialect, which knows ON CONFLICT."""
        return postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert


class ReadTransactions:
    """Begins what only reads. observe: takes the seconds of each, from asking for a connection to giving it back."""

    def __init__(self, database: Database, observe: Callable[[float], object] = _ignore) -> None:
        self._database = database
        self._observe_reading = observe

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Read without a transaction that others would have to wait for."""
        began = stopwatch()
        try:
            with self._database.read() as connection:
                yield Reading(connection)
        finally:
            self._observe_reading(stopwatch() - began)


class Transactions(ReadTransactions):
    """Begins transactions of both kinds. observe_writing: takes the seconds of each that writes, its commit included."""

    def __init__(
        self, database: Database, observe_reading: Callable[[float], object] = _ignore, observe_writing: Callable[[float], object] = _ignore
    ) -> None:
        super().__init__(database, observe_reading)
        self._observe_writing = observe_writing

    @contextmanager
    def writing(self, *, durable: bool = True, optional: bool = False) -> Iterator[Writing]:
        """One transaction.

        With durable=False its commit does not wait for fsync: others see it at once, and a power cut may take it back as long as no
        durable one has followed. optional: give up soon where other writers are in the way.
        """
        began = stopwatch()
        try:
            with self._database.write(durable=durable, optional=optional) as connection:
                yield Writing(connection)
        finally:
            self._observe_writing(stopwatch() - began)

    def write_if_possible(self, operation: Callable[[Writing], None]) -> None:
        """Run `operation` in one transaction and commit it. Where storage takes no writes, or is busy for long, it is left out.

        For what may be missing, after a power cut as well.
        """
        with suppress(*UNAVAILABLE), self.writing(durable=False, optional=True) as tx:
            operation(tx)
            tx.commit()
