"""M6: how long everybody else waits while fifty people sign in at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.support.server import free_port

from bench.load_client import Load, Measurement
from bench.machine import kept_to, shared_out
from bench.messages import Answer
from bench.people import spread
from bench.stage import Stage
from bench.systems.xpressbot import XpressBot
from bench.workloads import Bar, Chapter, Table
from bench.workloads.right_code import after_password, right_code

PEOPLE = 50
_DEMAND = 2.0
_LEAD_SECONDS = 2.0
"""Hashes that have waited in a flood of questions insist for a while after it, and should not do so for the next question's few."""
_TEXT = """Fifty connections send right passwords without a pause, with the default Argon2id parameters; meanwhile others ask who is signed
in, and whether the service is alive. A few: one connection that has a question due every 10 ms; times count from then, so that
a slow answer is seen by all the questions that it holds up. Many: 8 connections without a pause, as in M3; each asks again when
it has been answered, so that fewer ask while answers are slow. The bar is for a few, as a browser asks; for many it is an aim.
Idle and storm are measured in turn; in a storm they begin to ask when it has lasted for two seconds. The clients have a core of
their own, as if they were elsewhere, and the server has the others: on two cores it hashes and answers on one."""


@dataclass(frozen=True, slots=True)
class _Question:
    """What the others ask, and how often."""

    name: str
    requests: Sequence[bytes]
    load: Load


def hash_storm(stage: Stage) -> Chapter:
    """Each question when idle and in the storm, round after round."""
    system = XpressBot(stage.installation("hash_storm", 2 * PEOPLE), free_port())
    people = spread(2 * PEOPLE, 2 * PEOPLE)
    servers, clients = shared_out()
    with kept_to(servers), stage.serving(system), kept_to(clients):
        pending = after_password(stage, system, people[PEOPLE:])
        _seen, signed_in = right_code(stage, system, people[PEOPLE:], pending)
        questions = _questions(stage, system, signed_in)
        passwords = [system.password(person) for person in people[:PEOPLE]]
        idle, storm, hashed = _rounds(stage, system, questions, passwords)
    ratios = {name: median(m.p99 for m in storm[name]) / median(m.p99 for m in idle[name]) for name in idle}
    rows = [
        [name, f"{ratios[name]:.2f}", *(f"{median(value(m) for m in seen[name]):.2f}" for value in (_p50, _p99) for seen in (idle, storm))]
        for name in idle
    ]
    headings = ["Question", "p99 in the storm against idle", "p50 idle, ms", "p50 storm, ms", "p99 idle, ms", "p99 storm, ms"]
    signing_in = Table(
        ["Meanwhile", "Password steps a second", "p50 ms", "p99 ms"],
        [
            [
                "fifty people",
                f"{median(m.rate for m in hashed):.1f}",
                f"{median(m.p50 for m in hashed):.0f}",
                f"{median(m.p99 for m in hashed):.0f}",
            ]
        ],
    )
    without_pause = {question.name for question in questions if not question.load.every_ms}
    bars = [
        Bar(f"M6 {name}, p99 in the storm against idle", _DEMAND, ratios[name], at_least=False, unit="times", is_aim=name in without_pause)
        for name in ratios
    ]
    return Chapter("M6: a storm of sign-ins", _TEXT, bars, [("", Table(headings, rows)), ("", signing_in)])


def _questions(stage: Stage, system: XpressBot, signed_in: Sequence[Answer]) -> list[_Question]:
    few = Load(1, seconds=stage.effort.seconds, every_ms=10)
    many = Load(seconds=stage.effort.seconds)
    sessions = [system.session(answer) for answer in signed_in]
    return [
        _Question("M3, a few", sessions, few),
        _Question("M3, many", sessions, many),
        _Question("/healthz, a few", [system.alive()], few),
        _Question("/healthz, many", [system.alive()], many),
    ]


Seen = Mapping[str, list[Measurement]]


def _rounds(
    stage: Stage, system: XpressBot, questions: Sequence[_Question], passwords: Sequence[bytes]
) -> tuple[Seen, Seen, list[Measurement]]:
    idle: Seen = {question.name: [] for question in questions}
    storm: Seen = {question.name: [] for question in questions}
    hashed, step = [], stage.step("M6 storm of sign-ins", stage.effort.rounds * len(questions))
    for _round in range(stage.effort.rounds):
        for question in questions:
            idle[question.name].append(_ask(stage, system, question))
            storming = Load(PEOPLE, seconds=_LEAD_SECONDS + stage.effort.seconds + 0.5)  # no shorter than the question
            running = stage.client.begin(system.port, passwords, storming)
            running.go_on_for(_LEAD_SECONDS)
            storm[question.name].append(_ask(stage, system, question))
            hashed.append(running.measurement().only(system.statuses.password, "password step"))
            step.advance()
    return idle, storm, hashed


def _ask(stage: Stage, system: XpressBot, question: _Question) -> Measurement:
    return stage.client.run(system.port, question.requests, question.load).only(200, question.name)


def _p50(measurement: Measurement) -> float:
    return measurement.p50


def _p99(measurement: Measurement) -> float:
    return measurement.p99
