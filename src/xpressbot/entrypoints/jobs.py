"""Periodic jobs: what no request causes. Each worker does them once a minute."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from xpressbot.entrypoints.services import Services
from xpressbot.foundation.database.engine import UNAVAILABLE
from xpressbot.foundation.database.errors import fault_of
from xpressbot.foundation.database.expiry import RowExpiry

JOB_INTERVAL_SECONDS: Final = 60
_LOG = structlog.get_logger("xpressbot.jobs")


async def run_jobs(services: Services) -> None:
    """Do all duties, round after round, until it is cancelled. What fails in one is done in the next."""
    while True:
        for job in _jobs(services):
            try:
                await services.pools.job.run(job)
            except UNAVAILABLE as error:
                _LOG.warning("jobs.postponed", error=type(error).__name__, reason=fault_of(error))
            except Exception:  # noqa: BLE001  # whatever it is, the next job and the next round must come
                _LOG.exception("jobs.failed")
        await asyncio.sleep(JOB_INTERVAL_SECONDS)


def _jobs(services: Services) -> Sequence[Callable[[], None]]:
    return (
        services.identity.recovery_codes.forget_unsaved,
        services.identity.reset_decisions.carry_out_due,
        lambda: _remove_expired(services.expiry),
        lambda: services.mail_files.remove_outdated(services.clock.now()),
        lambda: services.telemetry.mails.note(services.mail.look()),
        lambda: services.telemetry.chat.note(services.chat.sweeping.backlog()),
        services.background_check.renew,
    )


def _remove_expired(expiry: RowExpiry) -> None:
    removed = expiry.next_round()
    if any(removed.values()):
        _LOG.info("jobs.removed", **removed)
