"""Rows that have expired: found along a unique key in short stretches, removed by key, while people sign in.

On PostgreSQL, rows that another transaction has locked are passed over: what waits for no lock cannot be in a deadlock.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Protocol

from sqlalchemy import Column, ColumnElement, Delete, Row, Select, and_, bindparam, delete, null, select, true

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.leases import take_lease
from xpressbot.foundation.database.transaction import Reading, Transactions, Writing
from xpressbot.foundation.identifiers import bound_of_identifiers
from xpressbot.foundation.times import SECOND

BATCH: Final = 100
"""Rows looked at, and removed, at a time. On SQLite, a sign-in waits for one batch, some milliseconds."""
BATCHES_IN_A_ROUND: Final = 50
"""Of each kind of rows. What is left waits for the next round."""
LEASE_TERM: Final = 150 * SECOND
"""Rounds come every minute: a process that has missed two of them is taken for dead, and another one goes on."""
_DUTY: Final = "expiry"

Key = str | bytes


class Settle(Protocol):
    """Settles what rows owe to someone, so that they may go. The caller commits.

    Returns how many of the rows it has removed itself; those that owe nothing any more are removed afterwards.
    """

    def __call__(self, tx: Writing, system: System, rows: "ExpiringRows", owed_to: str, keys: Sequence[Key], /) -> int: ...


@dataclass(frozen=True)
class ExpiringRows:
    """A kind of rows that are removed some time after they have ended. None of them opens anything any more.

    name: what logs and documents call them. key: the unique column along which the table is walked.
    ended_at: when a row ends, or was last used. kept: how long it stays after that.
    lifetime: where the key is an identifier, which tells when its row was made: how long a row lives at least before it ends. The walk
    leaves younger ones out. within: the part of the table that the walk goes through, by an index. where: which rows of it are meant.
    owed_to: who must be told what a row knows before it may go. settle: tells them.
    """

    name: str
    key: Column[Any]
    ended_at: Column[Any]
    kept: int
    lifetime: int | None = None
    within: ColumnElement[bool] = field(default_factory=true)
    where: ColumnElement[bool] = field(default_factory=true)
    owed_to: ColumnElement[Any] = field(default_factory=null)
    settle: Settle | None = None

    def ended_by(self, now: int) -> int:
        """Rows that ended by then have been kept long enough."""
        return now - self.kept

    def limits(self, now: int) -> Mapping[str, Any]:
        """What the statements compare a row with. Unless clocks were set, all outdated rows were made before the bound."""
        ended_by = self.ended_by(now)
        return {"bound": bound_of_identifiers(ended_by - (self.lifetime or 0)), "ended_by": ended_by}

    @cached_property
    def start(self) -> Key:
        """Before every key."""
        return b"" if self.key.type.python_type is bytes else ""

    @cached_property
    def stretch(self) -> Select[Any]:
        """The next rows, each with whether it is outdated, and to whom it owes something."""
        columns = (self.key.label("key"), self._outdated.label("is_outdated"), self.owed_to.label("owed_to"))
        return select(*columns).where(self.key > bindparam("after"), self._walked).order_by(self.key).limit(bindparam("most"))

    @cached_property
    def free(self) -> Select[Any]:
        """Those of some rows that may go now, kept from everybody else until the transaction ends."""
        return select(self.key).where(*self._given, self._outdated, self.owed_to.is_(None)).with_for_update(skip_locked=True)

    @cached_property
    def removal(self) -> Delete:
        """Removes rows by their keys."""
        return delete(self.key.table).where(*self._given)

    @cached_property
    def removal_of_owing(self) -> Any:
        """Removes those of some rows that are outdated and owe something, and gives them."""
        return delete(self.key.table).where(*self._given, self._outdated, self.owed_to.is_not(None)).returning(self.key.table)

    @property
    def _given(self) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        return self.key.in_(bindparam("keys", expanding=True)), self._walked

    @property
    def _walked(self) -> ColumnElement[bool]:
        return self.within if self.lifetime is None else and_(self.within, self.key < bindparam("bound"))

    @property
    def _outdated(self) -> ColumnElement[bool]:
        return and_(self.ended_at <= bindparam("ended_by"), self.where)


@dataclass(frozen=True, slots=True)
class OutdatedRow:
    """A row that has been kept long enough. owed_to: who must be told what the row knows, before it may go."""

    key: Key
    owed_to: str | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """The outdated rows among some rows that follow each other. end: the last one's key; None if no more come after them."""

    outdated: Sequence[OutdatedRow]
    end: Key | None


def walk(tx: Reading, rows: ExpiringRows, after: Key | None, now: int, limit: int) -> Stretch:
    """Look at the next rows of a kind, at most so many; from the first one if `after` is None."""
    parameters = {**rows.limits(now), "after": rows.start if after is None else after, "most": limit}
    found = tx.select(rows.stretch, parameters).all()
    return Stretch(
        [OutdatedRow(row.key, row.owed_to) for row in found if row.is_outdated], end=found[-1].key if len(found) == limit else None
    )


def remove(tx: Writing, rows: ExpiringRows, keys: Sequence[Key], now: int) -> int:
    """Remove those of these rows that are still outdated, owe nothing, and are not locked; how many."""
    free = tx.execute(rows.free, {**rows.limits(now), "keys": keys}).scalars().all()
    if free:
        tx.execute(rows.removal, {**rows.limits(now), "keys": free})
    return len(free)


def take_owing(tx: Writing, rows: ExpiringRows, keys: Sequence[Key], now: int) -> Sequence[Row[Any]]:
    """Remove those of these rows that are still outdated and owe something, and give them to the caller, who settles it."""
    return tx.execute(rows.removal_of_owing, {**rows.limits(now), "keys": keys}).all()


class RowExpiry:
    """Walks through the tables along unique keys, and remembers how far it has come.

    Looking takes no lock. Removing is a transaction for each batch, in which every row is judged again; it waits for no lock: a
    row that another transaction has locked is left for the next walk. What rows owe to an account is settled before, in a transaction
    for each account.
    """

    def __init__(self, transactions: Transactions, system: System, rows: Sequence[ExpiringRows]) -> None:
        self._transactions = transactions
        self._system = system
        self._rows = tuple(rows)
        self._holder = system.new_id()
        self._reached: dict[str, Key | None] = {}

    def next_round(self) -> Mapping[str, int]:
        """Remove some of the outdated rows; how many of each kind. Nothing is removed while another process does so."""
        removed = Counter[str]()
        if self._is_ours():
            for rows in self._rows:
                removed[rows.name] = self._remove_expired(rows)
        return removed

    def _is_ours(self) -> bool:
        with self._transactions.writing() as tx:
            ours = take_lease(tx, _DUTY, self._holder, self._system.now(), LEASE_TERM)
            tx.commit()
        return ours

    def _remove_expired(self, rows: ExpiringRows) -> int:
        removed = 0
        for _batch in range(BATCHES_IN_A_ROUND):
            with self._transactions.reading() as tx:
                stretch = walk(tx, rows, self._reached.get(rows.name), self._system.now(), BATCH)
            removed += self._settle(rows, stretch.outdated) + self._remove(rows, stretch.outdated)
            self._reached[rows.name] = stretch.end
            if stretch.end is None:
                break
        return removed

    def _settle(self, rows: ExpiringRows, outdated: Sequence[OutdatedRow]) -> int:
        owing = defaultdict[str, list[Key]](list)
        for row in outdated:
            if row.owed_to is not None:
                owing[row.owed_to].append(row.key)
        removed = 0
        if rows.settle is not None:
            for owed_to, keys in owing.items():
                with self._transactions.writing() as tx:
                    removed += rows.settle(tx, self._system, rows, owed_to, keys)
                    tx.commit()
        return removed

    def _remove(self, rows: ExpiringRows, outdated: Sequence[OutdatedRow]) -> int:
        if not outdated:
            return 0
        with self._transactions.writing() as tx:
            removed = remove(tx, rows, [row.key for row in outdated], self._system.now())
            tx.commit()
        return removed
