"""Statements on what is common to the authenticators of all kinds."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, assert_never

from sqlalchemy import ColumnElement, Row, bindparam, delete, func, insert, literal_column, select, update

from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.foundation.database.unknown_enum_values import member_or_none
from xpressbot.foundation.times import latest_credible
from xpressbot.identity.factors.rules import Addition, Authenticator, AuthenticatorState, Enrolment, Plan, Replacement
from xpressbot.identity.tables import ACCOUNT, AUTHENTICATOR

_TABLE = AUTHENTICATOR.c
_REPLACE: Final = "replace"
_ADD: Final = "add"


def _is(state: AuthenticatorState) -> ColumnElement[bool]:
    # As a literal: a database chooses a partial index only where the statement itself shows the state.
    return _TABLE.state == literal_column(f"'{state.value}'", _TABLE.state.type)


IS_PENDING = _is(AuthenticatorState.PENDING)
IS_ACTIVE = _is(AuthenticatorState.ACTIVE)
_IN_FORCE = ~IS_PENDING & ~_is(AuthenticatorState.REVOKED)
"""Active, or in a state that only a newer version knows: such a one must not leave its account without protection."""
_COMMON: Sequence[ColumnElement[Any]] = (
    _TABLE.id,
    _TABLE.account_id,
    _TABLE.kind,
    _TABLE.name,
    _TABLE.state,
    _TABLE.created_at,
    _TABLE.confirmed_at,
    _TABLE.last_used_at,
)
_IN_FORCE_OF = select(*_COMMON).where(_TABLE.account_id == bindparam("account_id"), _IN_FORCE).order_by(_TABLE.confirmed_at)
_IN_FORCE_OF_ALL = (
    select(*_COMMON).where(_TABLE.account_id.in_(bindparam("account_ids", expanding=True)), _IN_FORCE).order_by(_TABLE.confirmed_at)
)
_ENROLMENT_OF = (
    select(AUTHENTICATOR)
    .join(ACCOUNT, (ACCOUNT.c.id == _TABLE.account_id) & (ACCOUNT.c.security_version == _TABLE.security_version))
    .where(_TABLE.begun_in == bindparam("begun_in_this"), IS_PENDING)
)
_SINCE = (
    select(func.min(func.coalesce(_TABLE.confirmed_at, _TABLE.created_at)))
    .where(_TABLE.account_id == ACCOUNT.c.id, _IN_FORCE)
    .scalar_subquery()
)
_NOTE_PROTECTION = update(ACCOUNT).where(ACCOUNT.c.id == bindparam("key")).values(protected_since=_SINCE)
_USED = update(AUTHENTICATOR).where(_TABLE.id == bindparam("used_id")).values(last_used_at=bindparam("now"))


def in_force(tx: Reading, account_id: str) -> Sequence[Authenticator]:
    """The account's authenticators in force, also of a kind or in a state that only a newer version of this program knows."""
    return [_authenticator(row) for row in tx.select(_IN_FORCE_OF, {"account_id": account_id})]


def in_force_of(tx: Reading, account_ids: Sequence[str]) -> Mapping[str, Sequence[Authenticator]]:
    """The same of several accounts, by their ids; without those that have none."""
    found: defaultdict[str, list[Authenticator]] = defaultdict(list)
    for row in tx.select(_IN_FORCE_OF_ALL, {"account_ids": account_ids}):
        found[row.account_id].append(_authenticator(row))
    return found


def has_had_one(tx: Reading, account_id: str) -> bool:
    """Whether an authenticator of the account has ever been in force."""
    confirmed = select(_TABLE.id).where(_TABLE.account_id == account_id, ~IS_PENDING)
    return bool(tx.select(select(confirmed.exists())).scalar_one())


def add_enrolment(tx: Writing, enrolment: Enrolment, security_version: int) -> None:
    """Add a pending authenticator. It counts only while its account has this security version."""
    authenticator = enrolment.authenticator
    row = {
        "id": authenticator.id,
        "account_id": authenticator.account_id,
        "kind": authenticator.kind,
        "name": authenticator.name,
        "state": AuthenticatorState.PENDING.value,
        "created_at": authenticator.created_at,
        "begun_in": enrolment.begun_in,
        "security_version": security_version,
        "expires_at": enrolment.expires_at,
        **_plan_columns(enrolment.plan),
    }
    tx.execute(insert(AUTHENTICATOR), row)


def enrolment_of(tx: Reading, begun_in: str) -> Enrolment | None:
    """The pending authenticator of a session or sign-in.

    None also when the account's security has changed since, and for one that only a newer version understands.
    """
    row = tx.select(_ENROLMENT_OF, {"begun_in_this": begun_in}).one_or_none()
    plan = None if row is None else _plan(row)
    return None if row is None or plan is None else Enrolment(_authenticator(row), row.begun_in, plan, row.expires_at)


def keep_enrolment(tx: Writing, begun_in: str) -> None:
    """Let the pending authenticator of a session go on, on the account's version as it has just become."""
    current = select(ACCOUNT.c.security_version).where(ACCOUNT.c.id == _TABLE.account_id).scalar_subquery()
    tx.execute(update(AUTHENTICATOR).where(_TABLE.begun_in == begun_in, IS_PENDING).values(security_version=current))


def discard_enrolment(tx: Writing, begun_in: str) -> None:
    """Remove the pending authenticator of a session or sign-in, with what its kind has of it."""
    tx.execute(delete(AUTHENTICATOR).where(_TABLE.begun_in == begun_in, IS_PENDING))


def activate(tx: Writing, authenticator_id: str, name: str, now: int) -> bool:
    """Make a pending authenticator active under this name; False when it is pending no more."""
    account_id = tx.execute(
        update(AUTHENTICATOR)
        .where(_TABLE.id == authenticator_id, IS_PENDING)
        .values(
            state=AuthenticatorState.ACTIVE.value,
            name=name,
            confirmed_at=now,
            last_used_at=now,
            begun_in=None,
            expires_at=None,
        )
        .returning(_TABLE.account_id)
    ).scalar_one_or_none()
    return account_id is not None and _note_protection(tx, account_id)


def rename(tx: Writing, authenticator_id: str, name: str) -> None:
    """Give an authenticator another name."""
    tx.execute(update(AUTHENTICATOR).where(_TABLE.id == authenticator_id).values(name=name))


def note_use(tx: Writing, authenticator_id: str, now: int) -> None:
    """Write down that an authenticator was used."""
    tx.execute(_USED, {"used_id": authenticator_id, "now": now})


def bring_back_uses(tx: Writing, account_id: str, now: int) -> None:
    """Date the uses of an account's authenticators that are dated in the future to the present."""
    dated_ahead = (_TABLE.account_id == account_id, _IN_FORCE, _TABLE.last_used_at > latest_credible(now))
    tx.execute(update(AUTHENTICATOR).where(*dated_ahead).values(last_used_at=now))


def revoke(tx: Writing, authenticator_id: str) -> None:
    """Revoke an authenticator in force."""
    revoked = update(AUTHENTICATOR).where(_TABLE.id == authenticator_id, _IN_FORCE).values(state=AuthenticatorState.REVOKED.value)
    account_id = tx.execute(revoked.returning(_TABLE.account_id)).scalar_one_or_none()
    if account_id is not None:
        _note_protection(tx, account_id)


def _note_protection(tx: Writing, account_id: str) -> bool:
    """Write beside the account since when it is protected, which a session look-up and the roster read."""
    return tx.execute(_NOTE_PROTECTION, {"key": account_id}).rowcount == 1


def _plan_columns(plan: Plan) -> dict[str, Any]:
    match plan:
        case Replacement(replaces, renews_backups):
            return {"plan": _REPLACE, "replaces": replaces, "renews_backups": renews_backups}
        case Addition():
            return {"plan": _ADD, "replaces": None, "renews_backups": False}
        case unknown:
            assert_never(unknown)


def _plan(row: Row[Any]) -> Plan | None:
    """None for a plan of a newer version, of which this one does not know what a confirmation would do."""
    if row.plan == _ADD:
        return Addition()
    return Replacement(row.replaces, row.renews_backups) if row.plan == _REPLACE else None


def _authenticator(row: Row[Any]) -> Authenticator:
    return Authenticator(
        id=row.id,
        account_id=row.account_id,
        kind=row.kind,
        name=row.name,
        state=member_or_none(AuthenticatorState, row.state),
        created_at=row.created_at,
        confirmed_at=row.confirmed_at,
        last_used_at=row.last_used_at,
    )
