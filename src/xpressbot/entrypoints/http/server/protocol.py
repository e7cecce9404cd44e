"""HTTP/1.1 with limits on what a client may send besides the bodies that the application itself counts, and on how long it may take."""

import asyncio
import resource
from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from xpressbot.entrypoints.http.headers import ALWAYS
from xpressbot.foundation.threads.worker_pools import RETRY_AFTER_SECONDS

MAX_HEAD_BYTES: Final = 64 * 1024
MOST_QUEUED: Final = 8
"""Requests of one connection that may wait while the one before them is answered."""
HEAD_SECONDS: Final = 30
BODY_SECONDS: Final = 60
SEND_SECONDS: Final = 60
MOST_CONNECTIONS: Final = 4096
RESERVED_DESCRIPTORS: Final = 128
"""For the database, the log, and the program itself, of the files that a process may have open."""
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
_GUARDED: Final = [("cache-control", "no-store"), *((name.lower(), value) for name, value in ALWAYS.items())]
_HEAD_TOO_LARGE: Final = "Request head too large"
_waiting: Final[OrderedDict["BoundedProtocol", None]] = OrderedDict()
"""The connections of this process that wait for their client, the one that has waited longest first."""


class _RefusedError(Exception):
    """Ends the parser's work on what it has read so far; uvicorn then calls `send_400_response`."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's own protocol, which by itself waits for a request for as long as something of it comes, or nothing at all."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for a request. Where there are too many connections, the longest idle one is closed."""
        super().connection_made(transport)
        self._cycles: deque[RequestResponseCycle] = deque()  # the requests that are not answered yet
        self._timer: asyncio.TimerHandle | None = None  # for what the client has to send
        self._send_timer: asyncio.TimerHandle | None = None  # for what it has to read
        self._unfinished_bytes = self._head_bytes = 0
        self._body_is_due = False
        transport.set_write_buffer_limits(high=MAX_HEAD_BYTES, low=0)  # writing is resumed when everything has been taken
        if len(self.connections) > most_connections() and not _waiting:
            self.logger.warning("All of %d connections are at work: one more was refused.", len(self.connections) - 1)
            self._refuse(503, "Too many connections", ("retry-after", str(RETRY_AFTER_SECONDS)))
            return
        if len(self.connections) > most_connections():  # aborted: a closed one keeps its descriptor until all is sent
            _waiting.popitem(last=False)[0].transport.abort()
        self._wait_for_client()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell all requests that are not answered, not the last one alone as uvicorn does."""
        _cancel(self._timer)
        _cancel(self._send_timer)
        _waiting.pop(self, None)
        for cycle in self._cycles:
            cycle.disconnected = True
            cycle.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser; refuse what it cannot make anything of yet once that is too large."""
        if self.transport.is_closing():
            return
        self._unfinished_bytes += len(data)
        super().data_received(data)
        if self._unfinished_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refuse(400, _HEAD_TOO_LARGE)

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, _HEAD_TOO_LARGE if self._head_bytes > MAX_HEAD_BYTES else msg)

    def on_headers_complete(self) -> None:
        """A head that came at once with its end is measured here. Spaces around values, which are not kept, do not count then."""
        self._head_bytes = len(self.url) + sum([len(name) + len(value) + len(": \r\n") for name, value in self.headers])
        upgrades = self.parser.should_upgrade()
        is_too_much = self._head_bytes > MAX_HEAD_BYTES or len(self._cycles) > MOST_QUEUED
        if is_too_much or _can_be_read_in_two_ways(self.headers, upgrades=upgrades):
            raise _RefusedError
        if not self.url.startswith(b"/"):
            _let_target_name_host(self.headers, urlsplit(self.url).netloc)
        super().on_headers_complete()
        self.headers = []  # for trailers, which are not read: they must not pass for headers (RFC 9110 6.5.1)
        self.cycle.keep_alive = self.cycle.keep_alive and not upgrades
        self._cycles.append(self.cycle)
        self._body_is_due = True
        self._wait_for_client()

    def on_body(self, body: bytes) -> None:
        self._unfinished_bytes = 0  # the application judges a body's length
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unfinished_bytes = 0
        self._body_is_due = False
        super().on_message_complete()
        self._wait_for_client()

    def on_response_complete(self) -> None:
        self._cycles.popleft()
        super().on_response_complete()
        self._wait_for_client()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._send_timer = self.loop.call_later(SEND_SECONDS, self.transport.abort)
        _waiting.setdefault(self)

    def resume_writing(self) -> None:
        super().resume_writing()
        _cancel(self._send_timer)
        self._send_timer = None
        self._keep_place()

    def _wait_for_client(self) -> None:
        """Limit the time for what the client has to do next: send a head or the rest of a body, or take what ends the connection."""
        _cancel(self._timer)
        self._timer = None
        if self.transport.is_closing():
            self._timer = self.loop.call_later(SEND_SECONDS, self._time_is_up)
        elif len(self._cycles) <= self._body_is_due:  # else a request that has come wholly waits for its answer
            self._timer = self.loop.call_later(BODY_SECONDS if self._body_is_due else HEAD_SECONDS, self._time_is_up)
        self._keep_place()

    def _keep_place(self) -> None:
        """Among the connections that wait for their client, if this one does."""
        if self._timer is None and self._send_timer is None:
            _waiting.pop(self, None)
        else:
            _waiting.setdefault(self)

    def _time_is_up(self) -> None:
        if self.transport.is_closing():
            self.transport.abort()
        elif self.flow.read_paused:  # the application has not taken what came before
            self._wait_for_client()
        elif self._body_is_due or self._unfinished_bytes:
            self.logger.warning("A request that had not arrived in time was cut off.")
            self._refuse(408, "Request not received in time")
        else:
            self.transport.close()
            self._wait_for_client()

    def _refuse(self, status: int, reason: str, *more: tuple[str, str]) -> None:
        """A few plain words, since nothing is known of who asks, and the end of the connection.

        Where the answer to an earlier request is due, or this one's has begun, the words would be taken for it: they are left out.
        """
        if len(self._cycles) == self._body_is_due and not (self._body_is_due and self.cycle.response_started):
            self.transport.write(_plain_answer(status, reason, *more))
        self.transport.close()
        self._wait_for_client()


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()


def _plain_answer(status: int, reason: str, *more: tuple[str, str]) -> bytes:
    headers = [("content-type", "text/plain; charset=utf-8"), ("content-length", str(len(reason))), ("connection", "close"), *more]
    lines = "".join(f"{name}: {value}\r\n" for name, value in [*headers, *_GUARDED])
    return STATUS_LINE[status] + f"{lines}\r\n{reason}".encode("ascii")


def _can_be_read_in_two_ways(headers: Sequence[tuple[bytes, bytes]], *, upgrades: bool) -> bool:
    """Whether a proxy may take something else for the request, or its end, than we do: so requests are smuggled.

    There must be one Host (RFC 9112 3.2). And the parser ends a request that asks for another protocol with its head, and would
    take its body for the next one.
    """
    names = [name for name, _value in headers]
    return names.count(b"host") > 1 or (upgrades and not _FRAMING.isdisjoint(names))


def _let_target_name_host(headers: list[tuple[bytes, bytes]], host: bytes) -> None:
    """Of a request whose target is a whole URL, the target's host counts and the Host header's does not (RFC 9112 3.2.2).

    What judges the host reads it from that header. A request without one stays without, and is refused for that.
    """
    headers[:] = [(name, host if name == b"host" else value) for name, value in headers]


def most_connections() -> int:
    """How many connections a worker may hold: so many that it can still open its database."""
    descriptors, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if descriptors == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, descriptors - RESERVED_DESCRIPTORS)
