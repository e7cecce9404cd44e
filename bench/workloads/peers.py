"""M1 to M3 beside the peers, one worker each, on SQLite."""

from collections.abc import Callable, Mapping, Sequence

from tests.support.server import free_port

from bench.errors import BenchError
from bench.peers import Peers
from bench.people import Crowd, Person, spread
from bench.seeding import CHEAPEST_HASH_KIB
from bench.stage import Stage
from bench.systems import System, SystemWithPages
from bench.systems.better_auth import BetterAuth
from bench.systems.django_allauth import DjangoAllauth
from bench.systems.flask_security import FlaskSecurity
from bench.systems.xpressbot import XpressBot
from bench.workloads import Bar, Chapter
from bench.workloads.rounds import WORKLOADS, Contestant, Seen, people_needed, side_by_side

_TEXT = """One worker each, on SQLite in WAL mode with synchronous=FULL, 8 connections that each wait for their answer. XpressBot
runs as `xpressbot serve` with its default settings, log lines of each request included, which go to a file; it stands behind a
trusted proxy's address, and each person comes from an address of their own. The password step prepares, so that all
systems have their cheapest password hash here. The peers' own rate limits are off, which spares them work. XpressBot commits
the charge before a code without waiting for the disk, since the commit that follows it before the answer does, and covers both."""
_LEAD = {"M1": 2.0, "M2": 1.0, "M3": 4.0}
"""How many times faster than the best peer we demand to be."""


def peer_systems(peers: Peers) -> Mapping[str, Callable[[], System]]:
    """How to make each, by the name of its folder."""
    return {"better_auth": lambda: BetterAuth(peers.folder("better_auth"), free_port()), **systems_with_pages(peers)}


def systems_with_pages(peers: Peers) -> Mapping[str, Callable[[], SystemWithPages]]:
    """Those of them that render pages."""
    return {
        "django_allauth": lambda: DjangoAllauth(peers.folder("django_allauth"), peers.programs, free_port()),
        "flask_security": lambda: FlaskSecurity(peers.folder("flask_security"), peers.programs, free_port()),
    }


def beside_the_peers(stage: Stage, peers: Peers, names: Sequence[str]) -> Chapter:
    """Install, seed and measure the named peers, and us."""
    count = people_needed(stage)
    people = spread(count, count)
    failures = {name: why for name in names if (why := prepare(stage, peers, name, people))}
    ours = XpressBot(stage.installation("beside_the_peers", count, argon2_memory_kib=CHEAPEST_HASH_KIB), free_port())
    systems = [ours, *(peer_systems(peers)[name]() for name in names if name not in failures)]
    seen = side_by_side(stage, "M1 M2 M3 beside the peers", [Contestant(system, Crowd(people)) for system in systems])
    bars = [bar for workload in _LEAD if (bar := _lead(seen, ours.name, workload)) is not None]
    tables = [(f"{workload}: {what}", seen.table(workload, ours.name)) for workload, what in WORKLOADS.items()]
    left_out = "".join(f" Left out: {name} ({why.splitlines()[0]})" for name, why in failures.items())
    return Chapter("M1 to M3: beside the peers", _TEXT + left_out, bars, tables, complete=not failures)


def prepare(stage: Stage, peers: Peers, name: str, people: Sequence[Person]) -> str:
    """Install and seed one; what went wrong, if anything."""
    step = stage.step(f"Installing and seeding {name}", 1)
    try:
        peers.install(name)
        peers.seed(name, people)
    except BenchError as error:
        stage.progress.console.print(f"{name}: {error}", style="red", markup=False)
        return str(error)
    step.advance()
    return ""


def best_of(seen: Seen, ours: str, workload: str) -> str | None:
    """The fastest of the others; None if there are none."""
    return max((name for name in seen.of if name != ours), key=lambda name: seen.rate(name, workload), default=None)


def _lead(seen: Seen, ours: str, workload: str) -> Bar | None:
    best = best_of(seen, ours, workload)
    if best is None:
        return None
    found = seen.rate(ours, workload) / seen.rate(best, workload)
    return Bar(f"{workload} {WORKLOADS[workload]}, against {best}", _LEAD[workload], found, at_least=True, unit="times")
