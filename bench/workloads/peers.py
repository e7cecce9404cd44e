"""M1 to M3 beside the peers, one worker each, on SQLite."""

from collections.abc import Callable, Mapping
from pathlib import Path

from bench.peers import Peers
from bench.people import Crowd, spread
from bench.seeding import CHEAPEST_HASH_KIB
from bench.stage import Stage, free_port
from bench.systems import System
from bench.systems.better_auth import BetterAuth
from bench.systems.django_allauth import DjangoAllauth
from bench.systems.flask_security import FlaskSecurity
from bench.systems.xpressbot import XpressBot
from bench.workloads import Bar, Chapter
from bench.workloads.rounds import WORKLOADS, Contestant, people_needed, side_by_side

_TEXT = """One worker each, on SQLite in WAL mode with synchronous=FULL, 8 connections that each wait for their answer. XpressBot
runs as `xpressbot serve` with its default settings, log lines of each request included, which go to a file; it stands behind a
trusted proxy's address, and each person comes from an address of their own. The password step prepares, so that all
systems have their cheapest password hash here. The peers' own rate limits are off, which spares them work."""
_LEAD = {"M1": 3.0, "M3": 5.0}
"""How many times faster than the best peer we demand to be."""


def peer_systems(peers: Peers) -> Mapping[str, Callable[[], System]]:
    """How to make each, by the name of its folder."""
    return {
        "better_auth": lambda: BetterAuth(peers.folder("better_auth"), free_port()),
        "django_allauth": lambda: DjangoAllauth(peers.folder("django_allauth"), peers.programs, free_port()),
        "flask_security": lambda: FlaskSecurity(peers.folder("flask_security"), peers.programs, free_port()),
    }


def beside_the_peers(stage: Stage, peers: Peers, names: list[str]) -> Chapter:
    """Install, seed and measure the named peers, and us."""
    count = people_needed(stage)
    people = spread(count, count)
    step = stage.step("Installing and seeding peers", len(names))
    for name in names:
        peers.install(name)
        peers.seed(name, people)
        step.advance()
    ours = XpressBot(stage.installation("beside_the_peers", count, argon2_memory_kib=CHEAPEST_HASH_KIB), free_port())
    systems = [ours, *(peer_systems(peers)[name]() for name in names)]
    seen = side_by_side(stage, "M1 M2 M3 beside the peers", [Contestant(system, Crowd(people)) for system in systems])
    bars = [
        Bar(
            f"{workload} {WORKLOADS[workload]}, against {best}",
            demand,
            seen.rate(ours.name, workload) / seen.rate(best, workload),
            at_least=True,
            unit="times",
        )
        for workload, demand in _LEAD.items()
        for best in [max((name for name in seen.of if name != ours.name), key=lambda name, w=workload: seen.rate(name, w), default=None)]
        if best is not None
    ]
    tables = [(f"{workload}: {what}", seen.table(workload, ours.name)) for workload, what in WORKLOADS.items()]
    return Chapter("M1 to M3: beside the peers", _TEXT, bars, tables)


DEFAULT_FOLDER = Path(".bench")
"""Where peers lie; it can be thrown away."""
