"""PostgreSQL is away for 30 seconds in mid-load: killed once, and once hanging."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.postgres import new_database
from tests.support.postgres_outages import UnreliableServer, unreliable_postgres
from tests.support.server import free_port

from bench.errors import BenchError
from bench.load_client import Load, Measurement
from bench.messages import Answer
from bench.people import Person, spread
from bench.seeding import CHEAPEST_HASH_KIB, Installation, seed
from bench.stage import Stage
from bench.systems.xpressbot import XpressBot
from bench.workloads import Bar, Chapter, Table
from bench.workloads.killed_node import cookies_that_hold, counts
from bench.workloads.right_code import after_password

_WORKERS = 2
_CONNECTIONS = 16
_STRIKE_AFTER_SECONDS = 0.5
_AWAY_SECONDS = 30
_MOST_SECONDS_TO_RECOVER = 10.0
_EVERY_MS = 20
_TEXT = f"""Two processes on one PostgreSQL. Everybody sends a right code, {_CONNECTIONS} at a time; in the middle the server is
killed (SIGQUIT), or stopped in its tracks (SIGSTOP) so that it takes connections and says nothing. For {_AWAY_SECONDS} seconds
people go on asking who is signed in. Then it is there again; those who were told 503 sign in anew. Lost: the browser was told that
it is signed in, and is not. Half-done: a sign-in on record without its session, or the other way round, or more than one for a
code. Other failures: requests without an answer, and any but the expected one and a 503 that says when to come back (Retry-After);
those who ask who is signed in are judged alike. They ask every {_EVERY_MS} ms on each connection, and times count from when a question
was due. PostgreSQL does not wait for its disk (fsync=off), since it is its own crashes that are survived here, and not the
machine's."""

Way = Callable[[UnreliableServer], None]
_WAYS: Mapping[str, tuple[Way, Way]] = {
    "killed": (lambda server: server.stop("immediate"), lambda server: server.start()),
    "hanging": (lambda server: server.freeze(), lambda server: server.thaw()),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was seen of one outage."""

    answers: Sequence[Answer]
    """To the codes."""
    codes: Measurement
    """Of the same."""
    meanwhile: Measurement
    """Of those who asked who is signed in."""
    seconds_to_recover: float
    lost: int
    half_done: int
    refused_afterwards: int
    """People who were told 503, and could not sign in anew."""

    @property
    def signed_in(self) -> int:
        """Codes that were answered with a session before, or while, the server went."""
        return sum(answer.status == 303 for answer in self.answers)

    @property
    def other_failures(self) -> int:
        """Anything but a session, or a 503 with its Retry-After."""
        return self.codes.failed_rudely(303) + self.meanwhile.failed_rudely(200)


def outage(stage: Stage) -> Chapter:
    """Each way once, on people who have not signed in before."""
    each = 2 * stage.effort.people
    folder = stage.folder / "outage"
    folder.mkdir()
    step, outcomes = stage.step("PostgreSQL is away", len(_WAYS)), {}
    with tempfile.TemporaryDirectory(prefix="xpressbot-postgres-") as directory, unreliable_postgres(Path(directory)) as server:
        installation = seed(Installation(folder, new_database(server.url, "people"), CHEAPEST_HASH_KIB), range(each * len(_WAYS)))
        for number, way in enumerate(_WAYS):
            people = spread(each, each * len(_WAYS), skip=number * each)
            outcomes[way] = _round(stage, server, installation, people, _WAYS[way])
            step.advance()
    found = outcomes.values()
    bars = [
        Bar("Outage: sign-ins lost", 0, sum(outcome.lost for outcome in found), at_least=False),
        Bar("Outage: sign-ins half-done or doubled", 0, sum(outcome.half_done for outcome in found), at_least=False),
        Bar("Outage: failures other than 503 with Retry-After", 0, sum(outcome.other_failures for outcome in found), at_least=False),
        Bar("Outage: people who could not sign in anew", 0, sum(outcome.refused_afterwards for outcome in found), at_least=False),
        Bar(
            "Outage: until it recovers",
            _MOST_SECONDS_TO_RECOVER,
            max(outcome.seconds_to_recover for outcome in found),
            at_least=False,
            unit="s",
        ),
    ]
    headings = ["PostgreSQL", "Codes sent", "Signed in", "503 meanwhile", "p50 ms", "p99 ms", "worst ms", "Recovered after s"]
    return Chapter("PostgreSQL is away for 30 s", _TEXT, bars, [("", Table(headings, [_row(*item) for item in outcomes.items()]))])


def _row(way: str, outcome: Outcome) -> list[str]:
    away = outcome.meanwhile
    times = [f"{value:.1f}" for value in (away.p50, away.p99, away.worst, outcome.seconds_to_recover)]
    return [way, f"{len(outcome.answers):,}", f"{outcome.signed_in:,}", f"{away.statuses.get(503, 0):,}", *times]


def _round(stage: Stage, server: UnreliableServer, installation: Installation, people: Sequence[Person], way: tuple[Way, Way]) -> Outcome:
    strike, mend = way
    system, before = XpressBot(installation, free_port(), workers=_WORKERS), counts(installation)
    with stage.serving(system):
        pending = after_password(stage, system, people)
        codes = [system.code(person, answer, person.code()) for person, answer in zip(people, pending, strict=True)]
        running = stage.client.begin(system.port, codes, Load(_CONNECTIONS), keep_answers=True)
        running.go_on_for(_STRIKE_AFTER_SECONDS)
        strike(server)
        began = time.monotonic()
        try:
            measured, answers = running.measurement(), running.answers()
            who = [system.session(answer) for answer in answers if answer.status == 303]
            left = max(1.0, _AWAY_SECONDS - (time.monotonic() - began))
            meanwhile = stage.client.run(system.port, who, Load(_CONNECTIONS, seconds=left, every_ms=_EVERY_MS))
        finally:
            mend(server)
        seconds = _seconds_until_good(stage, system, who[0])
        holding, after = cookies_that_hold(stage, system, answers), counts(installation)
        again = [person for person, answer in zip(people, answers, strict=True) if answer.status != 303]
        refused = _refused(stage, system, again)
    lost = len(who) - holding
    return Outcome(answers, measured, meanwhile, seconds, lost, _half_done(people, answers, before, after), refused)


def _half_done(
    people: Sequence[Person], answers: Sequence[Answer], before: Mapping[str, Counter[str]], after: Mapping[str, Counter[str]]
) -> int:
    found = 0
    for person, answer in zip(people, answers, strict=True):
        events, sessions = (after[table][person.email] - before[table][person.email] for table in ("events", "sessions"))
        found += events != sessions or events not in ({1} if answer.status == 303 else {0, 1})
    return found


def _seconds_until_good(stage: Stage, system: XpressBot, request: bytes) -> float:
    began = time.monotonic()
    while time.monotonic() - began < 6 * _MOST_SECONDS_TO_RECOVER:
        if set(stage.client.run(system.port, [request] * _CONNECTIONS, Load(_CONNECTIONS)).statuses) == {200}:
            return time.monotonic() - began
        time.sleep(0.05)
    raise BenchError("It did not recover by itself")


def _refused(stage: Stage, system: XpressBot, people: Sequence[Person]) -> int:
    """How many of them cannot sign in with what their app shows now; the step of the first code is over."""
    if not people:
        return 0
    pending = after_password(stage, system, people)
    codes = [system.code(person, answer, person.code()) for person, answer in zip(people, pending, strict=True)]
    measured, _answers = stage.client.ask(system.port, codes, Load(_CONNECTIONS))
    return len(people) - measured.statuses.get(303, 0)
