"""M4: the password step, against the bare rate of its own hash on the same cores."""

import os
import subprocess
import sys
from collections.abc import Mapping
from statistics import median
from types import MappingProxyType

from tests.support.server import free_port

from bench.load_client import Load
from bench.people import spread
from bench.stage import Stage
from bench.systems.xpressbot import LARGE_PAGES, XpressBot
from bench.workloads import Bar, Chapter, Table
from bench.workloads.rounds import ratio
from xpressbot.foundation.settings import Settings
from xpressbot.foundation.threads.worker_pools import Pools, available_cores

PEOPLE = 64
_CONNECTIONS = 16
_DEMAND = 0.95
_TEXT = """Right passwords, with the default Argon2id parameters, 16 connections. The bare rate is that of as many threads as one worker
hashes on, each verifying the same hash with the same library in a loop, measured in turn with the password step. The library
is used as it comes, and once more with the large pages that XpressBot is served with, as deploy/xpressbot.service has it. A peer
with a cheaper hash is faster here by choice, so that none is shown."""


def bare_rate(settings: Settings, seconds: float, environment: Mapping[str, str] = MappingProxyType({})) -> float:
    """Verifications a second, without anything around them."""
    threads = Pools.for_cores(available_cores(), workers=1, single_writer=True).hash_threads
    arguments = [settings.argon2_memory_kib, settings.argon2_iterations, threads, seconds]
    command = [sys.executable, "-m", "bench.bare_argon2", *map(str, arguments)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | environment).stdout)


def password_step(stage: Stage) -> Chapter:
    """Bare, ours, bare, ours."""
    system = XpressBot(stage.installation("password_step", PEOPLE), free_port())
    requests = [system.password(person) for person in spread(PEOPLE, PEOPLE)]
    step, bare, large, ours = stage.step("M4 password step", stage.effort.rounds), [], [], []
    load = Load(_CONNECTIONS, seconds=stage.effort.seconds)
    with stage.serving(system):
        stage.client.run(system.port, requests[:8], Load()).only(system.statuses.password, "password step")
        for _round in range(stage.effort.rounds):
            bare.append(bare_rate(system.installation.settings, stage.effort.seconds))
            large.append(bare_rate(system.installation.settings, stage.effort.seconds, LARGE_PAGES))
            ours.append(stage.client.run(system.port, requests, load).only(system.statuses.password, "password step"))
            step.advance()
    rate = median(measured.rate for measured in ours)
    rows = [
        ["Bare Argon2id", "", f"{median(bare):.1f}", "", ""],
        ["The same in large pages", ratio(median(large), median(bare)), f"{median(large):.1f}", "", ""],
        [
            "Password step",
            ratio(rate, median(bare)),
            f"{rate:.1f}",
            f"{median(measured.p50 for measured in ours):.0f}",
            f"{median(measured.p99 for measured in ours):.0f}",
        ],
    ]
    table = Table(["", "Against bare", "A second", "p50 ms", "p99 ms"], rows)
    against = {"bare Argon2id": bare, "bare Argon2id in large pages": large}
    bars = [
        Bar(f"M4 password step, against {name}", _DEMAND, rate / median(seen), at_least=True, unit="times")
        for name, seen in against.items()
    ]
    return Chapter("M4: the password step", _TEXT, bars, [("", table)])
