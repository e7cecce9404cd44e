"""PostgreSQL goes away while people sign in: everybody is told so at once, it recovers by itself, and nothing is half-done."""

import asyncio
import itertools
import tempfile
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from select import select as wait_for
from typing import Any, Literal

import httpx
import psycopg
import pytest
from sqlalchemy import delete

from tests.http.raw_requests import PENDING_COOKIE, SAME_ORIGIN, SESSION_COOKIE
from tests.support.event_chain import broken_at, sign_ins
from tests.support.installation import Installation, install
from tests.support.optional import present
from tests.support.people import Person, caller_with, pending, protected, shown_to
from tests.support.postgres import new_database
from tests.support.postgres_outages import UnreliableServer, unreliable_postgres
from xpressbot.bootstrap import SCHEMA
from xpressbot.entrypoints.http.app import create_app
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.database import postgres
from xpressbot.foundation.database.engine import UNAVAILABLE, open_database
from xpressbot.foundation.database.migration_runner import upgrade
from xpressbot.foundation.database.postgres import CircuitBreaker
from xpressbot.foundation.tokens import Token
from xpressbot.identity.tables import THROTTLE_BUCKET

PEOPLE = 9
READERS = 4
BEFORE = 40
"""Answers before the weather turns."""
MEANWHILE = 30
"""Answers that tell of it, at least."""
PATIENCE_SECONDS = 60
_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def server() -> Iterator[UnreliableServer]:
    """One for all tests of this module."""
    with tempfile.TemporaryDirectory(prefix="xpressbot-weather-") as directory, unreliable_postgres(Path(directory)) as server:
        yield server


@pytest.fixture
def installation(server: UnreliableServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """On a database of that server, with the shortest patience that the driver knows for a connection."""
    monkeypatch.setattr(postgres, "CONNECT_TIMEOUT_SECONDS", 2)
    url = new_database(server.url, f"weather_{next(_NUMBERS)}")
    database = open_database(url.replace("postgresql://", "postgresql+psycopg://"), pool_size=1)
    upgrade(database, SCHEMA)
    database.dispose()
    installation = install(tmp_path, url)
    yield installation
    installation.close()


@contextmanager
def impatience() -> Iterator[None]:
    """Wait half a second for an answer of the server: not while a test sets up, which a busy machine may delay by more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgres, "ANSWER_TIMEOUT_SECONDS", 0.5)
        yield


@dataclass
class Load:
    """People at an application: some read, the others bring their codes until they get a definite answer."""

    services: Services
    client: httpx.AsyncClient
    statuses: Counter[int] = field(default_factory=Counter)
    signed_in: dict[str, Token] = field(default_factory=dict)
    """By account: the session that its browser was given."""
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _is_over: bool = False

    async def ask(self, method: str, path: str, cookies: str, **fields: str) -> httpx.Response:
        """Send a request, and note what came of it."""
        response = await self.client.request(method, path, headers={"Cookie": cookies}, data=fields or None)
        if response.status_code == 503:
            assert response.headers["retry-after"] == "5"
            assert "set-cookie" not in response.headers
            assert response.json()["code"] == "unavailable" if path.startswith("/api/") else "You are not signed out" in response.text
        async with self._news:
            self.statuses[response.status_code] += 1
            self._news.notify_all()
        return response

    async def until(self, is_so: Callable[[Counter[int]], bool]) -> None:
        """Wait for answers."""
        async with asyncio.timeout(PATIENCE_SECONDS), self._news:
            await self._news.wait_for(lambda: is_so(self.statuses))

    async def read(self, session: Token, path: str) -> None:
        """Ask again and again. No client may be told that it is not signed in."""
        while not self._is_over:
            response = await self.ask("GET", path, f"{SESSION_COOKIE}={session.text}")
            assert response.status_code in {200, 503}

    async def bring_code(self, person: Person, waiting: Token, *, after: int) -> None:
        """Once there have been so many answers; the same code again for as long as the answer is to come back later."""
        await self.until(lambda statuses: statuses.total() >= after)
        code = person.phone.code()
        cookies = f"{PENDING_COOKIE}={waiting.text}"
        fields = {"code": code} | shown_to(self.services, person.account.id, person.account.email)
        while (response := await self.ask("POST", "/sign-in/code", cookies, **fields)).status_code in {429, 503}:
            pass
        if SESSION_COOKIE in response.cookies:
            self.signed_in[person.account.id] = present(Token.parse(response.cookies[SESSION_COOKIE]))

    def end(self) -> None:
        """Let the readers go."""
        self._is_over = True


@asynccontextmanager
async def browsing(installation: Installation) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application in this process."""
    transport = httpx.ASGITransport(app=create_app(installation.services), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=SAME_ORIGIN) as client:
        yield client


def storm(installation: Installation, bring_about: Callable[[], object], mend: Callable[[], object]) -> Load:
    """Let something happen to the database in mid-load, mend it once enough people were told, and wait for good answers."""
    services = installation.services
    people = [protected(services, f"person{number}@example.com") for number in range(PEOPLE)]
    waiting = [pending(services, person.account.email) for person in people]

    async def told() -> Load:
        async with browsing(installation) as client:
            load = Load(installation.services, client)
            paths = itertools.cycle(["/api/v1/session", "/account", "/"])
            sessions = [person.caller.token for person in people[:READERS]]
            every = 2 * BEFORE // PEOPLE
            async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as tasks:
                for session in sessions:
                    tasks.create_task(load.read(session, next(paths)))
                codes = [
                    tasks.create_task(load.bring_code(person, token, after=number * every))
                    for number, (person, token) in enumerate(zip(people, waiting, strict=True))
                ]
                await load.until(lambda statuses: statuses.total() >= BEFORE)
                await asyncio.to_thread(bring_about)
                await load.until(lambda statuses: statuses[503] >= MEANWHILE)
                assert (await client.get("/healthz")).status_code == 200
                await asyncio.to_thread(mend)
                await asyncio.to_thread(end_waits, installation)
                good = load.statuses[200]
                await load.until(lambda statuses: statuses[200] >= good + BEFORE)
                await asyncio.gather(*codes)
                load.end()
            return load

    with impatience():
        load = asyncio.run(told())
    assert_whole(installation, people, load)
    return load


def end_waits(installation: Installation) -> None:
    """A try that failed after it was counted stays counted; the time that ends such waits stands still here."""
    database = open_database(installation.services.settings.url, pool_size=1, patient=True)
    with database.write() as connection:
        connection.execute(delete(THROTTLE_BUCKET))
        connection.commit()
    database.dispose()


def assert_whole(installation: Installation, people: list[Person], load: Load) -> None:
    """Each code made one session and one event, in a chain that holds; clients that were told so are signed in; no other 5xx."""
    assert {status for status in load.statuses if status >= 500} == {503}
    for person in people:
        # The first of each is of the browser that turned 2FA on, with the password alone.
        assert sign_ins(installation.services, person.account.id) == (2, 2)
        assert broken_at(installation.services, person.account.id) is None
    for account_id, session in load.signed_in.items():
        assert caller_with(installation.services, session).account.id == account_id
    assert len(load.signed_in) > PEOPLE // 2


@pytest.mark.parametrize("mode", ["immediate", "fast"])
def test_a_server_that_goes_away_and_comes_back(
    mode: Literal["fast", "immediate"], server: UnreliableServer, installation: Installation
) -> None:
    """Killed, or stopped in order: connections are refused meanwhile."""
    storm(installation, lambda: server.stop(mode), server.start)


def test_a_server_that_hangs_and_goes_on(server: UnreliableServer, installation: Installation) -> None:
    """It takes connections and says nothing; when it goes on, it does what was sent, for clients that have given up."""
    storm(installation, server.freeze, server.thaw)


def test_connections_that_are_cut_in_the_middle_of_transactions(server: UnreliableServer, installation: Installation) -> None:
    """Again and again, while the server itself stays: every other request may fail, and each sign-in is whole or not begun."""
    done = threading.Event()

    def cut() -> None:
        while not done.wait(0.01):
            server.cut_connections()

    thread = threading.Thread(target=cut)

    def mend() -> None:
        done.set()
        thread.join()

    try:
        storm(installation, thread.start, mend)
    finally:
        mend()


def test_while_it_hangs_static_files_and_health_are_served_and_no_one_waits_behind_others(
    server: UnreliableServer, installation: Installation
) -> None:
    """All threads of a worker wait, at first; once one has failed, later requests are told so without trying."""
    person = protected(installation.services)
    cookies = f"{SESSION_COOKIE}={person.caller.token.text}"

    async def told() -> None:
        async with browsing(installation) as client:
            load = Load(installation.services, client)
            assert (await client.get("/healthz")).status_code == 200  # what is noted of a new peer is noted now
            await asyncio.to_thread(server.freeze)
            try:
                crowd = [
                    asyncio.create_task(load.ask("GET", "/account", cookies)) for _one in range(3 * installation.services.pools.threads)
                ]
                await asyncio.sleep(0)
                for path in ("/healthz", "/static/style.css"):
                    assert (await client.get(path)).status_code == 200
                assert not any(task.done() for task in crowd)
                assert Counter(response.status_code for response in await asyncio.gather(*crowd)) == {503: len(crowd)}
            finally:
                await asyncio.to_thread(server.thaw)
            while (await load.ask("GET", "/account", cookies)).status_code != 200:
                pass

    with impatience():
        asyncio.run(told())


class _Host:
    """Stands in for the driver: a host that does not answer until it is told to."""

    def __init__(self) -> None:
        self.tries, self.asked, self.answers = 0, threading.Event(), threading.Event()
        self.is_there = False

    def connect(self) -> Any:
        self.tries += 1
        self.asked.set()
        assert self.answers.wait(PATIENCE_SECONDS)
        if not self.is_there:
            raise psycopg.OperationalError("no answer")
        return self


def test_one_thread_tries_while_the_others_are_told() -> None:
    """After a failure there is one attempt at a time; after a success everybody connects side by side again."""
    host = _Host()
    breaker = CircuitBreaker(host)  # type: ignore[arg-type]

    def connect() -> object:
        return breaker.connect(None, None, (), {})

    host.answers.set()
    with pytest.raises(psycopg.OperationalError, match="no answer"):
        connect()
    with _trying(host, connect):
        for _one in range(10):
            with pytest.raises(psycopg.OperationalError, match="tried by another thread"):
                connect()
        assert host.tries == 2
        host.is_there = True
    with _trying(host, connect), _trying(host, connect):
        assert host.tries == 4


@contextmanager
def _trying(host: _Host, connect: Callable[[], object]) -> Iterator[None]:
    host.answers.clear()
    host.asked.clear()
    thread = threading.Thread(target=connect)
    thread.start()
    assert host.asked.wait(PATIENCE_SECONDS)
    yield
    host.answers.set()
    thread.join()


@pytest.mark.parametrize(
    "statement",
    [
        "SET LOCAL transaction_read_only = on; UPDATE installation SET id = 1",
        "SELECT pg_terminate_backend(pg_backend_pid())",
        "SET LOCAL statement_timeout = 1; SELECT pg_sleep(10)",
        "SET LOCAL idle_in_transaction_session_timeout = 1",
    ],
)
def test_what_the_server_decides_by_itself_is_no_fault_of_ours(statement: str, installation: Installation) -> None:
    """503 and not 500, also where PostgreSQL counts it among the faults of its clients."""

    def work() -> None:
        with installation.services.database.write() as connection:
            connection.exec_driver_sql(statement)
            driver = connection.connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            # What the server says without being asked: that it has ended the session.
            wait_for([driver], [], [], PATIENCE_SECONDS)
            connection.exec_driver_sql("SELECT 1")

    with pytest.raises(UNAVAILABLE):
        work()
