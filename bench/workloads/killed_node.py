"""M8: two nodes behind a proxy, one of which is killed in the middle of everybody's sign-in."""

import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, func, select
from tests.support.load_balancer import nginx_before
from tests.support.postgres import new_database, start_postgres
from tests.support.server import free_port

from bench.errors import BenchError
from bench.load_client import Load
from bench.messages import Answer, get
from bench.people import Person, spread
from bench.seeding import CHEAPEST_HASH_KIB, EVENTS_EACH, Installation, seed
from bench.servers import Command, Server
from bench.stage import Stage
from bench.systems.xpressbot import XpressBot
from bench.workloads import Bar, Chapter, Table
from bench.workloads.right_code import after_password
from xpressbot.foundation.database.engine import open_database
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.tables import ACCOUNT, SECURITY_EVENT, SESSION

_WORKERS = 2
_CONNECTIONS = 16
_KILL_AFTER_SECONDS = 0.7
_TOLD_WITHIN_SECONDS = 0.05
"""How long after its last port was closed a node's connections may take to tell the proxy that they are closed too."""
_TEXT = """Two nodes of two processes each, on one PostgreSQL, behind nginx. Everybody sends a right code, 16 at a time; in the
middle one node is killed (SIGKILL). Afterwards the database is asked how often each person has signed in, and each cookie whom
it belongs to. Lost: the browser was told that it is signed in, and is not. Doubled: one code made two sessions. The bars allow none
of either. A 5xx, or no answer, is allowed only to a request that was on its way when the node went: not answered before the kill,
and sent no later than 50 ms after the node's port had closed, when the proxy can know; and to no more of them than there are
connections. Any other failure counts, and any other answer that is no sign-in."""


@dataclass(frozen=True, slots=True)
class Account:
    """What became of one person's single code."""

    answer: Answer
    events: int
    sessions: int

    @property
    def is_signed_in(self) -> bool:
        """Whether the browser was told so."""
        return self.answer.status == 303

    @property
    def has_failed(self) -> bool:
        """Answered 5xx, or not at all."""
        return self.answer.status is None or self.answer.status >= 500


@dataclass(frozen=True, slots=True)
class Kill:
    """When a node was killed, and from when on the proxy could know; time.monotonic's."""

    began: float
    known: float

    def may_have_caught(self, answer: Answer) -> bool:
        """Whether this request may have been on its way to the node; what got no answer was answered never."""
        return answer.asked_at < self.known and (answer.status is None or answer.answered_at > self.began)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of everybody's."""

    people: Sequence[Account]
    cookies_that_hold: int
    kill: Kill

    @property
    def signed_in(self) -> int:
        """Browsers that were told so."""
        return sum(person.is_signed_in for person in self.people)

    @property
    def lost(self) -> int:
        """Told so, but without a session."""
        return self.signed_in - min(self.cookies_that_hold, sum(person.is_signed_in and person.sessions >= 1 for person in self.people))

    @property
    def doubled(self) -> int:
        """More than one session or event for one code."""
        return sum(person.sessions > 1 or person.events > 1 for person in self.people)

    @property
    def failed(self) -> int:
        """Answered 5xx, or not at all."""
        return sum(person.has_failed for person in self.people)

    @property
    def failed_without_excuse(self) -> int:
        """Failures of requests that the kill cannot have caught, or more than can have been on their way; and other answers."""
        caught = sum(person.has_failed and self.kill.may_have_caught(person.answer) for person in self.people)
        return len(self.people) - self.signed_in - min(caught, _CONNECTIONS)


def killed_node(stage: Stage) -> Chapter:
    """Kill a node once in each round, on people who have not signed in before."""
    each, rounds = 3 * stage.effort.people, max(1, stage.effort.rounds // 2)
    folder = stage.folder / "killed_node"
    folder.mkdir()
    step, outcomes = stage.step("M8 a node is killed", rounds), []
    with tempfile.TemporaryDirectory(prefix="xpressbot-postgres-") as directory, start_postgres(Path(directory)) as server:
        installation = seed(Installation(folder, new_database(server, "people"), CHEAPEST_HASH_KIB), range(each * rounds))
        for number in range(rounds):
            outcomes.append(_round(stage, installation, spread(each, each * rounds, skip=number * each), folder / f"nginx{number}"))
            step.advance()
    bars = [
        Bar("M8 sign-ins lost", 0, sum(outcome.lost for outcome in outcomes), at_least=False),
        Bar("M8 sign-ins doubled", 0, sum(outcome.doubled for outcome in outcomes), at_least=False),
        Bar(
            "M8 failures but of requests on their way when the node went",
            0,
            sum(outcome.failed_without_excuse for outcome in outcomes),
            at_least=False,
        ),
    ]
    rows = [
        [str(number), f"{len(outcome.people):,}", f"{outcome.signed_in:,}", str(outcome.failed), str(outcome.lost), str(outcome.doubled)]
        for number, outcome in enumerate(outcomes, 1)
    ]
    table = Table(["Round", "Codes sent", "Signed in", "5xx or none", "Lost", "Doubled"], rows)
    return Chapter("M8: a node is killed", _TEXT, bars, [("", table)])


def _round(stage: Stage, installation: Installation, people: Sequence[Person], folder: Path) -> Outcome:
    before, ports, front = counts(installation), (free_port(), free_port()), free_port()
    nodes = [XpressBot(installation, port, workers=_WORKERS, name=f"node {number}", asked_at=front) for number, port in enumerate(ports, 1)]
    with stage.serving(*nodes) as (victim, _survivor):
        proxy = Server(_proxy(ports, folder, front), folder / "nginx.log")
        try:
            answers, kill = _sign_in(stage, nodes[0], people, victim)
            holding = cookies_that_hold(stage, nodes[0], answers)
        finally:
            proxy.stop()
    after = counts(installation)
    found = [
        Account(answer, *(after[table][person.email] - before[table][person.email] for table in ("events", "sessions")))
        for person, answer in zip(people, answers, strict=True)
    ]
    return Outcome(found, holding, kill)


def _proxy(nodes: Sequence[int], folder: Path, port: int) -> Command:
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        raise BenchError("Two nodes need nginx before them. On Debian: apt-get install nginx")
    return Command(port, get(port, "/healthz"), nginx_before(nodes, folder, port, program), folder)


def _sign_in(stage: Stage, system: XpressBot, people: Sequence[Person], victim: Server) -> tuple[list[Answer], Kill]:
    pending = after_password(stage, system, people)
    requests = [system.code(person, answer, person.code()) for person, answer in zip(people, pending, strict=True)]
    running = stage.client.begin(system.port, requests, Load(_CONNECTIONS), keep_answers=True)
    running.go_on_for(_KILL_AFTER_SECONDS)
    began = time.monotonic()
    victim.kill()
    known = time.monotonic() + _TOLD_WITHIN_SECONDS
    running.measurement()
    return running.answers(), Kill(began, known)


def cookies_that_hold(stage: Stage, system: XpressBot, answers: Sequence[Answer]) -> int:
    requests = [system.session(answer) for answer in answers if answer.status == 303]
    return stage.client.run(system.port, requests, Load()).statuses.get(200, 0)


def counts(installation: Installation) -> Mapping[str, Counter[str]]:
    """How many sign-ins are recorded for each address, and how many sessions there are."""
    database = open_database(installation.settings.url, pool_size=1, patient=True)
    try:
        with database.read() as connection:

            def count(of_account: ColumnElement[str], *conditions: ColumnElement[bool]) -> Counter[str]:
                joined: Any = select(ACCOUNT.c.email, func.count()).where(of_account == ACCOUNT.c.id)
                return Counter(dict(connection.execute(joined.where(*conditions).group_by(ACCOUNT.c.email)).all()))

            kinds = [EventKind.SIGNED_IN.value, EventKind.SIGNED_IN_IN_NEW_BROWSER.value]
            signed_in = (SECURITY_EVENT.c.kind.in_(kinds), SECURITY_EVENT.c.seq > EVENTS_EACH)
            return {"events": count(SECURITY_EVENT.c.subject, *signed_in), "sessions": count(SESSION.c.account_id)}
    finally:
        database.dispose()
