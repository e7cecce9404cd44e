"""Two nodes on one PostgreSQL behind nginx, one of which is killed while people sign in. bench/ has the long form."""

import asyncio
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.processes.conftest import environment_of
from tests.support.command_line import Shell
from tests.support.concurrent_requests import Form, ask
from tests.support.cookies import cookie_name
from tests.support.event_chain import broken_at, sign_ins
from tests.support.installation import make_settings
from tests.support.load_balancer import nginx_before
from tests.support.people import Person, caller_with, from_elsewhere, pending, protected, shown_to
from tests.support.postgres import new_database
from tests.support.reverse_proxies import program, running
from tests.support.server import Server, free_port, serving
from xpressbot.bootstrap import SCHEMA, build
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.database.engine import open_database
from xpressbot.foundation.database.migration_runner import upgrade
from xpressbot.foundation.tokens import Token

PEOPLE = 16
LANES = 4
"""Sign-ins at once, and so the most that can be in flight on the killed node."""
KILLED_AFTER = 5
PATIENCE_SECONDS = 60


@dataclass
class Nodes:
    """Where the proxy listens, whom it stands before, and a services on the same database."""

    front: str
    servers: Sequence[Server]
    services: Services


@dataclass
class Seen:
    """What browsers saw."""

    sign_ins: dict[str, tuple[int, Token | None]] = field(default_factory=dict)
    """By account: the status, and the session if there was one."""
    reads: list[int] = field(default_factory=list)


@pytest.fixture
def nodes(tmp_path: Path, postgres_server: str) -> Iterator[Nodes]:
    """Each node has processes and a port of its own, and the key ring file of the first."""
    url = new_database(postgres_server, f"nodes_{os.getpid()}")
    database = open_database(url.replace("postgresql://", "postgresql+psycopg://"), pool_size=1)
    upgrade(database, SCHEMA)
    database.dispose()
    front = free_port()
    settings = make_settings(tmp_path, url)
    shell = Shell(tmp_path, environment_of(settings) | {"XPRESSBOT_PUBLIC_URL": f"http://127.0.0.1:{front}"})
    with ExitStack() as stack:
        services = build(settings)
        stack.callback(services.close)
        servers = [stack.enter_context(serving(shell)) for _node in range(2)]
        folder = tmp_path / "nginx"
        command = nginx_before([server.port for server in servers], folder, front, program("nginx"))
        stack.enter_context(running(command, folder, [front]))
        yield Nodes(f"http://127.0.0.1:{front}", servers, services)


def test_a_node_that_is_killed_loses_and_doubles_no_sign_in(nodes: Nodes) -> None:
    """Only what was in flight on it may fail, and is then wholly done or not begun; who reads notices nothing."""
    people = [protected(nodes.services, f"person{number}@example.com") for number in range(PEOPLE)]
    waiting = [pending(nodes.services, person.account.email, client=from_elsewhere()) for person in people]
    seen = asyncio.run(killed_in_the_middle(nodes, people, waiting))

    assert set(seen.reads) == {200}
    statuses = [status for status, _session in seen.sign_ins.values()]
    assert set(statuses) <= {303, 502}
    assert statuses.count(502) <= LANES
    for person in people:
        status, session = seen.sign_ins[person.account.id]
        events, sessions = sign_ins(nodes.services, person.account.id)
        assert events == sessions
        assert sessions in ({2} if status == 303 else {1, 2})
        assert broken_at(nodes.services, person.account.id) is None
        if session is not None:
            assert caller_with(nodes.services, session).account.id == person.account.id


async def killed_in_the_middle(nodes: Nodes, people: list[Person], waiting: list[Token]) -> Seen:
    """Everybody brings their code once."""
    seen, enough, over = Seen(), asyncio.Event(), asyncio.Event()
    codes = iter(zip(people, waiting, strict=True))

    async def lane() -> None:
        for person, token in codes:
            answer = await ask(
                nodes.front,
                Form(
                    "/sign-in/code",
                    {"code": person.phone.code()} | shown_to(nodes.services, person.account.id, person.account.email),
                    token,
                ),
            )
            cookie = answer.cookies.get(cookie_name("session", nodes.front))
            seen.sign_ins[person.account.id] = (answer.status_code, None if cookie is None else Token.parse(cookie))
            if len(seen.sign_ins) == KILLED_AFTER:
                enough.set()

    async def read() -> None:
        session = people[0].caller.token
        while not over.is_set():
            answer = await ask(nodes.front, Form("/account", {}, session=session), method="GET")
            seen.reads.append(answer.status_code)

    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as tasks:
        readers = [tasks.create_task(read()) for _one in range(2)]
        lanes = [tasks.create_task(lane()) for _one in range(LANES)]
        await enough.wait()
        await asyncio.to_thread(nodes.servers[0].stop, signal.SIGKILL)
        await asyncio.gather(*lanes)
        over.set()
        await asyncio.gather(*readers)
    return seen
