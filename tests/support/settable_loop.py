"""An event loop whose time goes on by itself and jumps when it is told to, and our protocol served in it to real connections."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import uvicorn
from uvicorn.server import ServerState

from xpressbot.entrypoints.http.server.protocol import BoundedProtocol

HOST = b"Host: 127.0.0.1:8000\r\n"
ALIVE = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
_PATIENCE_SECONDS = 60
_READ_LIMIT = 2**16
T = TypeVar("T")


class SettableLoop(asyncio.SelectorEventLoop):
    """Timers are due when its own time says so."""

    _ahead = 0.0

    def time(self) -> float:
        """Seconds."""
        return super().time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let so much time pass at once."""
        self._ahead += seconds


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine in such a loop."""
    with asyncio.Runner(loop_factory=SettableLoop) as runner:
        return runner.run(work())


def pass_time(seconds: float) -> None:
    """In a coroutine that `run` runs."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SettableLoop)
    loop.advance(seconds)


@dataclass(eq=False)
class Client:
    """One connection: what is sent is sent at once, and answers are read one by one."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        """Hand it over to the system."""
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the next answer."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, _colon, value in (line.partition(": ") for line in head[1:-2])}
            return int(head[0].split()[1]), headers, await self.reader.readexactly(int(headers["content-length"]))

    async def is_closed(self) -> bool:
        """Whether nothing comes any more."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            try:
                return await self.reader.read(1) == b""
            except ConnectionResetError:
                return True


@dataclass
class Served:
    """An application at a port of this loop."""

    port: int
    state: ServerState
    clients: list[Client] = field(default_factory=list)

    async def connect(self, *, receive_buffer: int | None = None) -> Client:
        """A connection that is closed in the end."""
        own = socket.socket(proto=socket.IPPROTO_TCP)  # which asyncio asks for before it turns off what would hold small pieces back
        own.settimeout(0)
        if receive_buffer is not None:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        await asyncio.get_running_loop().sock_connect(own, ("127.0.0.1", self.port))
        client = Client(*await asyncio.open_connection(sock=own, limit=receive_buffer or _READ_LIMIT))
        self.clients.append(client)
        return client

    async def ask(self, request: bytes) -> int:
        """The status that a request gets on a connection of its own."""
        client = await self.connect()
        await client.send(request)
        return (await client.answer())[0]

    async def look_around(self) -> None:
        """Let everything that is due happen: another client is served meanwhile."""
        assert await self.ask(ALIVE) == 200


def with_server(application: object, story: Callable[[Served], Awaitable[None]]) -> None:
    """Tell a story to an application that is served for it."""

    async def told() -> None:
        async with serving_here(application) as served:
            await story(served)

    run(told)


@asynccontextmanager
async def serving_here(application: Any) -> AsyncIterator[Served]:
    """Serve an ASGI application in this loop."""
    loop, state = asyncio.get_running_loop(), ServerState()
    config = uvicorn.Config(application, http=BoundedProtocol, lifespan="off", log_config=None, access_log=False)
    config.load()
    server = await loop.create_server(lambda: BoundedProtocol(config, state, {}, loop), "127.0.0.1", 0)
    served = Served(server.sockets[0].getsockname()[1], state)
    try:
        yield served
    finally:
        server.close()
        for client in served.clients:
            client.writer.transport.abort()
        for connection in list(state.connections):
            connection.transport.abort()
        await asyncio.gather(*state.tasks, return_exceptions=True)
