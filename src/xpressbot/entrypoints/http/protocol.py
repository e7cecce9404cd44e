"""HTTP/1.1 with limits on what a client may send besides the bodies that the application itself counts, and on how long it may take."""

import asyncio
import fcntl
import resource
import termios
from operator import itemgetter
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from xpressbot.entrypoints.http.pools import RETRY_AFTER_SECONDS

MAX_HEAD_BYTES: Final = 64 * 1024
HEAD_SECONDS: Final = 30
BODY_SECONDS: Final = 60
SEND_SECONDS: Final = 60
LINGER_SECONDS: Final = 1
"""A worker that stops still takes requests on open connections for so long."""
MOST_CONNECTIONS: Final = 4096
RESERVED_DESCRIPTORS: Final = 128
"""For the database, the log, and the program itself, of the files that a process may have open."""
_NOTHING: Final = bytes(4)


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's own protocol, which by itself waits for a request for as long as something of it comes, or nothing at all.

    One timer a connection looks when its next limit is due; a request costs no timer.
    """

    _unfinished_bytes = 0
    _waiting_since: float | None = None
    """Since when the client has had its turn: to ask, or to send the body. None while it is the application's."""
    _head_is_complete = False
    _is_stopping = False
    _answers = 0
    _unsent: tuple[int, float] | None = None
    """After how many answers, and since when, something lies unsent."""
    _look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for a request. Where there are too many connections, whoever has let us wait longest gives way."""
        super().connection_made(transport)
        if len(self.connections) > most_connections() and not self._make_room():
            self.logger.warning("All of %d connections are at work: one more was refused.", len(self.connections) - 1)
            self._refuse(503, "Too many connections", ("retry-after", str(RETRY_AFTER_SECONDS)))
            return
        self._waiting_since = self.loop.time()
        self._look = self.loop.call_later(HEAD_SECONDS, self._look_after)

    def connection_lost(self, exc: Exception | None) -> None:
        """Look no more."""
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser; answer 400 and hang up once what it cannot make anything of yet is too large."""
        self._unfinished_bytes += len(data)
        super().data_received(data)
        if self._unfinished_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.logger.warning("A request head over %d bytes was refused.", MAX_HEAD_BYTES)
            self.send_400_response("Request head too large")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; a trailer is none, or it could say after all where the request comes from."""
        if not self._head_is_complete:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is complete; the body has a time of its own."""
        self._waiting_since = self.loop.time()
        self._head_is_complete = True
        super().on_headers_complete()
        if self._is_stopping:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """A piece of a body; the application judges its length."""
        self._unfinished_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request has come. What follows is the head of another."""
        self._unfinished_bytes = 0
        self._waiting_since = None
        self._head_is_complete = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Count it, and give the client its turn again, unless its next request is here already."""
        self._answers += 1
        if not self.pipeline or self._head_is_complete:
            self._waiting_since = self.loop.time()
        super().on_response_complete()

    def shutdown(self) -> None:
        """The worker stops: what has been asked is answered, and so is what is on its way already."""
        self._is_stopping = True
        if self._is_answering:
            self.cycle.keep_alive = False
        else:
            self.loop.call_later(LINGER_SECONDS, self._leave)

    @property
    def waiting_since(self) -> float | None:
        """Since when nothing can go on here but by the client; None while something can."""
        return None if self.flow.read_paused else self._waiting_since

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def _is_idle(self) -> bool:
        """Whether nothing of a request has come."""
        return not self._is_answering and not self._head_is_complete and self._unfinished_bytes == 0

    def _leave(self) -> None:
        """Hang up on a client that has nothing to ask. A request that is begun closes the connection when it is answered."""
        if not self._is_idle or self.transport.is_closing():
            return
        if _has_unread(self.transport):
            self.loop.call_soon(self._leave)
        else:
            self.transport.close()

    def _make_room(self) -> bool:
        others = [other for other in self.connections if isinstance(other, BoundedProtocol)]
        waiting = [(since, other) for other in others if (since := other.waiting_since) is not None]
        if not waiting:
            return False
        _since, longest = min(waiting, key=itemgetter(0))
        self.connections.discard(longest)
        longest.hang_up()
        return True

    def _look_after(self) -> None:
        now = self.loop.time()
        deadline = self._deadline(now)
        if deadline > now:
            self._look = self.loop.call_at(deadline, self._look_after)
        elif self._unsent is not None:
            self.logger.warning("A client did not take its answer within %d seconds.", SEND_SECONDS)
            self.transport.abort()
        else:
            limit = BODY_SECONDS if self._head_is_complete else HEAD_SECONDS
            if not self._is_idle:
                self.logger.warning("A request that had not arrived after %d seconds was cut off.", limit)
            self.hang_up()

    def _deadline(self, now: float) -> float:
        """When the next limit is due, or else when the next one can be."""
        if self.transport.get_write_buffer_size():
            if self._unsent is None or self._unsent[0] != self._answers:
                self._unsent = (self._answers, now)
            return self._unsent[1] + SEND_SECONDS
        self._unsent = None
        if self._waiting_since is None:
            return now + HEAD_SECONDS
        if self.flow.read_paused:
            self._waiting_since = now  # we do not listen: the request before it is being answered
        return self._waiting_since + (BODY_SECONDS if self._head_is_complete else HEAD_SECONDS)

    def hang_up(self) -> None:
        """On a client that has asked for nothing, or not for anything that is complete."""
        if self._is_idle or (self._head_is_complete and self.cycle.response_started):
            self.transport.close()
        else:
            self._refuse(408, "Request not received in time")

    def _refuse(self, status: int, reason: str, *more: tuple[str, str]) -> None:
        """A few plain words, since nothing is known of who asks, and the end of the connection."""
        headers = [("content-type", "text/plain; charset=utf-8"), ("content-length", str(len(reason))), ("connection", "close"), *more]
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        self.transport.write(STATUS_LINE[status] + f"{lines}\r\n{reason}".encode("ascii"))
        self.transport.close()


def most_connections() -> int:
    """How many connections a worker may hold: so many that it can still open its database."""
    descriptors, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if descriptors == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, descriptors - RESERVED_DESCRIPTORS)


def _has_unread(transport: asyncio.Transport) -> bool:
    """Whether something has come that the event loop has not read yet. Closing now would throw it away."""
    connection: Any = transport.get_extra_info("socket")
    return fcntl.ioctl(connection.fileno(), termios.FIONREAD, _NOTHING) != _NOTHING
