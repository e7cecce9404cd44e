"""The download of the team's record: JSON Lines, by which its chain can be checked (docs/event-chain.md)."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from xpressbot.entrypoints.http.paged_downloads import pages_written
from xpressbot.foundation.threads.worker_pools import Pool
from xpressbot.foundation.times import SECOND
from xpressbot.identity.audit.rules.event import TEAM
from xpressbot.identity.team.record import RecordExport, TeamRecord


async def record_file(export: RecordExport, place: str, record: TeamRecord, pool: Pool) -> AsyncIterator[str]:
    """An event a line, as it is stored, the oldest first; bytes in hexadecimal. place: which installation it is from.

    The last line has the head of the chain, and how many events stand before it. A file without that line is not whole.
    """
    events = 0
    async for lines in pages_written(pool, partial(record.events, export), _line, _number):
        events += len(lines)
        yield "\n".join(lines) + "\n"
    end = {
        "subject": TEAM,
        "head": {"seq": export.last_event, "hash": export.hash.hex()},
        "events": events,
        "exported_at": datetime.fromtimestamp(export.exported_at // SECOND, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "exported_from": place,
    }
    yield json.dumps(end) + "\n"


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps({name: value.hex() if isinstance(value, bytes) else value for name, value in row.items()})


def _number(row: Mapping[str, Any]) -> int:
    number: int = row["seq"]
    return number
