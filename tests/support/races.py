"""Races: the same transaction tried by several at once, in threads or in processes, each on a connection of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.support.child_processes import fork_together
from tests.support.installation import Installation
from xpressbot.foundation.database.engine import open_database
from xpressbot.foundation.database.transaction import Transactions, Writing

Attempt = Callable[[Writing, int], int]
Race = Callable[[Installation, int, Attempt], list[int]]


def race_in_threads(installation: Installation, racers: int, attempt: Attempt) -> list[int]:
    """Commit `attempt` from that many threads at once, and give what each returned."""
    barrier = threading.Barrier(racers, timeout=60)

    def run(number: int) -> int:
        return _run(installation, number, attempt, barrier.wait)

    with ThreadPoolExecutor(racers) as threads:
        return list(threads.map(run, range(racers)))


def race_in_processes(installation: Installation, racers: int, attempt: Attempt) -> list[int]:
    """Commit `attempt` from that many processes at once, and give what each returned: a number below 70."""

    def run(number: int, meet: Callable[[], None]) -> int:
        return int(_run(installation, number, attempt, meet))

    return fork_together(racers, run, beside=installation.services.database)


def _run(installation: Installation, number: int, attempt: Attempt, start: Callable[[], object]) -> int:
    database = open_database(installation.services.settings.url, pool_size=1, durable=False)
    transactions = Transactions(database)
    database.ping()
    start()
    try:
        with transactions.writing() as tx:
            result = attempt(tx, number)
            tx.commit()
            return result
    finally:
        database.dispose()
