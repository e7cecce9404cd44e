"""Several workers, one answer: whichever is asked tells the figures of all."""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.support.command_line import Shell
from tests.support.metrics_text import Figures, figure, parse
from tests.support.server import Server, serving
from xpressbot.foundation.threads.worker_pools import PAGE_THREADS_WITH_SINGLE_WRITER

ASKED = 60
_PATIENCE_SECONDS = 60
WORKERS = "xpressbot_workers"


def scrape(server: Server) -> Figures:
    """What one of the workers tells; each time over a connection of its own."""
    return parse(httpx.get(f"{server.url}/metrics").text)


def pages(figures: Figures) -> float:
    """How often the sign-in page was asked for."""
    labels = {"method": "GET", "route": "/sign-in", "status": "2xx"}
    return figures.get(("xpressbot_http_request_seconds_count", frozenset(labels.items())), 0)


def until(server: Server, arrived: Callable[[Figures], bool]) -> Figures:
    """Ask until it is so."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        with contextlib.suppress(httpx.TransportError):
            figures = scrape(server)
            if arrived(figures):
                return figures
        assert time.monotonic() < deadline, server.logs.decode()


def figures_directories(server: Server) -> set[Path]:
    """Where the workers keep theirs."""
    found = set()
    for process in server.children():
        environment = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
        found |= {Path(os.fsdecode(line.partition(b"=")[2])) for line in environment if line.startswith(b"PROMETHEUS_MULTIPROC_DIR=")}
    return found


def test_one_answer_adds_up_all_workers_and_forgets_the_queues_of_a_dead_one(shell: Shell) -> None:
    """Sixty requests to two workers; then one is killed, and what it counted stays. With the server goes what it kept."""
    with serving(shell, workers=2) as server:
        until(server, lambda figures: figure(figures, WORKERS) == 2)
        with ThreadPoolExecutor(8) as crowd:
            statuses = list(crowd.map(lambda _number: httpx.get(f"{server.url}/sign-in").status_code, range(ASKED)))
        assert statuses == [200] * ASKED
        assert {pages(scrape(server)) for _time in range(8)} == {ASKED}
        (directory,) = figures_directories(server)
        assert directory.stat().st_mode & 0o077 == 0
        answering = {int(file.stem.rpartition("_")[2]) for file in directory.glob("histogram_*.db")}
        assert len(answering) == 2

        os.kill(min(answering), signal.SIGKILL)
        until(server, lambda _figures: server.logs.count(b"Application startup complete") == 3)
        figures = scrape(server)
        assert pages(figures) == ASKED
        assert figure(figures, WORKERS) == 2
        assert figure(figures, "xpressbot_pool_threads", pool="page") == 2 * PAGE_THREADS_WITH_SINGLE_WRITER
        assert server.stop() == 0
        assert not directory.exists()
