"""Authenticator records, and the conditional write that makes a code good for one use."""

from collections.abc import Sequence
from typing import Any, Final, assert_never

from sqlalchemy import ColumnElement, Row, bindparam, delete, exists, func, insert, literal_column, or_, select, update

from xpressbot.foundation.database.known_values import known
from xpressbot.foundation.database.transaction import Reading, Writing
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


def active(tx: Reading, account_id: str) -> Sequence[Authenticator]:
    """Those in force, also of a kind or in a state that only a newer version of this program knows."""
    return [_authenticator(row) for row in tx.select(_ACTIVE_OF, {"account_id": account_id})]


def protected_since(tx: Reading, account_id: str) -> int | None:
    """When the first of the authenticators in force was confirmed; None when there is none."""
    since: int | None = tx.select(
        select(func.min(func.coalesce(_TABLE.confirmed_at, _TABLE.created_at))).where(_TABLE.account_id == account_id, _IN_FORCE)
    ).scalar_one()
    return since


def has_had_one(tx: Reading, account_id: str) -> bool:
    """Whether an authenticator of the account has ever been active."""
    proven = select(_TABLE.id).where(_TABLE.account_id == account_id, ~IS_PENDING)
    return bool(tx.select(select(proven.exists())).scalar_one())


def add_enrolment(tx: Writing, enrolment: Enrolment) -> None:
    """Add a pending authenticator."""
    authenticator = enrolment.authenticator
    tx.execute(
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


def enrolment_of(tx: Reading, begun_in: str) -> Enrolment | None:
    """The pending authenticator of a session or sign-in; None also for one that only a newer version understands."""
    row = tx.select(select(AUTHENTICATOR).where(_TABLE.begun_in == begun_in, IS_PENDING)).one_or_none()
    plan = None if row is None else _plan(row)
    if row is None or plan is None or row.kind != AuthenticatorKind.TOTP:
        return None
    return Enrolment(_authenticator(row), row.begun_in, plan, row.expires_at, row.failures)


def charge_enrolment(tx: Writing, begun_in: str, now: int) -> bool:
    """Count one more try at a code; False when no enrolment is open."""
    charged = tx.execute(
        update(AUTHENTICATOR)
        .where(_TABLE.begun_in == begun_in, IS_PENDING, _TABLE.failures < ENROLMENT_TRIES)
        .where(_TABLE.expires_at > now, _TABLE.created_at <= latest_credible(now))
        .values(failures=_TABLE.failures + 1)
    )
    return charged.rowcount == 1


def discard_enrolment(tx: Writing, begun_in: str) -> None:
    """Remove the pending authenticator of a session or sign-in."""
    tx.execute(delete(AUTHENTICATOR).where(_TABLE.begun_in == begun_in, IS_PENDING))


def discard_enrolments(tx: Writing, account_id: str, keep_session: str | None) -> None:
    """Discard the unfinished enrolments of all the account's sessions but one."""
    tx.execute(delete(AUTHENTICATOR).where(_TABLE.account_id == account_id, IS_PENDING, _TABLE.begun_in != (keep_session or "")))


def activate(tx: Writing, authenticator_id: str, name: str, step: int, now: int) -> bool:
    """Make a pending authenticator active, under this name and with its first step used; False when it is pending no more."""
    activated = tx.execute(
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


def rename(tx: Writing, authenticator_id: str, name: str) -> None:
    """Give an authenticator another name."""
    tx.execute(update(AUTHENTICATOR).where(_TABLE.id == authenticator_id).values(name=name))


def revoke(tx: Writing, authenticator_id: str) -> None:
    """Revoke an authenticator in force; its secret goes."""
    tx.execute(update(AUTHENTICATOR).where(_TABLE.id == authenticator_id, _IN_FORCE).values(_REVOKED))


def revoke_all(tx: Writing, account_id: str, keep: str | None) -> None:
    """Revoke the authenticators in force, but for one to keep; their secrets go."""
    tx.execute(update(AUTHENTICATOR).where(_TABLE.account_id == account_id, _IN_FORCE, _TABLE.id != (keep or "")).values(_REVOKED))


def consume_step(tx: Writing, authenticator_id: str, step: int, now: int) -> bool:
    """Use up a time step; False when it, or a later one, was used before, or its code was hinted at."""
    return tx.execute(_CONSUME_STEP, {"authenticator_id": authenticator_id, "step": step, "now": now}).rowcount == 1


def bring_back(tx: Writing, account_id: str, latest_step: int, step: int, now: int) -> int:
    """Of the account's active authenticators, set those that have used a step after `latest_step` to `step`; how many.

    Never to none: whatever was used up to `step` stays used.
    """
    brought_back = tx.execute(
        update(AUTHENTICATOR)
        .where(_TABLE.account_id == account_id, _ACTIVE, _TABLE.last_step > latest_step)
        .values(last_step=step, last_used_at=now)
    )
    return brought_back.rowcount


def remember_sighting(tx: Writing, authenticator_id: str, sighting: ClockSighting) -> None:
    """Keep the last refused code that would have been right on a wrong clock."""
    tx.execute(
        update(AUTHENTICATOR)
        .where(_TABLE.id == authenticator_id)
        .values(sighted_step=sighting.step, sighted_offset=sighting.offset, sighted_at=sighting.seen_at)
    )


def refuse_steps(tx: Writing, authenticator_id: str, steps: Sequence[int]) -> None:
    """Refuse the codes of these time steps from here on."""
    for step in steps:
        row = {"authenticator_id": authenticator_id, "step": step}
        tx.execute(tx.insert(REFUSED_STEP).values(**row).on_conflict_do_nothing())


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
