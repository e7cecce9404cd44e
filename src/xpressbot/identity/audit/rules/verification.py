"""Checking a chain of security events against the rule that it follows, from rows as they are stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from xpressbot.identity.audit.rules.chain import GENESIS, ClosedFields, details_hash, hash_of_fields

MOST_TOLD: Final = 5
"""Broken places that are told of one chain. The first says from where on it cannot be relied on; the others are only counted."""
_NONE: Final = type(None)
_TYPES: Final = ((str,), (int,), (str,), (str, _NONE), (str, _NONE), (str, _NONE), (int,))
"""Of the closed fields, in their order. SQLite stores what it is given, whatever the column was declared to hold."""


class Flaw(StrEnum):
    """What is wrong at a place of a chain."""

    ALTERED = "altered"
    """The row does not follow from the one before it: one of its fields was changed, or another event stands in its place."""
    DETAILS_ALTERED = "details_altered"
    """The details, or their salt, are not what the row commits to."""
    DETAILS_GONE = "details_gone"
    """Details and salt were taken out. No erasure is recorded: there is none yet."""
    MISSING = "missing"
    """Rows between two others, or at the end, are not there."""
    NO_NUMBER_OF_A_CHAIN = "no_number_of_a_chain"
    """A number that no event gets. They begin with 1."""
    AFTER_THE_END = "after_the_end"
    """Rows stand after the one that the head names as the last."""
    HEAD_ALTERED = "head_altered"
    """The head has the number of the last row, and another hash."""
    NO_HEAD = "no_head"
    """There are rows, and no head."""
    NO_EVENTS = "no_events"
    """There is an account, a team, or a head that names an event, and no row at all."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A row as the database gives it, of whatever type its values are."""

    subject: object
    seq: object
    kind: object
    factor: object
    actor: object
    target: object
    at: object
    details: object
    salt: object
    details_hash: object
    hash: object


@dataclass(frozen=True, slots=True)
class StoredHead:
    """The head of a chain as the database gives it."""

    seq: object
    hash: object


@dataclass(frozen=True, slots=True)
class BrokenPlace:
    """A flaw, and where: from one sequence number to another, both included. They are None where the database has no number there."""

    flaw: Flaw
    first: int | None
    last: int | None


class ChainCheck:
    """Checks one chain, row by row in the order of their numbers, and keeps no more of it than two hashes and a few places."""

    def __init__(self) -> None:
        self.length = 0
        """How many rows there were."""
        self.count = 0
        """How many places are broken."""
        self._places: list[BrokenPlace] = []
        self._last = 0
        self._details_altered_at: int | None = None
        self._follows: tuple[bytes, ...] = (GENESIS,)
        """The hash that the next row builds on. After a broken row there are two, what is stored and what should be, of which one is
        right, so that one altered row is one broken place; after missing rows it is unknown, and there is none."""

    @property
    def places(self) -> Sequence[BrokenPlace]:
        """The broken places, the first ones of many."""
        return self._places

    def add(self, row: StoredEvent) -> None:
        """Check the next row."""
        self.length += 1
        if not isinstance(row.seq, int) or row.seq < 1:
            number = row.seq if isinstance(row.seq, int) else None
            self._tell(Flaw.NO_NUMBER_OF_A_CHAIN, number, number)
            return
        if row.seq != self._last + 1:
            self._tell(Flaw.MISSING, self._last + 1, row.seq - 1)
            self._follows = ()
        self._last = row.seq
        self._check_details(row, row.seq)
        self._check_link(row, row.seq)

    def finish(self, head: StoredHead | None) -> None:
        """Compare the end of the chain with its head. A chain has one row at least: its account was made, or its team."""
        if head is None:
            self._tell(Flaw.NO_HEAD, self._last, self._last)
        elif not isinstance(head.seq, int) or head.seq == self._last:
            if not isinstance(head.seq, int) or head.hash not in self._follows:
                self._tell(Flaw.HEAD_ALTERED, self._last, self._last)
        elif head.seq > self._last:
            self._tell(Flaw.MISSING, self._last + 1, head.seq)
        else:
            self._tell(Flaw.AFTER_THE_END, head.seq + 1, self._last)

    def _check_details(self, row: StoredEvent, seq: int) -> None:
        if row.details is None and row.salt is None:
            self._tell(Flaw.DETAILS_GONE, seq, seq)
        elif not isinstance(row.details, str) or not isinstance(row.salt, bytes) or details_hash(row.salt, row.details) != row.details_hash:
            self._tell(Flaw.DETAILS_ALTERED, seq, seq)
            self._details_altered_at = seq

    def _check_link(self, row: StoredEvent, seq: int) -> None:
        fields, stored = _closed_fields(row), row.hash
        expected: tuple[bytes, ...] = ()
        if fields is not None and isinstance(row.details_hash, bytes):
            expected = tuple(hash_of_fields(previous, row.details_hash, fields) for previous in self._follows)
        kept: tuple[bytes, ...] = (stored,) if isinstance(stored, bytes) else ()
        is_unknown = fields is not None and not self._follows
        if stored not in expected and not is_unknown:
            if self._details_altered_at != seq:  # a changed details_hash fits neither the details nor the row
                self._tell(Flaw.ALTERED, seq, seq)
            kept += expected[:1]
        self._follows = kept

    def _tell(self, flaw: Flaw, first: int | None, last: int | None) -> None:
        self.count += 1
        if len(self._places) < MOST_TOLD:
            self._places.append(BrokenPlace(flaw, first, last))


def _closed_fields(row: StoredEvent) -> ClosedFields | None:
    """The fields that are hashed as they are; None where one is of a type that is never stored."""
    fields = (row.subject, row.seq, row.kind, row.factor, row.actor, row.target, row.at)
    typed = all(isinstance(value, types) for value, types in zip(fields, _TYPES, strict=True))
    return fields if typed else None  # type: ignore[return-value]  # as was just looked at
