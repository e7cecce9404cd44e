"""Every metric there is, with its labels. Labels take values of closed lists only: no name, address or path of a client.

docs/operations.md says what each tells.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from xpressbot.entrypoints.telemetry.chat_metrics import ChatMetrics
from xpressbot.entrypoints.telemetry.mail_metrics import MailMetrics
from xpressbot.entrypoints.telemetry.sign_in_metrics import SignInMetrics
from xpressbot.foundation.database.engine import Database
from xpressbot.foundation.metrics import Metrics
from xpressbot.foundation.threads.worker_pools import Pools

_REQUEST_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_TRANSACTION_BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0)
_HASH_BUCKETS: Final = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class FailureCause(StrEnum):
    """Why a request could not be answered."""

    INTERNAL = "internal"
    DATABASE = "database"
    BUSY = "busy"


class Telemetry:
    """What one process tells about itself. Label children that a request needs are bound here, once."""

    def __init__(self, metrics: Metrics, kinds: Sequence[str], buckets: Sequence[str]) -> None:
        """kinds: the names of the kinds of factors. buckets: the names of all counts of tries."""
        self.metrics = metrics
        self.requests = metrics.histogram(
            "xpressbot_http_request_seconds",
            "From the head of a request to the end of its answer",
            "method",
            "route",
            "status",
            buckets=_REQUEST_BUCKETS,
        )
        failures = metrics.counter("xpressbot_http_failures_total", "Requests that could not be answered", "cause")
        self.failures = {cause: failures.labels(cause) for cause in FailureCause}
        self.chat = ChatMetrics(metrics)
        self.mails = MailMetrics(metrics)
        self.sign_ins = SignInMetrics(metrics, kinds, buckets)
        transactions = metrics.histogram(
            "xpressbot_database_transaction_seconds", "One transaction in the database", "kind", buckets=_TRANSACTION_BUCKETS
        )
        self.reading, self.writing = transactions.labels("read"), transactions.labels("write")
        self.hashes_waiting = metrics.gauge("xpressbot_password_hashes_waiting", "Password hashes that were asked for and are not done")
        self.hash_wait = metrics.histogram(
            "xpressbot_password_hash_wait_seconds", "From asking for a password hash to its beginning", buckets=_HASH_BUCKETS
        )
        self.hash_run = metrics.histogram("xpressbot_password_hash_seconds", "Of a core, for one password hash", buckets=_HASH_BUCKETS)


class Occupancy:
    """How full a process is, looked at from time to time: requests need not count on the way in and out."""

    def __init__(self, metrics: Metrics, pools: Pools, database: Database) -> None:
        self._pools = pools.by_name
        self._database = database
        tasks = metrics.gauge("xpressbot_pool_tasks", "What a pool of threads works on, and what waits for one", "pool", "state")
        self._running = {name: tasks.labels(name, "running") for name in self._pools}
        self._waiting = {name: tasks.labels(name, "waiting") for name in self._pools}
        threads = metrics.gauge("xpressbot_pool_threads", "Threads of a pool", "pool")
        connections = metrics.gauge("xpressbot_database_connections", "Connections to the database", "state")
        self._in_use, self._idle = connections.labels("in_use"), connections.labels("idle")
        most = metrics.gauge("xpressbot_database_connections_most", "Connections that may be open at once")
        workers = metrics.gauge("xpressbot_workers", "Worker processes that live")
        for name, pool in self._pools.items():
            threads.labels(name).set(pool.threads)
        most.set(database.connections.most)
        workers.set(1)

    def renew(self) -> None:
        """Look, and note it."""
        for name, pool in self._pools.items():
            inside = pool.inside
            running = min(inside, pool.threads)
            self._running[name].set(running)
            self._waiting[name].set(inside - running)
        now = self._database.connections
        self._in_use.set(now.in_use)
        self._idle.set(now.idle)
