"""Authenticator records, and the conditional write that makes a code good for one use."""

from collections.abc import Sequence
from typing import Any, Final, assert_never

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, exists, func, insert, literal_column, or_, select, update

from xpressbot.foundation.database.engine import insert_for
from xpressbot.foundation.database.known_values import known
from xpressbot.foundation.times import latest_credible
from xpressbot.identity.factors.rules import (
    ENROLMENT_TRIES,
    Addition,
    Authenticator,
    AuthenticatorKind,
    AuthenticatorState,
    ClockSighting,
    Enrolment,
    Plan,
    Replacement,
)
from xpressbot.identity.tables import AUTHENTICATOR, REFUSED_STEP

_TABLE = AUTHENTICATOR.c
_REPLACE: Final = "replace"
_ADD: Final = "add"


def _is(state: AuthenticatorState) -> ColumnElement[bool]:
    # Written into the statement, so that an engine sees whether the partial index on unfinished set-ups will do. With a parameter
    # SQLite plans the statement anew for each value.
    return _TABLE.state == literal_column(f"'{state.value}'", _TABLE.state.type)


IS_PENDING = _is(AuthenticatorState.PENDING)
_ACTIVE = _is(AuthenticatorState.ACTIVE)
_IN_FORCE = _TABLE.state.not_in(
    [literal_column(f"'{state.value}'", _TABLE.state.type) for state in (AuthenticatorState.PENDING, AuthenticatorState.REVOKED)]
)
"""Active, or in a state that a newer version knows: such a one must not leave its account without protection."""
_IS_TOTP = _TABLE.kind == AuthenticatorKind.TOTP.value
_OF_AN_APP: Sequence[ColumnElement[Any]] = (
    _TABLE.id,
    _TABLE.account_id,
    _TABLE.kind,
    _TABLE.name,
    _TABLE.state,
    _TABLE.secret_box,
    _TABLE.created_at,
    _TABLE.confirmed_at,
    _TABLE.last_used_at,
    _TABLE.last_step,
    _TABLE.sighted_step,
    _TABLE.sighted_offset,
    _TABLE.sighted_at,
)
_NOTHING_SIGHTED = {"sighted_step": None, "sighted_offset": None, "sighted_at": None}
_REVOKED = {"state": AuthenticatorState.REVOKED.value, "secret_box": None}
_ACTIVE_OF = select(*_OF_AN_APP).where(_TABLE.account_id == bindparam("account_id"), _IN_FORCE).order_by(_TABLE.confirmed_at)
_CONSUME_STEP = (
    update(AUTHENTICATOR)
    .where(
        _TABLE.id == bindparam("authenticator_id"),
        _ACTIVE,
        _IS_TOTP,
        or_(_TABLE.last_step.is_(None), _TABLE.last_step < bindparam("step")),
        ~exists().where(REFUSED_STEP.c.authenticator_id == _TABLE.id, REFUSED_STEP.c.step == bindparam("step")),
    )
    .values(last_step=bindparam("step"), last_used_at=bindparam("now"), **_NOTHING_SIGHTED)
)


class Authenticators:
    """Fulfils AuthenticatorRecords."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def active(self, account_id: str) -> Sequence[Authenticator]:
        return [_authenticator(row) for row in self._connection.execute(_ACTIVE_OF, {"account_id": account_id})]

    def protected_since(self, account_id: str) -> int | None:
        since: int | None = self._connection.execute(
            select(func.min(func.coalesce(_TABLE.confirmed_at, _TABLE.created_at))).where(_TABLE.account_id == account_id, _IN_FORCE)
        ).scalar_one()
        return since

    def has_had_one(self, account_id: str) -> bool:
        proven = select(_TABLE.id).where(_TABLE.account_id == account_id, ~IS_PENDING)
        return bool(self._connection.execute(select(proven.exists())).scalar_one())

    def add_enrolment(self, enrolment: Enrolment) -> None:
        authenticator = enrolment.authenticator
        self._connection.execute(
            insert(AUTHENTICATOR).values(
                id=authenticator.id,
                account_id=authenticator.account_id,
                kind=AuthenticatorKind.TOTP.value,
                name=authenticator.name,
                state=AuthenticatorState.PENDING.value,
                secret_box=authenticator.secret_box,
                created_at=authenticator.created_at,
                begun_in=enrolment.begun_in,
                **_plan_columns(enrolment.plan),
                expires_at=enrolment.expires_at,
                failures=enrolment.failures,
            )
        )

    def enrolment_of(self, begun_in: str) -> Enrolment | None:
        row = self._connection.execute(select(AUTHENTICATOR).where(_TABLE.begun_in == begun_in, IS_PENDING)).one_or_none()
        plan = None if row is None else _plan(row)
        if row is None or plan is None or row.kind != AuthenticatorKind.TOTP:
            return None
        return Enrolment(_authenticator(row), row.begun_in, plan, row.expires_at, row.failures)

    def charge_enrolment(self, begun_in: str, now: int) -> bool:
        charged = self._connection.execute(
            update(AUTHENTICATOR)
            .where(_TABLE.begun_in == begun_in, IS_PENDING, _TABLE.failures < ENROLMENT_TRIES)
            .where(_TABLE.expires_at > now, _TABLE.created_at <= latest_credible(now))
            .values(failures=_TABLE.failures + 1)
        )
        return charged.rowcount == 1

    def discard_enrolment(self, begun_in: str) -> None:
        self._connection.execute(delete(AUTHENTICATOR).where(_TABLE.begun_in == begun_in, IS_PENDING))

    def discard_enrolments(self, account_id: str, keep_session: str | None) -> None:
        self._connection.execute(
            delete(AUTHENTICATOR).where(_TABLE.account_id == account_id, IS_PENDING, _TABLE.begun_in != (keep_session or ""))
        )

    def activate(self, authenticator_id: str, name: str, step: int, now: int) -> bool:
        activated = self._connection.execute(
            update(AUTHENTICATOR)
            .where(_TABLE.id == authenticator_id, IS_PENDING)
            .values(
                state=AuthenticatorState.ACTIVE.value,
                name=name,
                last_step=step,
                confirmed_at=now,
                last_used_at=now,
                begun_in=None,
                expires_at=None,
                failures=0,
                **_NOTHING_SIGHTED,
            )
        )
        return activated.rowcount == 1

    def rename(self, authenticator_id: str, name: str) -> None:
        self._connection.execute(update(AUTHENTICATOR).where(_TABLE.id == authenticator_id).values(name=name))

    def revoke(self, authenticator_id: str) -> None:
        self._connection.execute(update(AUTHENTICATOR).where(_TABLE.id == authenticator_id, _IN_FORCE).values(_REVOKED))

    def revoke_all(self, account_id: str, keep: str | None) -> None:
        self._connection.execute(
            update(AUTHENTICATOR).where(_TABLE.account_id == account_id, _IN_FORCE, _TABLE.id != (keep or "")).values(_REVOKED)
        )

    def consume_step(self, authenticator_id: str, step: int, now: int) -> bool:
        return self._connection.execute(_CONSUME_STEP, {"authenticator_id": authenticator_id, "step": step, "now": now}).rowcount == 1

    def bring_back(self, account_id: str, latest_step: int, step: int, now: int) -> int:
        brought_back = self._connection.execute(
            update(AUTHENTICATOR)
            .where(_TABLE.account_id == account_id, _ACTIVE, _TABLE.last_step > latest_step)
            .values(last_step=step, last_used_at=now)
        )
        return brought_back.rowcount

    def remember_sighting(self, authenticator_id: str, sighting: ClockSighting) -> None:
        self._connection.execute(
            update(AUTHENTICATOR)
            .where(_TABLE.id == authenticator_id)
            .values(sighted_step=sighting.step, sighted_offset=sighting.offset, sighted_at=sighting.seen_at)
        )

    def refuse_steps(self, authenticator_id: str, steps: Sequence[int]) -> None:
        for step in steps:
            row = {"authenticator_id": authenticator_id, "step": step}
            self._connection.execute(insert_for(self._connection)(REFUSED_STEP).values(**row).on_conflict_do_nothing())


def _plan_columns(plan: Plan) -> dict[str, Any]:
    match plan:
        case Replacement(replaces, renews_codes):
            return {"purpose": _REPLACE, "replaces": replaces, "renews_codes": renews_codes}
        case Addition():
            return {"purpose": _ADD}
        case unknown:
            assert_never(unknown)


def _plan(row: Row[Any]) -> Plan | None:
    """None for a plan of a newer version: nobody here knows what its code would do."""
    if row.purpose == _ADD:
        return Addition()
    return Replacement(row.replaces, row.renews_codes) if row.purpose == _REPLACE else None


def _authenticator(row: Row[Any]) -> Authenticator:
    sighting = None if row.sighted_step is None else ClockSighting(row.sighted_step, row.sighted_offset, row.sighted_at)
    return Authenticator(
        id=row.id,
        account_id=row.account_id,
        name=row.name,
        state=known(AuthenticatorState, row.state),
        secret_box=row.secret_box,
        created_at=row.created_at,
        confirmed_at=row.confirmed_at,
        last_used_at=row.last_used_at,
        last_step=row.last_step,
        sighting=sighting,
        kind=known(AuthenticatorKind, row.kind),
    )
