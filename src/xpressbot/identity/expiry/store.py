"""Rows that have had their day: found along a unique key in short stretches, removed by key.

On PostgreSQL, rows that another transaction has locked are passed over: what waits for no lock cannot be in a deadlock.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from sqlalchemy import ColumnElement, Delete, Select, and_, bindparam, case, delete, null, select, true

from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.foundation.identifiers import bound_of_identifiers
from xpressbot.identity.expiry.rules import Key, OutdatedRow, Stretch, Transient, cutoff
from xpressbot.identity.factors.rules import ENROLMENT_COUNT
from xpressbot.identity.factors.store import IS_PENDING
from xpressbot.identity.sessions.rules.session import STEP_UP_COUNT
from xpressbot.identity.sign_in.store import IS_TO_BE_TOLD
from xpressbot.identity.tables import AUTHENTICATOR, KNOWN_BROWSER, LINK, PENDING_SIGN_IN, SESSION, THROTTLE_BUCKET
from xpressbot.identity.throttling.rules import DelayReport, known_browser, link_forms, network, stranger
from xpressbot.identity.throttling.store import HAS_WAITS_TO_TELL, report_of

_BOUND: Any = bindparam("bound")
_ENDED_BY: Any = bindparam("ended_by")
_COUNT = THROTTLE_BUCKET.c
_LAST_TRIED = _COUNT.charged_at <= _ENDED_BY


@dataclass(frozen=True)
class _Walk:
    """Along which key a kind of rows is walked through, within which of its table's rows, and which of them are outdated."""

    key: Any
    within: ColumnElement[bool]
    outdated: ColumnElement[bool]
    owed_to: ColumnElement[Any] = field(default_factory=null)

    @cached_property
    def start(self) -> Key:
        """Before every key."""
        return b"" if self.key.type.python_type is bytes else ""

    @cached_property
    def stretch(self) -> Select[Any]:
        """The next rows, each with whether it is outdated, and to whom it owes something."""
        columns = (self.key.label("key"), self.outdated.label("is_outdated"), self.owed_to.label("owed_to"))
        return select(*columns).where(self.key > bindparam("after"), self.within).order_by(self.key).limit(bindparam("most"))

    @cached_property
    def free(self) -> Select[Any]:
        """Those of some rows that may go now, kept from everybody else until the transaction ends."""
        return (
            select(self.key)
            .where(self.key.in_(bindparam("keys", expanding=True)), self.within, self.outdated, self.owed_to.is_(None))
            .with_for_update(skip_locked=True)
        )

    @cached_property
    def removal(self) -> Delete:
        """Removes rows by their keys."""
        return delete(self.key.table).where(self.key.in_(bindparam("keys", expanding=True)), self.within)


def _last_tried_of(prefix: str) -> ColumnElement[bool]:
    return and_(_LAST_TRIED, _COUNT.key.startswith(prefix, autoescape=True))


_OWED_WAITS: Final = case((HAS_WAITS_TO_TELL, _COUNT.account_id), else_=null())
_WALKS: Final = {
    Transient.SESSION: _Walk(SESSION.c.id, SESSION.c.id < _BOUND, SESSION.c.expires_at <= _ENDED_BY),
    Transient.PENDING_SIGN_IN: _Walk(
        PENDING_SIGN_IN.c.id,
        PENDING_SIGN_IN.c.id < _BOUND,
        PENDING_SIGN_IN.c.expires_at <= _ENDED_BY,
        owed_to=case((IS_TO_BE_TOLD, PENDING_SIGN_IN.c.account_id), else_=null()),
    ),
    Transient.LINK: _Walk(LINK.c.token_hash, true(), LINK.c.expires_at <= _ENDED_BY),
    Transient.ENROLMENT: _Walk(AUTHENTICATOR.c.begun_in, IS_PENDING, AUTHENTICATOR.c.expires_at <= _ENDED_BY),
    Transient.KNOWN_BROWSER: _Walk(KNOWN_BROWSER.c.id, KNOWN_BROWSER.c.id < _BOUND, KNOWN_BROWSER.c.last_sign_in_at <= _ENDED_BY),
    Transient.NETWORK_COUNT: _Walk(_COUNT.key, true(), _last_tried_of(network("").key)),
    Transient.PASSWORD_COUNT: _Walk(_COUNT.key, true(), _last_tried_of(known_browser("").key), owed_to=_OWED_WAITS),
    Transient.STRANGER_COUNT: _Walk(_COUNT.key, true(), _last_tried_of(stranger("", None).key), owed_to=_OWED_WAITS),
    Transient.LINK_COUNT: _Walk(_COUNT.key, true(), _last_tried_of(link_forms("").key)),
    Transient.STEP_UP_COUNT: _Walk(_COUNT.key, true(), _last_tried_of(f"{STEP_UP_COUNT}:")),
    Transient.ENROLMENT_COUNT: _Walk(_COUNT.key, true(), _last_tried_of(f"{ENROLMENT_COUNT}:")),
}
_TAKE_COUNT: Final = (
    delete(THROTTLE_BUCKET).where(_COUNT.key == bindparam("of_key"), _LAST_TRIED, HAS_WAITS_TO_TELL).returning(THROTTLE_BUCKET)
)


def walk(tx: Reading, kind: Transient, after: Key | None, now: int, limit: int) -> Stretch:
    """Look at the next rows of a kind, at most so many; from the first one if `after` is None."""
    walk = _WALKS[kind]
    parameters = {**_bounds(kind, now), "after": walk.start if after is None else after, "most": limit}
    rows = tx.select(walk.stretch, parameters).all()
    return Stretch([OutdatedRow(row.key, row.owed_to) for row in rows if row.is_outdated], end=rows[-1].key if len(rows) == limit else None)


def remove(tx: Writing, kind: Transient, keys: Sequence[Key], now: int) -> int:
    """Remove those of these rows that are still outdated, owe nothing, and are not locked; how many."""
    walk = _WALKS[kind]
    free = tx.execute(walk.free, {**_bounds(kind, now), "keys": keys}).scalars().all()
    if free:
        tx.execute(walk.removal, {**_bounds(kind, now), "keys": free})
    return len(free)


def take_count(tx: Writing, kind: Transient, key: Key, now: int) -> DelayReport | None:
    """Remove a count of passwords of this kind that owes a report, and give the report; None when it is not outdated any more."""
    ended_by = cutoff(kind, now).ended_by
    row = tx.execute(_TAKE_COUNT, {"of_key": key, "ended_by": ended_by}).one_or_none()
    return None if row is None else report_of(row)


def _bounds(kind: Transient, now: int) -> dict[str, Any]:
    has_had_its_day = cutoff(kind, now)
    return {"bound": bound_of_identifiers(has_had_its_day.made_by), "ended_by": has_had_its_day.ended_by}
