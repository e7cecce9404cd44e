"""All sealed secrets, found by the key that sealed them."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, LargeBinary, Select, func, literal, select, update

from xpressbot.foundation.crypto.encryption import ciphertext_header
from xpressbot.foundation.crypto.key_state import active_key_id
from xpressbot.identity.re_encryption.rules import BoxTable, StoredBox
from xpressbot.identity.tables import AUTHENTICATOR, RECOVERY_CODE, RECOVERY_CODE_SET

_BOX_COLUMNS: Final = {BoxTable.AUTHENTICATOR: AUTHENTICATOR.c.secret_box, BoxTable.RECOVERY_CODE: RECOVERY_CODE.c.box}
_ALL_BOXES: Final[dict[BoxTable, Select[Any]]] = {
    BoxTable.AUTHENTICATOR: select(AUTHENTICATOR.c.id, AUTHENTICATOR.c.account_id, AUTHENTICATOR.c.secret_box.label("box")),
    BoxTable.RECOVERY_CODE: select(RECOVERY_CODE.c.id, RECOVERY_CODE_SET.c.account_id, RECOVERY_CODE.c.box).join(
        RECOVERY_CODE_SET, RECOVERY_CODE_SET.c.id == RECOVERY_CODE.c.set_id
    ),
}


class StoredBoxes:
    """Fulfils StoredBoxRecords."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def outdated(self, limit: int) -> Sequence[StoredBox]:
        active = active_key_id(self._connection)
        found: list[StoredBox] = []
        for table, boxes in _ALL_BOXES.items():
            column = _BOX_COLUMNS[table]
            # Rows that a sign-in has locked are left for the next batch: whoever waits for nobody cannot be in a deadlock.
            batch = (
                boxes.where(_sealed_by_another(column, active)).limit(limit - len(found)).with_for_update(of=column.table, skip_locked=True)
            )
            found += [StoredBox(table, row.account_id, row.id, row.box) for row in self._connection.execute(batch)]
        return found

    def count_outdated(self) -> int:
        return count_boxes_of_other_keys(self._connection, active_key_id(self._connection))

    def replace(self, box: StoredBox, new_box: bytes) -> bool:
        column = _BOX_COLUMNS[box.table]
        replaced = self._connection.execute(
            update(column.table).where(column.table.c.id == box.row_id, column == box.box).values({column: new_box})
        )
        return replaced.rowcount == 1

    def newest(self, table: BoxTable, before: str, limit: int) -> Sequence[StoredBox]:
        column = _BOX_COLUMNS[table]
        row_id = column.table.c.id
        boxes = _ALL_BOXES[table].where(column.is_not(None)).order_by(row_id.desc()).limit(limit)
        found = self._connection.execute(boxes.where(row_id < before) if before else boxes)
        return [StoredBox(table, row.account_id, row.id, row.box) for row in found]

    def count(self, most: int | None) -> int:
        stored = (select(column.table.c.id).where(column.is_not(None)).limit(most).subquery() for column in _BOX_COLUMNS.values())
        return sum(self._connection.execute(select(func.count()).select_from(boxes)).scalar_one() for boxes in stored)


def count_boxes_of_other_keys(connection: Connection, key_id: str) -> int:
    """How many boxes need another key than this one."""
    counts = (
        connection.execute(select(func.count()).select_from(column.table).where(_sealed_by_another(column, key_id))).scalar_one()
        for column in _BOX_COLUMNS.values()
    )
    return sum(counts)


def _sealed_by_another(column: Any, key_id: str) -> ColumnElement[bool]:
    header = ciphertext_header(key_id)
    begins = func.substr(column, 1, len(header), type_=LargeBinary)
    condition: ColumnElement[bool] = column.is_not(None) & (begins != literal(header, LargeBinary))
    return condition
