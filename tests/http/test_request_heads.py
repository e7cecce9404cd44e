"""What a client sends before its request is understood is bounded (ASVS 15.2.2), on a real connection."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.support.command_line import Shell
from tests.support.server import Server, serving
from xpressbot.entrypoints.http.forms import MAX_BODY_BYTES
from xpressbot.entrypoints.http.server.protocol import MAX_HEAD_BYTES

_TIMEOUT_SECONDS = 60
CHUNKED = b"POST /sign-in HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
ENDLESS = {
    "a header": b"GET /healthz HTTP/1.1\r\nHost: %s\r\nX-Endless: ",
    "a header's name": b"GET /healthz HTTP/1.1\r\nHost: %s\r\nX-",
    "an address": b"GET /healthz?",
    "a trailer": CHUNKED + b"0\r\nX-Endless: ",
    "a chunk's extension": CHUNKED + b"1;",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(Shell(tmp_path_factory.mktemp("heads"))) as server:
        yield server


class Connection:
    """Bytes as they are sent, and answers as they come."""

    def __init__(self, server: Server) -> None:
        self.host = f"127.0.0.1:{server.port}".encode()
        self.socket = socket.create_connection(("127.0.0.1", server.port), _TIMEOUT_SECONDS)
        self.file = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send_one_byte_too_many(self, beginning: bytes) -> None:
        """A beginning without an end: no more than it takes, since what a closed connection has not read may undo its answer."""
        whole = beginning.ljust(MAX_HEAD_BYTES + 1, b"a")
        for offset in range(0, len(whole), 9000):
            self.send(whole[offset : offset + 9000])

    def answer(self) -> tuple[int, bytes]:
        """The status and the body of the next answer."""
        status, length = int(self.file.readline().split()[1]), 0
        while (line := self.file.readline().strip()) != b"":
            name, _colon, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return status, self.file.read(length)

    def head(self) -> dict[str, str]:
        """The headers of the next answer."""
        self.file.readline()
        lines = iter(lambda: self.file.readline().strip(), b"")
        return {name.lower(): value.strip() for name, _colon, value in (line.decode().partition(":") for line in lines)}

    def is_closed(self) -> bool:
        """Whether nothing comes any more, also because what was sent too late is not read."""
        try:
            return self.file.read() == b""
        except ConnectionResetError:
            return True


@contextmanager
def connected(server: Server) -> Iterator[Connection]:
    connection = Connection(server)
    try:
        yield connection
    finally:
        connection.file.close()
        connection.socket.close()


def request(method: bytes, host: bytes, body: bytes = b"", *, more: bytes = b"X-More: nothing") -> bytes:
    """To the sign-in page, or a form of it, from the same origin."""
    lines = [
        method + b" /sign-in HTTP/1.1",
        b"Host: " + host,
        b"Origin: http://" + host,
        b"Content-Type: application/x-www-form-urlencoded",
        b"Content-Length: %d" % len(body),
        more,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@pytest.mark.parametrize("beginning", ENDLESS.values(), ids=ENDLESS)
def test_what_does_not_end_is_answered_400_and_closed(beginning: bytes, server: Server) -> None:
    """With the first byte over 64 KiB, however they come."""
    with connected(server) as connection:
        head, separator, rest = beginning.replace(b"%s", connection.host).rpartition(b"\r\n\r\n")
        connection.send(head + separator)
        if separator:
            assert connection.answer()[0] == 100  # the head has been read by itself
        connection.send_one_byte_too_many(rest)
        assert connection.answer() == (400, b"Request head too large")
        assert connection.is_closed()


def test_many_large_header_lines_are_answered_400_and_closed(server: Server) -> None:
    """Each of them might pass."""
    with connected(server) as connection:
        connection.send(b"GET /healthz HTTP/1.1\r\n")
        for number in range(16):
            connection.send(b"X-Line-%02d: " % number + b"a" * 4096 + b"\r\n")
        assert connection.answer() == (400, b"Request head too large")
        assert connection.is_closed()


def test_an_endless_head_after_a_good_request_is_answered_400_and_closed(server: Server) -> None:
    """The second request of a connection has no more room than the first."""
    with connected(server) as connection:
        connection.send(request(b"POST", connection.host, b"email=anna&password="))
        assert connection.answer()[0] == 422
        connection.send_one_byte_too_many(b"GET /healthz HTTP/1.1\r\nX-Endless: ")
        assert connection.answer() == (400, b"Request head too large")
        assert connection.is_closed()


@pytest.mark.parametrize("size", [60_000, MAX_BODY_BYTES])
def test_a_large_form_is_no_large_head(size: int, server: Server) -> None:
    """Sent at once, and in pieces; and the connection goes on to the next request."""
    body = b"email=anna&password=".ljust(size, b"x")
    with connected(server) as connection:
        whole = request(b"POST", connection.host, body)
        for pieces in ([whole], [whole[:100], whole[100:]], [whole[offset : offset + 9000] for offset in range(0, len(whole), 9000)]):
            for piece in pieces:
                connection.send(piece)
            status, page = connection.answer()
            assert (status, b"Enter your email address" in page) == (422, True)


def test_what_frames_a_form_in_small_chunks_is_no_large_head(server: Server) -> None:
    """Six times as many bytes as the form has: more than any one read takes, and none of them without an end."""
    body = b"email=anna&password=".ljust(MAX_BODY_BYTES, b"x")
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    content_type = b"Content-Type: application/x-www-form-urlencoded\r\n"
    with connected(server) as connection:
        connection.send(CHUNKED.replace(b"%s", connection.host).replace(b"Expect: 100-continue\r\n", content_type))
        for offset in range(0, len(chunks), 9000):
            connection.send(chunks[offset : offset + 9000])
        assert connection.answer()[0] == 422


def test_a_form_that_is_too_large_is_told_so(server: Server) -> None:
    """413, not a refusal of its head."""
    with connected(server) as connection:
        connection.send(request(b"POST", connection.host, b"x" * (MAX_BODY_BYTES + 1)))
        assert connection.answer()[0] == 413


@pytest.mark.parametrize("method", [b"GET", b"POST"])
def test_the_bound_is_on_one_head_and_not_on_a_connection(method: bytes, server: Server) -> None:
    """Four requests with heads of 60 kB each; and two that come at once."""
    form = b"email=anna&password=" if method == b"POST" else b""
    with connected(server) as connection:
        for _request in range(4):
            connection.send(request(method, connection.host, form, more=b"X-Large: " + b"a" * 60_000))
            assert connection.answer()[0] == (422 if form else 200)
        connection.send(request(method, connection.host, form) + request(b"GET", connection.host))
        assert [connection.answer()[0] for _answer in range(2)] == [422 if form else 200, 200]


@pytest.mark.parametrize("method", [b"GET", b"POST", b"CONNECT"])
@pytest.mark.parametrize("protocol", [b"websocket", b"h2c", b"foo"])
@pytest.mark.parametrize("framing", [b"Content-Length: %d", b"Transfer-Encoding: chunked"])
def test_a_body_is_not_taken_for_a_request_because_another_protocol_was_asked_for(
    method: bytes, protocol: bytes, framing: bytes, server: Server
) -> None:
    """A proxy that has sent it as a body would give the answer to another client."""
    smuggled = b"\r\n" * 5000 + b"GET /healthz HTTP/1.1\r\nHost: %s\r\n\r\n"
    with connected(server) as connection:
        smuggled = smuggled.replace(b"%s", connection.host)
        framing = framing.replace(b"%d", b"%d" % len(smuggled))
        connection.send(upgrade(method, connection.host, protocol, framing))
        assert connection.answer()[0] == 400
        with suppress(ConnectionError):
            connection.send(smuggled)
        assert connection.is_closed()


def test_a_tunnel_is_refused(server: Server) -> None:
    """Whatever followed it would be its content."""
    with connected(server) as connection:
        connection.send(b"CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (connection.host, connection.host))
        assert connection.answer()[0] == 400
        assert connection.is_closed()


def test_a_client_that_offers_another_protocol_is_answered_in_this_one(server: Server) -> None:
    """As curl --http2 does (RFC 9110 7.8). The connection ends with the answer."""
    with connected(server) as connection:
        connection.send(upgrade(b"GET", connection.host, b"h2c", b"HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA"))
        assert connection.answer() == (200, b"ok")
        with suppress(ConnectionError):
            connection.send(request(b"GET", connection.host))
        assert connection.is_closed()


def test_a_request_has_one_host(server: Server) -> None:
    """RFC 9112 3.2: a proxy may go by the other one."""
    with connected(server) as connection:
        connection.send(b"GET /healthz HTTP/1.1\r\nHost: %s\r\nHost: %s\r\n\r\n" % (connection.host, connection.host))
        assert connection.answer()[0] == 400
        assert connection.is_closed()


def test_a_whole_url_in_the_request_line_says_which_host_is_asked_for(server: Server) -> None:
    """RFC 9112 3.2.2: the Host header does not count then, neither for nor against the request. A request without one stays refused."""
    ours, foreign = b"127.0.0.1:%d" % server.port, b"evil.example"
    for target, host, status in (
        (foreign, ours, 421),
        (ours, foreign, 200),
        (ours, ours, 200),
        (ours + b"@" + foreign, ours, 421),
        (foreign + b"@" + ours, ours, 421),
    ):
        with connected(server) as connection:
            connection.send(b"GET http://%s/sign-in HTTP/1.1\r\nHost: %s\r\n\r\n" % (target, host))
            assert connection.answer()[0] == status, (target, host)
    with connected(server) as connection:
        connection.send(b"GET http://%s/sign-in HTTP/1.1\r\n\r\n" % ours)
        assert connection.answer()[0] == 421


def test_a_refusal_of_the_protocol_is_guarded_as_pages_are(server: Server) -> None:
    """What a client sends there is not repeated; a browser that is shown the answer runs and frames nothing of it, nor keeps it."""
    with connected(server) as connection:
        connection.send(b"GET /<script> HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        head = connection.head()
    assert "default-src 'none'" in head["content-security-policy"]
    assert head.items() >= {
        "x-content-type-options": "nosniff", "x-frame-options": "DENY", "cache-control": "no-store", "connection": "close"
    }.items()  # fmt: skip
    assert head["content-type"] == "text/plain; charset=utf-8"


def upgrade(method: bytes, host: bytes, protocol: bytes, more: bytes) -> bytes:
    """A request for /healthz that asks for another protocol."""
    lines = [method + b" /healthz HTTP/1.1", b"Host: " + host, b"Connection: Upgrade", b"Upgrade: " + protocol, more]
    return b"\r\n".join(lines) + b"\r\n\r\n"
