"""The chat's sweep as a task of its own: every worker looks every two seconds for what no request will finish."""

import asyncio
from typing import Final

import structlog

from xpressbot.entrypoints.services import Services
from xpressbot.foundation.database.engine import UNAVAILABLE
from xpressbot.foundation.database.errors import fault_of
from xpressbot.foundation.threads.worker_pools import PoolBusyError

SWEEP_SECONDS: Final = 2
"""Between two rounds. One with nothing to do reads three indexes."""
REST_SECONDS: Final = 0.1
"""After a full round: customers' messages have their turn, and where lanes fail round after round, the process has other work."""
_LOG = structlog.get_logger("xpressbot.chat")


async def sweep_chat(services: Services) -> None:
    """Sweep, round after round, until it is cancelled. After a full round there may be more to do, and the next one comes soon."""
    while True:
        is_full = False
        try:
            is_full = await services.pools.chat.run(services.chat.sweeping.next_round)
        except PoolBusyError:
            _LOG.info("chat.sweep_postponed", error="PoolBusyError", reason="busy")
        except UNAVAILABLE as error:
            _LOG.warning("chat.sweep_postponed", error=type(error).__name__, reason=fault_of(error))
        except Exception:  # noqa: BLE001  # whatever it is, the next round must come
            _LOG.exception("chat.sweep_failed")
        await asyncio.sleep(REST_SECONDS if is_full else SWEEP_SECONDS)
