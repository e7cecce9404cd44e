"""M8: M1 on PostgreSQL with 1, 2 and 4 application processes."""

import tempfile
from pathlib import Path

from tests.support.postgres import new_database, start_postgres
from tests.support.server import free_port

from bench.people import Crowd, spread
from bench.seeding import CHEAPEST_HASH_KIB, Installation, seed
from bench.stage import Stage
from bench.systems.xpressbot import XpressBot
from bench.workloads import Bar, Chapter, Plot
from bench.workloads.rounds import Contestant, people_needed, side_by_side
from xpressbot.foundation.threads.worker_pools import available_cores

_PROCESSES = (1, 2, 4)
_GROWS = 1.1
_HOLDS = 1.0
_CORES_FOR_FOUR = 4
_TEXT = """PostgreSQL on the same machine, 8 connections, one server at a time, in turn. The load client and PostgreSQL take their part of
the cores, so that few cores are full early. The bars ask whether two processes carry more than one, and, where there are four cores
or more, whether four carry no less than two."""


def processes(stage: Stage) -> Chapter:
    """One database, served by as many processes as each turn says."""
    count = people_needed(stage, turns=len(_PROCESSES))
    folder = stage.folder / "processes"
    folder.mkdir()
    with tempfile.TemporaryDirectory(prefix="xpressbot-postgres-") as directory, start_postgres(Path(directory)) as server:
        installation = Installation(folder, new_database(server, "people"), CHEAPEST_HASH_KIB)
        seed(installation, range(count), stage.step("M8 seeding PostgreSQL", count).advance)
        crowd = Crowd(spread(count, count))
        contestants = [
            Contestant(XpressBot(installation, free_port(), workers=number, name=_label(number)), crowd) for number in _PROCESSES
        ]
        seen = side_by_side(stage, "M8 processes on PostgreSQL", contestants, one_at_a_time=True)
    one, two, four = (seen.rate(_label(number), "M1") for number in _PROCESSES)
    bars = [Bar("M8 right code, two processes against one", _GROWS, two / one, at_least=True, unit="times")]
    cores = available_cores()
    if cores >= _CORES_FOR_FOUR:
        bars.append(Bar("M8 right code, four processes against two", _HOLDS, four / two, at_least=True, unit="times"))
        stated = ""
    else:
        stated = f" Here there are {cores}: four carry {four / two:.2f} times what two do, which is no bar."
    lines = {workload: [(float(number), seen.rate(_label(number), workload)) for number in _PROCESSES] for workload in ("M1", "M3")}
    plot = Plot("processes", "M1 and M3 on PostgreSQL, by application processes", "processes", "a second", lines)
    return Chapter("M8: several processes", _TEXT + stated, bars, [("M1", seen.table("M1")), ("M3", seen.table("M3"))], [plot])


def _label(number: int) -> str:
    return f"{number} process{'es' if number > 1 else ''}"
