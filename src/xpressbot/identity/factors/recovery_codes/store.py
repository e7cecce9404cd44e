"""Recovery code records, and the conditional write that makes a code good for one use."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from xpressbot.identity.factors.recovery_codes.rules import RecoveryCode, RecoveryCodeSet, SavedCode
from xpressbot.identity.tables import ACCOUNT, RECOVERY_CODE, RECOVERY_CODE_SET


class _State(StrEnum):
    IN_FORCE = "in_force"
    PREPARED = "prepared"


IS_PREPARED = RECOVERY_CODE_SET.c.state == _State.PREPARED.value
_SET_IN_FORCE = (
    select(RECOVERY_CODE_SET.c.id)
    .where(RECOVERY_CODE_SET.c.account_id == bindparam("of_account"), RECOVERY_CODE_SET.c.state == _State.IN_FORCE.value)
    .scalar_subquery()
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

UNUSED_OF_ACCOUNT = (
    select(func.count())
    .select_from(RECOVERY_CODE)
    .join(RECOVERY_CODE_SET, RECOVERY_CODE_SET.c.id == RECOVERY_CODE.c.set_id)
    .where(RECOVERY_CODE_SET.c.account_id == ACCOUNT.c.id, RECOVERY_CODE_SET.c.state == _State.IN_FORCE.value)
    .where(RECOVERY_CODE.c.used_at.is_(None))
    .correlate(ACCOUNT)
    .scalar_subquery()
)
"""How many codes an account has left, within a statement over accounts."""


class RecoveryCodes:
    """Fulfils RecoveryCodeRecords."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, account_id: str, code_set: RecoveryCodeSet, now: int, *, in_force: bool) -> None:
        state = _State.IN_FORCE if in_force else _State.PREPARED
        self._remove(account_id, state)
        self._connection.execute(
            insert(RECOVERY_CODE_SET).values(
                id=code_set.id, account_id=account_id, state=state.value, session_id=code_set.session_id, created_at=now
            )
        )
        rows = [
            {"id": code.id, "set_id": code_set.id, "position": code.position, "digest": code.digest, "box": code.box}
            for code in code_set.codes
        ]
        self._connection.execute(insert(RECOVERY_CODE), rows)

    def in_force(self, account_id: str) -> RecoveryCodeSet | None:
        return self._read(RECOVERY_CODE_SET.c.account_id == account_id, RECOVERY_CODE_SET.c.state == _State.IN_FORCE.value)

    def prepared(self, account_id: str) -> RecoveryCodeSet | None:
        return self._read(RECOVERY_CODE_SET.c.account_id == account_id, IS_PREPARED)

    def put_in_force(self, account_id: str, set_id: str) -> None:
        self._remove(account_id, _State.IN_FORCE)
        self._connection.execute(update(RECOVERY_CODE_SET).where(RECOVERY_CODE_SET.c.id == set_id).values(state=_State.IN_FORCE.value))

    def hand_over_unsaved(self, account_id: str, session_id: str, made_after: int, made_by: int) -> tuple[str, int] | None:
        parameters = {"of_account": account_id, "to_session": session_id, "made_after": made_after, "made_by": made_by}
        row = self._connection.execute(_HAND_OVER_UNSAVED, parameters).one_or_none()
        return None if row is None else (row.id, row.created_at)

    def mark_saved(self, account_id: str, now: int) -> None:
        self._connection.execute(
            update(RECOVERY_CODE_SET)
            .where(RECOVERY_CODE_SET.c.account_id == account_id, RECOVERY_CODE_SET.c.state == _State.IN_FORCE.value)
            .where(RECOVERY_CODE_SET.c.saved_at.is_(None))
            .values(saved_at=now)
        )

    def consume(self, account_id: str, digest: bytes, user_agent: str, now: int) -> bool:
        parameters = {"of_account": account_id, "with_digest": digest, "agent": user_agent, "now": now}
        return self._connection.execute(_CONSUME, parameters).rowcount == 1

    def count_unused(self, account_id: str) -> int:
        count: int = self._connection.execute(_COUNT_UNUSED, {"of_account": account_id}).scalar_one()
        return count

    def look_up(self, account_id: str, digest: bytes) -> SavedCode:
        known = select(RECOVERY_CODE.c.used_at).where(RECOVERY_CODE.c.set_id == _SET_IN_FORCE, RECOVERY_CODE.c.digest == digest)
        row = self._connection.execute(known, {"of_account": account_id}).one_or_none()
        if row is None:
            return SavedCode.UNKNOWN
        return SavedCode.GOOD if row.used_at is None else SavedCode.USED

    def drop_boxes(self, account_id: str) -> None:
        in_force = update(RECOVERY_CODE).where(RECOVERY_CODE.c.set_id == _SET_IN_FORCE).values(box=None)
        self._connection.execute(in_force, {"of_account": account_id})

    def next_sets(self, after: str, before: str, limit: int) -> Sequence[tuple[str, bool]]:
        set_id = RECOVERY_CODE_SET.c.id
        # Not EXISTS, which an engine may answer by reading all the codes there are.
        copy = select(RECOVERY_CODE.c.id).where(RECOVERY_CODE.c.set_id == set_id, RECOVERY_CODE.c.box.is_not(None)).limit(1)
        sets = (
            select(set_id, copy.scalar_subquery().is_not(None).label("has_copies"))
            .where(set_id > after, set_id < before)
            .order_by(set_id)
            .limit(limit)
        )
        return [(row.id, row.has_copies) for row in self._connection.execute(sets)]

    def drop_boxes_of(self, set_ids: Sequence[str]) -> None:
        with_box = (RECOVERY_CODE.c.set_id.in_(set_ids), RECOVERY_CODE.c.box.is_not(None))
        self._connection.execute(update(RECOVERY_CODE).where(*with_box).values(box=None))

    def remove_all(self, account_id: str) -> None:
        for state in _State:
            self._remove(account_id, state)

    def _remove(self, account_id: str, state: _State) -> None:
        # The codes go with their set (ON DELETE CASCADE).
        self._connection.execute(
            delete(RECOVERY_CODE_SET).where(RECOVERY_CODE_SET.c.account_id == account_id, RECOVERY_CODE_SET.c.state == state.value)
        )

    def _read(self, *conditions: Any) -> RecoveryCodeSet | None:
        rows = self._connection.execute(
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
        codes = tuple(RecoveryCode(row.id, row.position, row.digest, row.box, row.used_at, row.used_agent) for row in rows)
        return RecoveryCodeSet(rows[0].set_id, rows[0].session_id, rows[0].saved_at, codes)
