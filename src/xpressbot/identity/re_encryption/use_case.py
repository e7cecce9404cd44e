"""Changing the key that secrets are sealed with, in small batches, while people sign in."""

from typing import Final

from xpressbot.identity.factors.secrets import reseal
from xpressbot.identity.ports import UnitsOfWork

BATCH: Final = 100


class ReEncryption:
    """Can be interrupted at any point and begun again: what is left is found by looking."""

    def __init__(self, units: UnitsOfWork) -> None:
        self._units = units

    def switch_to(self, key_id: str) -> bool:
        """Seal with this key from now on; False when it is so already. Every node's ring must have it."""
        with self._units.write() as uow:
            switched = uow.keys.switch_to(key_id)
            uow.commit()
        return switched

    def left(self) -> int:
        """How many secrets another key than the active one still has sealed."""
        with self._units.read() as uow:
            return uow.stored_boxes.count_outdated()

    def next_batch(self) -> int:
        """Seal some of them with the active key; how many. None may be free just now although some are left."""
        with self._units.write() as uow:
            sealed = sum(reseal(uow, box) for box in uow.stored_boxes.outdated(BATCH))
            uow.commit()
        return sealed

    def retire_others(self) -> str | None:
        """Declare every key but the active one unneeded, and name the active one; None while a secret needs another."""
        with self._units.write() as uow:
            active = uow.keys.hold_active()
            if uow.stored_boxes.count_outdated():
                return None
            uow.keys.keep_only_active()
            uow.commit()
        return active
