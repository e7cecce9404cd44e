"""M5: what a worker holds at rest and at most, and how long a start takes until the first answer."""

import subprocess
import sys
import time
from collections.abc import Sequence
from statistics import median

from bench.load_client import Load
from bench.people import spread
from bench.stage import Stage, free_port
from bench.systems import System
from bench.systems.xpressbot import XpressBot
from bench.workloads import Bar, Chapter, Table

PEOPLE = 50
_REST_SECONDS = 1.0
_MOST_MEGABYTES = 100
_MOST_SECONDS = 1.5
_LIBRARIES = "import fastapi, sqlalchemy.dialects.sqlite, uvicorn, pydantic_settings, jinja2"
_TEXT = """Default settings, one worker, a database that is up to date. At rest: proportional set size, one second after the first
answer. The most: resident size at its peak, while 50 people send their passwords at once. No start can be quicker than importing
the libraries alone, which is measured in turn with it."""


def memory_and_start(stage: Stage, peers: Sequence[System]) -> Chapter:
    """Start, weigh, stop; the libraries alone; each peer; and again."""
    ours = XpressBot(stage.installation("memory_and_start", PEOPLE), free_port())
    systems: list[System] = [ours, *peers]
    seconds: dict[str, list[float]] = {system.name: [] for system in systems}
    megabytes: dict[str, list[float]] = {system.name: [] for system in systems}
    libraries, step = [], stage.step("M5 memory and start", stage.effort.rounds * len(systems) + 1)
    for _round in range(stage.effort.rounds):
        libraries.append(_seconds_of_imports())
        for system in systems:
            with stage.serving(system) as (server,):
                time.sleep(_REST_SECONDS)
                seconds[system.name].append(server.seconds_to_first_answer)
                megabytes[system.name].append(server.megabytes())
            step.advance()
    most = _most_megabytes(stage, ours)
    step.advance()
    rows = [[name, f"{median(seconds[name]):.2f}", f"{median(megabytes[name]):.0f}", ""] for name in seconds]
    rows[0][3] = f"{most:.0f}"
    rows.append(["XpressBot's libraries alone", f"{median(libraries):.2f}", "", ""])
    table = Table(["System", "First answer, s", "At rest, MB", "At most, MB"], rows)
    bars = [
        Bar("M5 a worker at rest", _MOST_MEGABYTES, median(megabytes[ours.name]), at_least=False, unit="MB"),
        Bar("M5 first answer", _MOST_SECONDS, median(seconds[ours.name]), at_least=False, unit="s"),
    ]
    return Chapter("M5: memory and cold start", _TEXT, bars, [("", table)])


def _most_megabytes(stage: Stage, system: XpressBot) -> float:
    requests = [system.password(person) for person in spread(PEOPLE, PEOPLE)]
    with stage.serving(system) as (server,):
        load = Load(PEOPLE, seconds=stage.effort.seconds)
        stage.client.run(system.port, requests, load).only(system.statuses.password, "password step")
        return server.most_megabytes()


def _seconds_of_imports() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", _LIBRARIES], check=True)
    return time.perf_counter() - began
