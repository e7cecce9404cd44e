"""Recovery code records, and the conditional write that makes a code good for one use."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, insert, select, update

from xpressbot.foundation.database.rows_at_restore import AtRestore, EndsAtRestore, StaysAtRestore
from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.identity.accounts.store import IS_ENABLED
from xpressbot.identity.factors.recovery_codes.rules import RecoveryCode, RecoveryCodeSet, SavedCode
from xpressbot.identity.factors.store import IS_ACTIVE
from xpressbot.identity.tables import ACCOUNT, AUTHENTICATOR, RECOVERY_CODE, RECOVERY_CODE_SET


class _State(StrEnum):
    IN_FORCE = "in_force"
    PREPARED = "prepared"


_IS_PREPARED = RECOVERY_CODE_SET.c.state == _State.PREPARED.value
AT_RESTORE: Final[tuple[AtRestore, ...]] = (
    # A prepared set would take the place of the one in force once its owner says to have saved it.
    EndsAtRestore("recovery codes not yet in force", RECOVERY_CODE_SET, _IS_PREPARED),
    StaysAtRestore(RECOVERY_CODE),  # those of prepared sets go with their set
)
_SET_IN_FORCE = (
    select(RECOVERY_CODE_SET.c.id)
    .where(RECOVERY_CODE_SET.c.account_id == bindparam("of_account"), RECOVERY_CODE_SET.c.state == _State.IN_FORCE.value)
    .scalar_subquery()
)
_SAVED_AT = select(RECOVERY_CODE_SET.c.saved_at).where(
    RECOVERY_CODE_SET.c.account_id == bindparam("of_account"), RECOVERY_CODE_SET.c.state == _State.IN_FORCE.value
)
_CONSUME = (
    update(RECOVERY_CODE)
    .where(RECOVERY_CODE.c.set_id == _SET_IN_FORCE, RECOVERY_CODE.c.digest == bindparam("with_digest"), RECOVERY_CODE.c.used_at.is_(None))
    .values(used_at=bindparam("now"), used_agent=bindparam("agent"))
)
_HAND_OVER_UNSAVED = (
    update(RECOVERY_CODE_SET)
    .where(
        RECOVERY_CODE_SET.c.account_id == bindparam("of_account"),
        RECOVERY_CODE_SET.c.state == _State.IN_FORCE.value,
        RECOVERY_CODE_SET.c.saved_at.is_(None),
        RECOVERY_CODE_SET.c.created_at > bindparam("made_after"),
        RECOVERY_CODE_SET.c.created_at <= bindparam("made_by"),
    )
    .values(session_id=bindparam("to_session"))
    .returning(RECOVERY_CODE_SET.c.id, RECOVERY_CODE_SET.c.created_at)
)
_COUNT_UNUSED = select(func.count()).where(RECOVERY_CODE.c.set_id == _SET_IN_FORCE, RECOVERY_CODE.c.used_at.is_(None))

_COUNT_UNUSED_OF = (
    select(RECOVERY_CODE_SET.c.account_id, func.count().label("unused"))
    .join(RECOVERY_CODE, RECOVERY_CODE.c.set_id == RECOVERY_CODE_SET.c.id)
    .where(
        RECOVERY_CODE_SET.c.account_id.in_(bindparam("of_accounts", expanding=True)),
        RECOVERY_CODE_SET.c.state == _State.IN_FORCE.value,
        RECOVERY_CODE.c.used_at.is_(None),
    )
    .group_by(RECOVERY_CODE_SET.c.account_id)
)

_UNUSED_OF_ACCOUNT = (
    select(func.count())
    .select_from(RECOVERY_CODE)
    .join(RECOVERY_CODE_SET, RECOVERY_CODE_SET.c.id == RECOVERY_CODE.c.set_id)
    .where(RECOVERY_CODE_SET.c.account_id == ACCOUNT.c.id, RECOVERY_CODE_SET.c.state == _State.IN_FORCE.value)
    .where(RECOVERY_CODE.c.used_at.is_(None))
    .correlate(ACCOUNT)
    .scalar_subquery()
)
"""How many codes an account has left, within a statement over accounts."""


def add(tx: Writing, account_id: str, code_set: RecoveryCodeSet, now: int, *, in_force: bool) -> None:
    """Add a set; a prepared one takes the place of an earlier prepared one."""
    state = _State.IN_FORCE if in_force else _State.PREPARED
    _remove(tx, account_id, state)
    tx.execute(
        insert(RECOVERY_CODE_SET).values(
            id=code_set.id, account_id=account_id, state=state.value, session_id=code_set.session_id, created_at=now
        )
    )
    rows = [
        {"id": code.id, "set_id": code_set.id, "position": code.position, "digest": code.digest, "shown_copy": code.shown_copy}
        for code in code_set.codes
    ]
    tx.execute(insert(RECOVERY_CODE), rows)


def in_force(tx: Reading, account_id: str) -> RecoveryCodeSet | None:
    """The set whose codes sign in."""
    return _read(tx, RECOVERY_CODE_SET.c.account_id == account_id, RECOVERY_CODE_SET.c.state == _State.IN_FORCE.value)


def prepared(tx: Reading, account_id: str) -> RecoveryCodeSet | None:
    """The set that is to replace the one in force."""
    return _read(tx, RECOVERY_CODE_SET.c.account_id == account_id, _IS_PREPARED)


def put_in_force(tx: Writing, account_id: str, set_id: str) -> None:
    """Replace the set in force by a prepared one."""
    _remove(tx, account_id, _State.IN_FORCE)
    tx.execute(update(RECOVERY_CODE_SET).where(RECOVERY_CODE_SET.c.id == set_id).values(state=_State.IN_FORCE.value))


def hand_over_unsaved(tx: Writing, account_id: str, session_id: str, made_after: int, made_by: int) -> tuple[str, int] | None:
    """Make the set in force the one of another session, if it was made between these moments and was not saved.

    Its id, and when it was made.
    """
    parameters = {"of_account": account_id, "to_session": session_id, "made_after": made_after, "made_by": made_by}
    row = tx.execute(_HAND_OVER_UNSAVED, parameters).one_or_none()
    return None if row is None else (row.id, row.created_at)


def mark_saved(tx: Writing, account_id: str, now: int) -> None:
    """Note that the owner of the set in force says to have saved it."""
    tx.execute(
        update(RECOVERY_CODE_SET)
        .where(RECOVERY_CODE_SET.c.account_id == account_id, RECOVERY_CODE_SET.c.state == _State.IN_FORCE.value)
        .where(RECOVERY_CODE_SET.c.saved_at.is_(None))
        .values(saved_at=now)
    )


def is_saved(tx: Reading, account_id: str) -> bool:
    """Whether the set in force is one that its owner says to have saved."""
    return tx.select(_SAVED_AT, {"of_account": account_id}).scalar_one_or_none() is not None


def consume(tx: Writing, account_id: str, digest: bytes, user_agent: str, now: int) -> bool:
    """Use up a code; False when the set in force has no such unused code."""
    parameters = {"of_account": account_id, "with_digest": digest, "agent": user_agent, "now": now}
    return tx.execute(_CONSUME, parameters).rowcount == 1


def count_unused(tx: Reading, account_id: str) -> int:
    """How many codes of the set in force are left."""
    count: int = tx.select(_COUNT_UNUSED, {"of_account": account_id}).scalar_one()
    return count


def count_unused_of(tx: Reading, account_ids: Sequence[str]) -> Mapping[str, int]:
    """How many codes of their sets in force several accounts have left; without those that have none."""
    return {row.account_id: row.unused for row in tx.select(_COUNT_UNUSED_OF, {"of_accounts": account_ids})}


def short_of_codes(tx: Reading, few: int, among: int | None) -> Sequence[tuple[str, int]]:
    """Address and unused codes of the active accounts with 2FA on that have no more than this many, fewest first.

    among: how many authenticators' accounts are looked at, the oldest ones'; None for all.
    """
    with_2fa = select(AUTHENTICATOR.c.account_id).where(IS_ACTIVE)
    looked_at = with_2fa if among is None else with_2fa.order_by(AUTHENTICATOR.c.id).limit(among)
    each = select(ACCOUNT.c.email, ACCOUNT.c.email_key, _UNUSED_OF_ACCOUNT.label("unused")).where(IS_ENABLED, ACCOUNT.c.id.in_(looked_at))
    counted = each.subquery()
    short = select(counted.c.email, counted.c.unused).where(counted.c.unused <= few).order_by(counted.c.unused, counted.c.email_key)
    return [(row.email, row.unused) for row in tx.select(short)]


def look_up(tx: Reading, account_id: str, digest: bytes) -> SavedCode:
    """What a code is worth in the set in force, without using it."""
    known = select(RECOVERY_CODE.c.used_at).where(RECOVERY_CODE.c.set_id == _SET_IN_FORCE, RECOVERY_CODE.c.digest == digest)
    row = tx.select(known, {"of_account": account_id}).one_or_none()
    if row is None:
        return SavedCode.UNKNOWN
    return SavedCode.GOOD if row.used_at is None else SavedCode.USED


def drop_copies(tx: Writing, account_id: str) -> None:
    """Forget the copies for viewing."""
    in_force = update(RECOVERY_CODE).where(RECOVERY_CODE.c.set_id == _SET_IN_FORCE).values(shown_copy=None)
    tx.execute(in_force, {"of_account": account_id})


def next_sets(tx: Reading, after: str, before: str, limit: int) -> Sequence[tuple[str, bool]]:
    """The sets whose ids follow, at most so many, each with whether it has copies for viewing."""
    set_id = RECOVERY_CODE_SET.c.id
    # Not EXISTS, which an engine may answer by reading all the codes there are.
    copy = select(RECOVERY_CODE.c.id).where(RECOVERY_CODE.c.set_id == set_id, RECOVERY_CODE.c.shown_copy.is_not(None)).limit(1)
    sets = (
        select(set_id, copy.scalar_subquery().is_not(None).label("has_copies"))
        .where(set_id > after, set_id < before)
        .order_by(set_id)
        .limit(limit)
    )
    return [(row.id, row.has_copies) for row in tx.select(sets)]


def drop_copies_of(tx: Writing, set_ids: Sequence[str]) -> None:
    """Forget the copies of these sets."""
    with_copy = (RECOVERY_CODE.c.set_id.in_(set_ids), RECOVERY_CODE.c.shown_copy.is_not(None))
    tx.execute(update(RECOVERY_CODE).where(*with_copy).values(shown_copy=None))


def remove_all(tx: Writing, account_id: str) -> None:
    """Remove the set in force and the prepared one."""
    for state in _State:
        _remove(tx, account_id, state)


def _remove(tx: Writing, account_id: str, state: _State) -> None:
    # The codes go with their set (ON DELETE CASCADE).
    tx.execute(delete(RECOVERY_CODE_SET).where(RECOVERY_CODE_SET.c.account_id == account_id, RECOVERY_CODE_SET.c.state == state.value))


def _read(tx: Reading, *conditions: Any) -> RecoveryCodeSet | None:
    rows = tx.select(
        select(
            RECOVERY_CODE,
            RECOVERY_CODE_SET.c.session_id,
            RECOVERY_CODE_SET.c.saved_at,
        )
        .join(RECOVERY_CODE_SET, RECOVERY_CODE_SET.c.id == RECOVERY_CODE.c.set_id)
        .where(*conditions)
        .order_by(RECOVERY_CODE.c.position)
    ).all()
    if not rows:
        return None
    codes = tuple(RecoveryCode(row.id, row.position, row.digest, row.shown_copy, row.used_at, row.used_agent) for row in rows)
    return RecoveryCodeSet(rows[0].set_id, rows[0].session_id, rows[0].saved_at, codes)
