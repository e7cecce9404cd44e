"""Upkeep: what has to happen in time although nobody asks for it. Each worker does it once a minute."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from xpressbot.entrypoints.house import House
from xpressbot.foundation.database.engine import UNAVAILABLE
from xpressbot.foundation.database.trouble import trouble_of
from xpressbot.identity.application.sweeping import Sweeping
from xpressbot.identity.domain.retention import Transient

UPKEEP_INTERVAL_SECONDS: Final = 60
_LOG = structlog.get_logger("xpressbot.upkeep")


async def keep_up(house: House) -> None:
    """Do all duties, round after round, until it is cancelled. What fails in one is done in the next."""
    while True:
        for duty in _duties(house):
            try:
                await house.pools.page.run(duty)
            except UNAVAILABLE as error:
                _LOG.warning("upkeep.postponed", error=type(error).__name__, reason=trouble_of(error))
            except Exception:  # noqa: BLE001  # whatever it is, the next duty and the next round must come
                _LOG.exception("upkeep.failed")
        await asyncio.sleep(UPKEEP_INTERVAL_SECONDS)


def _duties(house: House) -> Sequence[Callable[[], None]]:
    return (house.identity.recovery_codes.forget_unsaved, lambda: _sweep(house.identity.sweeping), house.check_up.renew)


def _sweep(sweeping: Sweeping) -> None:
    removed = sweeping.next_round()
    if any(removed.values()):
        _LOG.info(
            "upkeep.removed",
            sessions=removed[Transient.SESSION],
            pending_sign_ins=removed[Transient.PENDING_SIGN_IN],
            links=removed[Transient.LINK],
            enrolments=removed[Transient.ENROLMENT],
            devices=removed[Transient.DEVICE],
            network_counts=removed[Transient.NETWORK_COUNT],
            password_counts=removed[Transient.PASSWORD_COUNT],
            stranger_counts=removed[Transient.STRANGER_COUNT],
            link_counts=removed[Transient.LINK_COUNT],
        )
