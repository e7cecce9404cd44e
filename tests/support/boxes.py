"""The sealed secrets in a database: which keys sealed them, and which ring opens them."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select

from xpressbot.entrypoints.house import House
from xpressbot.foundation.key_ring import load_key_ring
from xpressbot.foundation.sealed_box import BoxError, SealedBoxes
from xpressbot.identity.adapters.database.stored_boxes import _ALL_BOXES
from xpressbot.identity.application.secrets import _PURPOSES, _row
from xpressbot.identity.domain.stored_box import StoredBox


def stored_boxes(house: House) -> Sequence[StoredBox]:
    """All of them."""
    with house.database.read() as connection:
        return [
            StoredBox(table, row.account_id, row.id, row.box)
            for table, boxes in _ALL_BOXES.items()
            for row in connection.execute(select(boxes.subquery()))
            if row.box is not None
        ]


def keys_of_boxes(house: House) -> set[str]:
    """The names of the keys that sealed what lies in the database."""
    return {box.box[1:9].hex() for box in stored_boxes(house)}


def opened_with(ring_file: Path, house: House) -> int:
    """How many boxes somebody opens who has this ring and no other."""
    ring = load_key_ring(ring_file)
    boxes = SealedBoxes(ring, house.entropy, lambda: ring)
    opened = 0
    for box in stored_boxes(house):
        try:
            boxes.open(_PURPOSES[box.table], _row(box.table, box.account_id, box.row_id), box.box)
        except BoxError:
            continue
        opened += 1
    return opened
