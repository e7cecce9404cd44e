"""A client that is slow or silent holds a connection for a bounded time, and nothing else (ASVS 15.2.2)."""

import asyncio
import resource
from collections.abc import Awaitable, Callable, Iterator

import pytest
from starlette.applications import Starlette

from tests.http.raw_requests import rows
from tests.support.installation import Installation
from tests.support.settable_loop import ALIVE, HOST, Served, pass_time, with_server
from xpressbot.entrypoints.http.server import protocol
from xpressbot.entrypoints.http.server.protocol import BODY_SECONDS, HEAD_SECONDS

BODY = b"email=anna%40example.com&password=violet-anchor-meadow-kettle"
FORM_HEAD = (
    b"POST /sign-in HTTP/1.1\r\n"
    + HOST
    + b"Origin: http://127.0.0.1:8000\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(BODY)
)
IDLE = 1000
MANY = 60
"""More than a worker has threads."""
Send = Callable[[dict[str, object]], Awaitable[None]]


@pytest.mark.parametrize(
    ("sent", "limit"), [(b"", HEAD_SECONDS), (ALIVE[:20], HEAD_SECONDS), (ALIVE[:-1], HEAD_SECONDS), (FORM_HEAD + BODY[:9], BODY_SECONDS)]
)
def test_what_has_not_arrived_in_its_time_is_cut_off(sent: bytes, limit: int, app: Starlette) -> None:
    """408 for a request that is begun; a connection that asked for nothing is closed without a word."""

    async def story(served: Served) -> None:
        client = await served.connect()
        await client.send(sent)
        await served.look_around()
        pass_time(limit - 2)
        await served.look_around()
        assert not client.reader.at_eof()
        pass_time(3)
        if sent:
            status, headers, _body = await client.answer()
            assert (status, headers["connection"]) == (408, "close")
            assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")
        assert await client.is_closed()

    with_server(app, story)


def test_dripping_does_not_help(app: Starlette) -> None:
    """The limit is on the whole head, however busily it comes; empty lines before it are no way round."""

    async def story(served: Served) -> None:
        drips = {await served.connect(): b"X-Drip: 1\r\n", await served.connect(): b"\r\n"}
        for client, drip in drips.items():
            await client.send(b"GET /healthz HTTP/1.1\r\n" if drip != b"\r\n" else drip)
        for _tenth in range(10):
            for client, drip in drips.items():
                await client.send(drip)
            await served.look_around()
            pass_time(HEAD_SECONDS / 10 + 0.1)
        for client in drips:
            assert (await client.answer())[0] == 408
            assert await client.is_closed()

    with_server(app, story)


def test_a_request_that_arrives_in_time_is_answered_in_pieces_too(app: Starlette, installation: Installation) -> None:
    """Head and body have a time each; and the connection goes on to the next request."""
    installation.add_account()

    async def story(served: Served) -> None:
        client = await served.connect()
        for _request in range(2):
            await client.send(FORM_HEAD[:50])
            await served.look_around()
            pass_time(HEAD_SECONDS - 2)
            await client.send(FORM_HEAD[50:] + BODY[:5])
            await served.look_around()
            pass_time(BODY_SECONDS - 2)
            await served.look_around()
            await client.send(BODY[5:])
            assert (await client.answer())[0] == 303

    with_server(app, story)


def test_slow_clients_take_no_thread_and_no_connection_to_the_database(app: Starlette, installation: Installation) -> None:
    """More of them than there are threads, in heads and in forms: others sign in. Once they are cut, nothing is charged or kept."""
    installation.add_account()

    async def story(served: Served) -> None:
        slow = [await served.connect() for _one in range(MANY)]
        for number, client in enumerate(slow):
            await client.send(FORM_HEAD + BODY[:-1] if number % 2 else FORM_HEAD[:-1])
        await served.look_around()
        async with asyncio.timeout(60):  # what is known of its peer is read beside its answer
            while installation.services.database.connections.in_use:  # noqa: ASYNC110  # a thread gives it back
                await asyncio.sleep(0)
        before = rows(installation, "throttle_bucket")
        assert await served.ask(FORM_HEAD + BODY) == 303
        signed_in = rows(installation, "throttle_bucket")
        pass_time(BODY_SECONDS + 1)
        assert {(await client.answer())[0] for client in slow} == {408}
        assert before == []
        assert rows(installation, "throttle_bucket") == signed_in
        assert len(rows(installation, "session")) == 1

    with_server(app, story)


@pytest.fixture
def open_files() -> Iterator[None]:
    """Room for both ends of a thousand connections in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 3 * IDLE), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("open_files")
def test_a_thousand_idle_connections_keep_no_client_waiting(app: Starlette, installation: Installation) -> None:
    """Others sign in meanwhile; a client that asks for nothing is let go, new connections and kept ones alike."""
    installation.add_account()

    async def story(served: Served) -> None:
        idle = [await served.connect() for _one in range(IDLE)]
        for client in idle[: IDLE // 10]:
            await client.send(ALIVE)
            assert (await client.answer())[0] == 200
        assert await served.ask(FORM_HEAD + BODY) == 303
        assert len(served.state.connections) >= IDLE
        pass_time(HEAD_SECONDS + 1)
        assert all([await client.is_closed() for client in idle])
        assert await served.ask(FORM_HEAD + BODY) == 303
        assert len(served.state.connections) <= 2

    with_server(app, story)


def test_a_worker_leaves_open_files_to_its_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system allows few, connections are the ones to be fewer."""
    limits = {"few": 1024, "many": 1_000_000, "all": resource.RLIM_INFINITY}
    found = {}
    for name, soft in limits.items():
        monkeypatch.setattr(resource, "getrlimit", lambda _which, soft=soft: (soft, soft))
        found[name] = protocol.most_connections()
    most = protocol.MOST_CONNECTIONS
    assert found == {"few": 1024 - protocol.RESERVED_DESCRIPTORS, "many": most, "all": most}


@pytest.mark.parametrize("more", [b"", ALIVE[:20], FORM_HEAD + BODY[:9], ALIVE])
def test_an_answer_of_ours_that_takes_long_costs_the_client_nothing(more: bytes) -> None:
    """Whatever of its next request it sends ahead waits for us, and is no slowness of its own."""
    go = asyncio.Event()

    async def slow(scope: dict[str, object], _receive: object, send: Send) -> None:
        if scope["path"] == "/slow":
            await go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    async def story(served: Served) -> None:
        client = await served.connect()
        await client.send(ALIVE.replace(b"/healthz", b"/slow") + more)
        for _look in range(5):
            await served.look_around()
            pass_time(BODY_SECONDS)
        go.set()
        assert (await client.answer())[0] == 200
        if more == ALIVE:
            assert (await client.answer())[0] == 200

    with_server(slow, story)


def test_where_there_are_too_many_the_longest_idle_connection_is_closed(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    """Idle connections keep no client out: each newcomer takes the place of the oldest of them, begun requests not excepted."""
    monkeypatch.setattr(protocol, "MOST_CONNECTIONS", 3)

    async def story(served: Served) -> None:
        crowd = [await served.connect() for _one in range(3)]
        await crowd[0].send(ALIVE[:9])
        newcomers = []
        for _one in range(3):
            newcomers.append(await served.connect())
            await newcomers[-1].send(ALIVE)
            assert (await newcomers[-1].answer())[0] == 200
        assert [await client.is_closed() for client in crowd] == [True] * 3
        assert len(served.state.connections) == 3

    with_server(app, story)


def test_a_connection_is_not_closed_while_its_request_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every connection is at work, it is the newcomer that is asked to come back."""
    monkeypatch.setattr(protocol, "MOST_CONNECTIONS", 2)

    async def story(served: Served) -> None:
        busy = [await served.connect() for _one in range(2)]
        for client in busy:
            await client.send(ALIVE)
        await both.wait()
        status, headers, _body = await (await served.connect()).answer()
        assert (status, headers["retry-after"]) == (503, "5")
        await both.wait()
        assert [(await client.answer())[0] for client in busy] == [200, 200]

    both = asyncio.Barrier(3)

    async def slow(_scope: object, _receive: object, send: Send) -> None:
        await both.wait()
        await both.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    with_server(slow, story)
