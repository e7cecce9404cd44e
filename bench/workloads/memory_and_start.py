"""M5: what a worker holds at rest and at most, and how long a start takes until the first answer."""

import subprocess
import sys
import time
from collections.abc import Sequence
from statistics import median

from tests.support.server import free_port

from bench.load_client import Load
from bench.people import spread
from bench.servers import Memory
from bench.stage import Stage
from bench.systems import System
from bench.systems.xpressbot import XpressBot
from bench.workloads import Bar, Chapter, Table

PEOPLE = 50
_REST_SECONDS = 1.0
_MOST_MEGABYTES = 85
_MOST_SECONDS = 0.7
_LIBRARIES = "import starlette.applications, sqlalchemy.dialects.sqlite, uvicorn, pydantic_settings, jinja2"
_TEXT = """Default settings, one worker, a database that is up to date. At rest: one second after the first answer. RSS is what ps and
top show, and what the bar is about; it counts a page in each process that has it, so that it says too much of a system that needs
a second process beside its worker. PSS divides such a page among all processes of the machine that have it, and so says too little
of each. The most: RSS at its peak, while 50 people send their passwords at once. No start can be quicker than importing the libraries
alone, which is measured in turn with it."""


def memory_and_start(stage: Stage, peers: Sequence[System], missing: Sequence[str]) -> Chapter:
    """Start, weigh, stop; the libraries alone; each peer; and again. `missing` are peers that are not installed."""
    ours = XpressBot(stage.installation("memory_and_start", PEOPLE), free_port())
    systems: list[System] = [ours, *peers]
    seconds: dict[str, list[float]] = {system.name: [] for system in systems}
    held: dict[str, list[Memory]] = {system.name: [] for system in systems}
    libraries, step = [], stage.step("M5 memory and start", stage.effort.rounds * len(systems) + 1)
    for _round in range(stage.effort.rounds):
        libraries.append(_seconds_of_imports())
        for system in systems:
            with stage.serving(system) as (server,):
                time.sleep(_REST_SECONDS)
                seconds[system.name].append(server.seconds_to_first_answer)
                held[system.name].append(server.memory())
            step.advance()
    resident = {name: median(memory.resident for memory in held[name]) for name in held}
    proportional = {name: median(memory.proportional for memory in held[name]) for name in held}
    most = _most_resident(stage, ours)
    step.advance()
    rows = [[name, f"{median(seconds[name]):.2f}", f"{resident[name]:.0f}", f"{proportional[name]:.0f}", ""] for name in seconds]
    rows[0][-1] = f"{most:.0f}"
    rows.append(["XpressBot's libraries alone", f"{median(libraries):.2f}", "", "", ""])
    table = Table(["System", "First answer, s", "At rest, RSS, MB", "At rest, PSS, MB", "At most, RSS, MB"], rows)
    bars = [
        Bar("M5 a worker at rest, RSS", _MOST_MEGABYTES, resident[ours.name], at_least=False, unit="MB"),
        Bar("M5 first answer", _MOST_SECONDS, median(seconds[ours.name]), at_least=False, unit="s"),
    ]
    left_out = f" Left out, since the chapter beside the peers has not installed them: {', '.join(missing)}." if missing else ""
    return Chapter("M5: memory and cold start", _TEXT + left_out, bars, [("", table)], complete=not missing)


def _most_resident(stage: Stage, system: XpressBot) -> float:
    requests = [system.password(person) for person in spread(PEOPLE, PEOPLE)]
    with stage.serving(system) as (server,):
        load = Load(PEOPLE, seconds=stage.effort.seconds)
        stage.client.run(system.port, requests, load).only(system.statuses.password, "password step")
        return server.most_resident()


def _seconds_of_imports() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", _LIBRARIES], check=True)
    return time.perf_counter() - began
