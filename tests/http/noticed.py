"""What the service has noted of its proxies, and the statements that it took."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.http.sending import rows
from tests.support.events import listening
from tests.support.installation import Installation

_PATIENCE_SECONDS = 20


def observations(installation: Installation) -> list[dict[str, object]]:
    """What has been noted, once no thread is busy with it."""
    installation.services.pools.page.close()
    return [dict(row) | {"detail": json.loads(row["detail"])} for row in rows(installation, "observation")]


@contextmanager
def writes(installation: Installation) -> Iterator[Callable[[int], list[str]]]:
    """The statements that reach the table; called with a number, it waits for that many."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "observation" in statement:
            seen.append(statement)

    def so_many(number: int) -> list[str]:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while len(seen) < number and time.monotonic() < deadline:
            time.sleep(0.001)
        return seen

    with listening(installation.services.database, "before_cursor_execute", note):
        yield so_many
