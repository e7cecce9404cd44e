"""A head is bounded also when it comes with its end, and what follows a body is no part of it."""

import ipaddress

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from tests.support.settable_loop import Served, with_server
from xpressbot.entrypoints.http.client_address import client_address
from xpressbot.entrypoints.http.server.protocol import MAX_HEAD_BYTES

PROXIES = [ipaddress.ip_network("127.0.0.1")]
HEAD = b"POST / HTTP/1.1\r\nHost: chat\r\nX-Forwarded-For: 198.51.100.1\r\n"
FORGED = b"X-Forwarded-For: 203.0.113.7\r\nX-Second: 1\r\n"


async def tells_the_address(scope: Scope, receive: Receive, send: Send) -> None:
    """After the body, and so after what follows it."""
    request = Request(scope, receive)
    await request.body()
    await PlainTextResponse(client_address(request, PROXIES))(scope, receive, send)


def test_a_trailer_names_no_client() -> None:
    """Neither for its own request nor for the next one of the connection."""

    async def story(served: Served) -> None:
        client = await served.connect()
        await client.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n" + FORGED + b"\r\n")
        assert (await client.answer())[2] == b"198.51.100.1"
        await client.send(HEAD + b"Content-Length: 0\r\n\r\n")
        assert (await client.answer())[2] == b"198.51.100.1"

    with_server(tells_the_address, story)


@pytest.mark.parametrize("part", ["address", "line", "lines"])
def test_a_head_that_is_too_large_is_refused_though_it_ends(part: str) -> None:
    """The second half comes with the end, so that nothing is left over that could be too large."""
    much = b"a" * MAX_HEAD_BYTES
    heads = {
        "address": b"GET /?" + much + b" HTTP/1.1\r\nHost: chat\r\n\r\n",
        "line": b"GET / HTTP/1.1\r\nX-Large: " + much + b"\r\n\r\n",
        "lines": b"GET / HTTP/1.1\r\n" + (b"X-Line: " + much[:1000] + b"\r\n") * 70 + b"\r\n",
    }

    async def story(served: Served) -> None:
        client = await served.connect()
        await client.send(heads[part][:40_000])
        assert await served.ask(HEAD + b"Content-Length: 0\r\n\r\n") == 200  # the first half has been read by now
        await client.send(heads[part][40_000:])
        status, _headers, body = await client.answer()
        assert (status, body) == (400, b"Request head too large")
        assert await client.is_closed()

    with_server(tells_the_address, story)
