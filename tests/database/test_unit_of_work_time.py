"""What the time of a unit of work has in it: the wait for a connection too, whether one comes or not."""

from contextlib import nullcontext, suppress

import pytest
from sqlalchemy.exc import OperationalError

from xpressbot.foundation.database import transaction
from xpressbot.foundation.database.transaction import ReadTransactions


class SlowDatabase:
    """Takes three seconds to open a connection, or to find that it cannot."""

    def __init__(self, error: OperationalError | None) -> None:
        self.now = 0.0
        self._error = error

    def read(self) -> nullcontext[None]:
        self.now += 3
        if self._error is not None:
            raise self._error
        return nullcontext(None)


@pytest.mark.parametrize("error", [None, OperationalError("SELECT", None, Exception())])
def test_a_read_is_timed_from_when_it_was_asked_for(error: OperationalError | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is where a database's fault shows first."""
    database, noted = SlowDatabase(error), []
    monkeypatch.setattr(transaction, "stopwatch", lambda: database.now)
    transactions = ReadTransactions(database, noted.append)
    with suppress(OperationalError), transactions.reading():
        database.now += 1
    assert noted == [3 if error else 4]
