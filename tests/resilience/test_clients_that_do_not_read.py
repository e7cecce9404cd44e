"""A client that does not read, or asks far more than it reads, costs bounded memory for a bounded time (ASVS 15.2.2)."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable

import pytest

from tests.support.settable_loop import Client, Served, pass_time, with_server
from xpressbot.entrypoints.http.server import protocol
from xpressbot.entrypoints.http.server.protocol import HEAD_SECONDS, MOST_QUEUED, SEND_SECONDS, BoundedProtocol

SMALL = b"GET /small HTTP/1.1\r\nHost: chat\r\n\r\n"
LARGE = b"GET /large HTTP/1.1\r\nHost: chat\r\n\r\n"
LARGE_BYTES = 24_000
LOW_WATER_BYTES = 16_384
"""To which buffers are usually emptied before more is written."""
Message = dict[str, object]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def answers(scope: dict[str, object], _receive: Receive, send: Send) -> None:
    """Small or large."""
    body = b"a" * (LARGE_BYTES if scope["path"] == "/large" else 0)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


async def turns_until(happened: Callable[[], object]) -> None:
    """Let the loop go on, without another connection."""
    async with asyncio.timeout(60):
        while not happened():  # noqa: ASYNC110  # there is no event for it
            await asyncio.sleep(0)


def transport_of(client: Client) -> asyncio.Transport:
    transport = client.writer.transport
    assert isinstance(transport, asyncio.Transport)
    return transport


async def connect(served: Served) -> tuple[Client, BoundedProtocol]:
    """A client that reads only when told to, through small buffers, and our end of its connection."""
    before = set(served.state.connections)
    client = await served.connect(receive_buffer=4096)
    await turns_until(lambda: set(served.state.connections) - before)
    (ours,) = set(served.state.connections) - before
    assert isinstance(ours, BoundedProtocol)
    ours.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    transport_of(client).pause_reading()
    return client, ours


async def not_reading(served: Served) -> tuple[Client, BoundedProtocol]:
    """A client whose answers have filled our buffer."""
    client, ours = await connect(served)
    await client.send(LARGE * (MOST_QUEUED + 1))
    await turns_until(lambda: ours.flow.write_paused)
    return client, ours


def fill_the_system(ours: BoundedProtocol) -> int:
    """So that not one more byte can be sent, though we hold none back. How many could be."""
    sent = 0
    with socket.socket(fileno=os.dup(ours.transport.get_extra_info("socket").fileno())) as same, contextlib.suppress(BlockingIOError):
        while True:
            sent += same.send(b"a" * 1024)
    return sent


def test_a_connection_whose_answers_are_not_read_is_closed() -> None:
    """Unread answers fill our memory up to a bound, for a bounded time."""

    async def story(served: Served) -> None:
        _client, ours = await not_reading(served)
        assert ours.transport.get_write_buffer_size() <= 64 * 1024 + LARGE_BYTES + 1000
        pass_time(SEND_SECONDS - 2)
        await served.look_around()
        assert ours in served.state.connections
        pass_time(3)
        await served.look_around()
        await served.look_around()
        assert ours not in served.state.connections

    with_server(answers, story)


def test_taking_a_little_gives_no_more_time() -> None:
    """The time is that for all that lies unsent, however many answers that is."""

    async def story(served: Served) -> None:
        client, ours = await not_reading(served)
        pass_time(SEND_SECONDS / 2)
        await served.look_around()
        transport_of(client).resume_reading()
        while ours.transport.get_write_buffer_size() > LOW_WATER_BYTES:
            await client.reader.read(1024)
        transport_of(client).pause_reading()
        assert ours.transport.get_write_buffer_size() > 0
        pass_time(SEND_SECONDS / 2 + 1)
        await served.look_around()
        await served.look_around()
        assert ours not in served.state.connections

    with_server(answers, story)


def test_a_client_that_reads_slowly_gets_everything() -> None:
    """Slowly, but all of it in time."""

    async def story(served: Served) -> None:
        client, _ours = await not_reading(served)
        transport_of(client).resume_reading()
        for _answer in range(MOST_QUEUED + 1):
            pass_time(SEND_SECONDS / (MOST_QUEUED + 2))
            status, _headers, body = await client.answer()
            assert (status, len(body)) == (200, LARGE_BYTES)

    with_server(answers, story)


def test_connections_that_do_not_read_are_closed_for_newcomers(monkeypatch: pytest.MonkeyPatch) -> None:
    """They wait for their clients like idle ones, and what was not taken is dropped."""
    monkeypatch.setattr(protocol, "MOST_CONNECTIONS", 2)

    async def story(served: Served) -> None:
        ours = [(await not_reading(served))[1] for _one in range(2)]
        for gone in ours:
            await served.look_around()
            assert gone not in served.state.connections
            assert len(served.state.connections) <= 2

    with_server(answers, story)


@pytest.mark.parametrize("begun", [b"", SMALL[:9]])
def test_a_connection_that_takes_nothing_is_closed_for_a_newcomer(begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, though not one more byte could be sent on it."""
    monkeypatch.setattr(protocol, "MOST_CONNECTIONS", 2)

    async def story(served: Served) -> None:
        client, ours = await connect(served)
        await client.send(begun)
        await served.look_around()
        fill_the_system(ours)
        await served.connect()
        await served.look_around()
        assert ours not in served.state.connections

    with_server(answers, story)


def test_a_refusal_that_cannot_be_sent_is_waited_for_as_long_as_an_answer() -> None:
    """Then the connection is closed without it."""

    async def story(served: Served) -> None:
        client, ours = await connect(served)
        await client.send(SMALL[:9])
        await served.look_around()
        fill_the_system(ours)
        for seconds in (HEAD_SECONDS + 1, SEND_SECONDS + 1):
            assert ours in served.state.connections
            pass_time(seconds)
            await served.look_around()
            await served.look_around()
        assert ours not in served.state.connections

    with_server(answers, story)


def test_a_connection_that_is_ending_is_told_nothing_more() -> None:
    """Where the refusal of a head lies unsent, no second one is put behind it; and its time is bounded, too."""

    async def story(served: Served) -> None:
        client, ours = await connect(served)
        await client.send(SMALL[:-2])
        await served.look_around()
        while fill_the_system(ours):  # what the client says makes room, by what it acknowledges
            await client.send(b"X-More: 1\r\n")
            await served.look_around()
        await client.send(b"no header\r\n\r\n")
        await turns_until(ours.transport.is_closing)
        unsent = ours.transport.get_write_buffer_size()
        pass_time(HEAD_SECONDS + 1)
        await served.look_around()
        await served.look_around()
        assert ours.transport.get_write_buffer_size() == unsent > 0
        pass_time(SEND_SECONDS + 1)
        await served.look_around()
        await served.look_around()
        assert ours not in served.state.connections

    with_server(answers, story)


def test_many_newcomers_at_once_close_as_many_idle_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes the place of another."""
    monkeypatch.setattr(protocol, "MOST_CONNECTIONS", 3)

    async def story(served: Served) -> None:
        crowd = [await served.connect() for _one in range(3)]
        newcomers = await asyncio.gather(*(served.connect() for _one in range(3)))
        assert all([await client.is_closed() for client in crowd])
        for client in newcomers:
            await client.send(SMALL)
            assert (await client.answer())[0] == 200
        assert len(served.state.connections) == 3

    with_server(answers, story)


@pytest.mark.parametrize("more", [0, 1, 5000])
def test_a_connection_that_sends_too_many_requests_ahead_is_closed(more: int) -> None:
    """What it was not answered it may ask again (RFC 9112 9.3.2)."""
    asked = []

    async def counts(scope: dict[str, object], receive: Receive, send: Send) -> None:
        asked.append(scope["path"])
        await answers(scope, receive, send)

    async def story(served: Served) -> None:
        client = await served.connect()
        client.writer.write(SMALL * (MOST_QUEUED + 1 + more))
        if more:
            assert await client.is_closed()
            assert len(asked) <= 1
        else:
            assert {(await client.answer())[0] for _answer in range(MOST_QUEUED + 1)} == {200}

    with_server(counts, story)


def test_a_hang_up_is_told_to_the_request_that_is_being_answered() -> None:
    """Though others were queued behind it, which are not begun."""
    told = asyncio.Event()
    asked = []

    async def waits(scope: dict[str, object], receive: Receive, _send: Send) -> None:
        asked.append(scope["path"])
        while (await receive())["type"] != "http.disconnect":
            pass
        told.set()

    async def story(served: Served) -> None:
        client = await served.connect()
        await client.send(LARGE + SMALL * 2)
        client.writer.close()
        async with asyncio.timeout(60):
            await told.wait()
        assert asked == ["/large"]

    with_server(waits, story)


def test_a_refusal_is_not_taken_for_the_answer_to_an_earlier_request() -> None:
    """A client reads answers in the order of its requests: while one is due, a later one is refused by the end of the connection."""
    begun = asyncio.Event()

    async def waits(_scope: dict[str, object], receive: Receive, _send: Send) -> None:
        begun.set()
        while (await receive())["type"] != "http.disconnect":
            pass

    async def story(served: Served) -> None:
        client = await served.connect()
        await client.send(SMALL)
        await begun.wait()
        await client.send(SMALL.replace(b"Host: chat", b"Host: chat\r\nHost: other"))
        assert await client.is_closed()

    with_server(waits, story)
