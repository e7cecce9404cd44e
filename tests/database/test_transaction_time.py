"""What the time of a transaction has in it: the wait for a connection too, whether one comes or not."""

from contextlib import AbstractContextManager, suppress

import pytest
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import OperationalError

from xpressbot.foundation.database import transaction
from xpressbot.foundation.database.engine import Database
from xpressbot.foundation.database.transaction import ReadTransactions


class SlowDatabase(Database):
    """Takes three seconds to open a connection, or to find that it cannot."""

    def __init__(self, error: OperationalError | None) -> None:
        super().__init__(create_engine("sqlite://"))
        self.now = 0.0
        self._error = error

    def read(self) -> AbstractContextManager[Connection]:
        self.now += 3
        if self._error is not None:
            raise self._error
        return super().read()


@pytest.mark.parametrize("error", [None, OperationalError("SELECT", None, Exception())])
def test_a_read_is_timed_from_when_it_was_asked_for(error: OperationalError | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is where a database's fault shows first."""
    database = SlowDatabase(error)
    noted: list[float] = []
    monkeypatch.setattr(transaction, "stopwatch", lambda: database.now)
    transactions = ReadTransactions(database, noted.append)
    with suppress(OperationalError), transactions.reading():
        database.now += 1
    database.dispose()
    assert noted == [3 if error else 4]
