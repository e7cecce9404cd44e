"""M9: a page for a person who is signed in, beside the peers that render pages, on SQLite."""

from collections.abc import Sequence

from tests.support.server import free_port

from bench.errors import BenchError
from bench.load_client import Load
from bench.peers import Peers
from bench.people import Person, spread
from bench.seeding import CHEAPEST_HASH_KIB
from bench.stage import Stage
from bench.systems import SystemWithPages
from bench.systems.xpressbot import XpressBot
from bench.workloads import Bar, Chapter
from bench.workloads.peers import best_of, prepare, systems_with_pages
from bench.workloads.right_code import after_password, right_code
from bench.workloads.rounds import Scales, Seen

PEOPLE = 100
_MANY, _ONE = 8, 1
_LEAD = 1.5
_MOST_P99_TO_P50 = 2.5
_LEAST_OF_ONE = 1.0
_TEXT = """The page about two-factor of a person who is signed in and has it on: XpressBot's Account Settings, django-allauth's
/accounts/2fa/ and Flask-Security's /tf-setup, each by its own templates. One worker each, as for M1 to M3; 8 connections that each
wait for their answer, and then one. Before the rounds everybody's page is read once: it must be this page. better-auth renders none.
The peers' people have no recovery codes to count. Two numbers are aims: how much longer the slowest hundredth takes than half of the
answers, and that 8 connections get no fewer pages a second than one."""


def page(stage: Stage, peers: Peers, names: Sequence[str]) -> Chapter:
    """Install, seed and measure those of the named peers that render pages, and us."""
    people = spread(PEOPLE, PEOPLE)
    others = {name: system for name, system in systems_with_pages(peers).items() if name in names}
    failures = {name: why for name in others if (why := prepare(stage, peers, name, people))}
    ours = XpressBot(stage.installation("page", PEOPLE, argon2_memory_kib=CHEAPEST_HASH_KIB), free_port())
    seen = _rounds(stage, [ours, *(system() for name, system in others.items() if name not in failures)], people)
    many, one = (_label(connections) for connections in (_MANY, _ONE))
    rate = seen.rate(ours.name, many)
    best = best_of(seen, ours.name, many)
    slow, level = seen.p99(ours.name, many) / seen.p50(ours.name, many), rate / seen.rate(ours.name, one)
    bars = [
        *([] if best is None else [Bar(f"M9 a page, against {best}", _LEAD, rate / seen.rate(best, many), at_least=True, unit="times")]),
        Bar("M9 a page, p99 against p50", _MOST_P99_TO_P50, slow, at_least=False, unit="times", is_aim=True),
        Bar("M9 a page, 8 connections against one", _LEAST_OF_ONE, level, at_least=True, unit="times", is_aim=True),
    ]
    left_out = "".join(f" Left out: {name} ({why.splitlines()[0]})" for name, why in failures.items())
    tables = [(label.capitalize(), seen.table(label, ours.name)) for label in (many, one)]
    return Chapter("M9: a page", _TEXT + left_out, bars, tables, complete=not failures)


def _rounds(stage: Stage, systems: Sequence[SystemWithPages], people: Sequence[Person]) -> Seen:
    seen, step = Seen(), stage.step("M9 a page", stage.effort.rounds * len(systems))
    with stage.serving(*systems) as servers:
        requests = [_requests(stage, system, people) for system in systems]
        for _round in range(stage.effort.rounds):
            for system, server, asked in zip(systems, servers, requests, strict=True):
                for connections in (_MANY, _ONE):
                    scales, load = Scales(server), Load(connections, seconds=stage.effort.seconds)
                    measured = stage.client.run(system.port, asked, load).only(system.statuses.page, f"{system.name}, a page")
                    seen.of[system.name][_label(connections)].append(scales.round(measured))
                step.advance()
    return seen


def _requests(stage: Stage, system: SystemWithPages, people: Sequence[Person]) -> list[bytes]:
    """Everybody signs in, and asks for the page once.

    Raises BenchError where that is another page.
    """
    _measured, signed_in = right_code(stage, system, people, after_password(stage, system, people))
    requests = [system.page(person, answer) for person, answer in zip(people, signed_in, strict=True)]
    measured, pages = stage.client.ask(system.port, requests, Load())
    measured.only(system.statuses.page, f"{system.name}, a page")
    if not all(system.page_shows.encode() in answer.content for answer in pages):
        raise BenchError(f"{system.name}: a page does not show {system.page_shows!r}")
    return requests


def _label(connections: int) -> str:
    return f"{connections} connection{'s' if connections > 1 else ''}"
