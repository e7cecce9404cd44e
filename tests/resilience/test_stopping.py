"""SIGTERM in mid-load: whatever a server has taken is answered, and it ends with exit code 0; nothing is half-done.

A request is taken once the server reads on its connection. One that is not taken is refused in a way that its client sees:
no connection, or a connection that ends without a byte of an answer.
"""

import asyncio
import itertools
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.processes.conftest import environment_of
from tests.support.command_line import Shell
from tests.support.cookies import cookie_name
from tests.support.event_chain import broken_at, sign_ins
from tests.support.installation import make_settings
from tests.support.people import Person, from_elsewhere, pending, protected, shown_to
from tests.support.server import Server, serving
from xpressbot.bootstrap import build
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.tokens import Token

PEOPLE = 24
READERS = 6
BEFORE = 100
"""Answers before the signal."""
PATIENCE_SECONDS = 60


@dataclass
class Count:
    """What became of the requests that were sent completely."""

    answers: list[int] = field(default_factory=list)
    unanswered: int = 0
    """The connection ended without a byte."""
    torn: int = 0
    """It ended in the middle of an answer."""
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, status: int) -> None:
        """Of an answer that came whole."""
        self.answers.append(status)
        if len(self.answers) >= BEFORE:
            self.enough.set()


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """The same installation that is served."""
    services = build(make_settings(tmp_path, f"sqlite:///{tmp_path / 'xpressbot.sqlite3'}"), durable=False)
    yield services
    services.close()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_stop_in_mid_load_loses_nothing(workers: int, services: Services, tmp_path: Path) -> None:
    """Over connections that are kept alive: each request gets its whole answer, or the client sees that it was not taken."""
    people = [protected(services, f"person{number}@example.com") for number in range(PEOPLE)]
    waiting = [pending(services, person.account.email, client=from_elsewhere()) for person in people]
    with serving(Shell(tmp_path, environment_of(services.settings)), workers=workers) as server:
        count, told = asyncio.run(stopped_in_the_middle(server, services, people, waiting))
        assert server.process.wait(PATIENCE_SECONDS) == 0
        assert b"Traceback" not in server.logs
        assert b"graceful shutdown exceeded" not in server.logs
    assert set(count.answers) <= {200, 303}
    assert count.torn == 0
    # A client whose request crosses the end of its idle connection is the one that may have to ask again.
    assert count.unanswered <= READERS
    for person in people:
        events, sessions = sign_ins(services, person.account.id)
        assert events == sessions == (2 if person.account.id in told else 1)
        assert broken_at(services, person.account.id) is None


async def stopped_in_the_middle(server: Server, services: Services, people: list[Person], waiting: list[Token]) -> tuple[Count, set[str]]:
    """Send without a pause, let the server be stopped, and go on until no server takes anything; who was told to be signed in."""
    count, told = Count(), set[str]()
    codes = iter(zip(people, waiting, strict=True))

    async def read(session: Token) -> None:
        request = _request(server, "GET", "/account", f"{cookie_name('session', server.url)}={session.text}")
        async for _status in _sent(server, count, itertools.repeat(request)):
            pass

    async def bring_codes() -> None:
        waiting_cookie = cookie_name("sign-in", server.url)
        for person, token in codes:
            fields = {"code": person.phone.code()} | shown_to(services, person.account.id, person.account.email)
            request = _request(server, "POST", "/sign-in/code", f"{waiting_cookie}={token.text}", urlencode(fields))
            async for status in _sent(server, count, [request]):
                if status == 303:
                    told.add(person.account.id)

    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as tasks:
        for person in people[:READERS]:
            tasks.create_task(read(person.caller.token))
        for _one in range(2):
            tasks.create_task(bring_codes())
        await count.enough.wait()
        server.process.send_signal(signal.SIGTERM)
    assert told
    return count, told


async def _sent(server: Server, count: Count, requests: Iterator[bytes] | list[bytes]) -> AsyncIterator[int]:
    """Send one after the other on one connection, and on a new one where the server said that it closes it."""
    stream = None
    for request in requests:
        try:
            stream = stream or await asyncio.open_connection("127.0.0.1", server.port)
        except OSError:
            return  # no server listens: not taken
        reader, writer = stream
        head = b""
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line.partition(b":")[2]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
            await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError) as error:
            begun = bool(head or getattr(error, "partial", b""))
            count.torn += begun
            count.unanswered += not begun
            writer.close()
            return
        status = int(head.split()[1])
        count.note(status)
        if b"connection: close" in head.lower():
            writer.close()
            stream = None
        yield status
    if stream is not None:
        stream[1].close()


def _request(server: Server, method: str, path: str, cookies: str, body: str = "") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", f"Origin: {server.url}", f"Cookie: {cookies}"]
    if method == "POST":
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", body]).encode()
