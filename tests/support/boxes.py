"""The sealed secrets in a database: which keys sealed them, and which ring opens them."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select

from xpressbot.entrypoints.services import Services
from xpressbot.foundation.crypto.encryption import DecryptionError, Encryption
from xpressbot.foundation.crypto.key_ring import load_key_ring
from xpressbot.identity.factors.secrets import _PURPOSES, _row
from xpressbot.identity.re_encryption.rules import StoredBox
from xpressbot.identity.re_encryption.store import _ALL_BOXES


def stored_boxes(services: Services) -> Sequence[StoredBox]:
    """All of them."""
    with services.database.read() as connection:
        return [
            StoredBox(table, row.account_id, row.id, row.box)
            for table, boxes in _ALL_BOXES.items()
            for row in connection.execute(select(boxes.subquery()))
            if row.box is not None
        ]


def keys_of_boxes(services: Services) -> set[str]:
    """The names of the keys that sealed what lies in the database."""
    return {box.box[1:9].hex() for box in stored_boxes(services)}


def opened_with(ring_file: Path, services: Services) -> int:
    """How many boxes somebody opens who has this ring and no other."""
    ring = load_key_ring(ring_file)
    boxes = Encryption(ring, services.entropy, lambda: ring)
    opened = 0
    for box in stored_boxes(services):
        try:
            boxes.open(_PURPOSES[box.table], _row(box.table, box.account_id, box.row_id), box.box)
        except DecryptionError:
            continue
        opened += 1
    return opened
