"""Counters, gauges and histograms for Prometheus, of one process or of a node's workers together."""

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
SHARED_DIRECTORY_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""How the parent tells its workers where they keep their figures. The library reads it when it is imported."""
_IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108  # a directory of our own is made in it

stopwatch: Final = time.perf_counter
"""Seconds from some moment on. It telemetry spans that are reported; nothing is decided by it."""

prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's


@dataclass(frozen=True, slots=True)
class Definition:
    """What a metric is called, what kind it is, and which labels it has."""

    name: str
    kind: str
    labels: tuple[str, ...]


class Metrics:
    """The metrics of one application, in a registry of their own.

    shared: the directory in which the workers of one node keep their figures, so that each can tell those of all. It must
    be the one that SHARED_DIRECTORY_VARIABLE named when this process began.
    """

    def __init__(self, shared: Path | None = None) -> None:
        self._registry = CollectorRegistry()
        self._shared = shared
        self._defined: list[Definition] = []

    @classmethod
    def of_this_process(cls) -> "Metrics":
        """Shared with the other workers if the parent has said where, else for this process alone."""
        directory = os.environ.get(SHARED_DIRECTORY_VARIABLE)
        return cls(Path(directory) if directory else None)

    @property
    def is_shared(self) -> bool:
        """Whether another process may be asked for the figures of this one."""
        return self._shared is not None

    @property
    def defined(self) -> Sequence[Definition]:
        """All metrics there are."""
        return tuple(self._defined)

    def counter(self, name: str, meaning: str, *labels: str) -> Counter:
        """Something that only grows. `name` ends in _total."""
        self._defined.append(Definition(name, "counter", labels))
        return Counter(name, meaning, labels, registry=self._registry)

    def gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        """Something that goes up and down. Workers that live are added up."""
        self._defined.append(Definition(name, "gauge", labels))
        return Gauge(name, meaning, labels, registry=self._registry, multiprocess_mode="livesum")

    def common_gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        """Something that all workers look at alike: the newest look counts."""
        self._defined.append(Definition(name, "gauge", labels))
        return Gauge(name, meaning, labels, registry=self._registry, multiprocess_mode="livemostrecent")

    def histogram(self, name: str, meaning: str, *labels: str, buckets: Sequence[float]) -> Histogram:
        """How long something takes, in seconds."""
        self._defined.append(Definition(name, "histogram", labels))
        return Histogram(name, meaning, labels, registry=self._registry, buckets=buckets)

    def exposition(self) -> bytes:
        """All figures in Prometheus' text format."""
        if self._shared is None:
            return generate_latest(self._registry)
        _forget_the_dead(self._shared)
        together = CollectorRegistry()
        MultiProcessCollector(together, str(self._shared))  # type: ignore[no-untyped-call]  # the library's
        return generate_latest(together)


def _forget_the_dead(directory: Path) -> None:
    """A worker that was killed has no queue and no connections any more. What it has counted stays counted."""
    for process in {int(file.stem.rpartition("_")[2]) for file in directory.glob("gauge_live*.db")}:
        try:
            os.kill(process, 0)
        except (ProcessLookupError, PermissionError):  # or its number is another user's by now
            with suppress(FileNotFoundError):  # two may look at once
                mark_process_dead(process, str(directory))  # type: ignore[no-untyped-call]  # the library's


@contextmanager
def shared_by_workers() -> Iterator[None]:
    """Give processes that are started meanwhile one place for their figures; it begins empty and is gone afterwards.

    In memory where the system has a place for that: a page of a file that is being written to a disk makes its writer wait.
    """
    parent = _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="xpressbot-metrics-", dir=parent, ignore_cleanup_errors=True) as directory:
        os.environ[SHARED_DIRECTORY_VARIABLE] = directory
        try:
            yield
        finally:
            del os.environ[SHARED_DIRECTORY_VARIABLE]
