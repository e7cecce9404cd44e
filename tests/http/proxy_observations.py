"""What the service has noted of its proxies, and the statements that it took."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from tests.http.raw_requests import rows
from tests.support.engine_events import listening
from tests.support.installation import Installation


def observations(installation: Installation) -> list[dict[str, object]]:
    """What has been noted. A request of a test ends only when that is done."""
    return [dict(row) | {"detail": json.loads(row["detail"])} for row in rows(installation, "observation")]


@contextmanager
def writes(installation: Installation) -> Iterator[list[str]]:
    """The statements that reach the table meanwhile."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "observation" in statement:
            seen.append(statement)

    with listening(installation.services.database, "before_cursor_execute", note):
        yield seen
