"""HTTP/1.1 with limits on what a client may send besides the bodies that the application itself counts, and on how long it may take."""

import asyncio
import fcntl
import resource
import termios
from collections import deque
from operator import itemgetter
from typing import Any, Final

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from xpressbot.entrypoints.http.headers import ALWAYS
from xpressbot.foundation.threads.worker_pools import RETRY_AFTER_SECONDS

MAX_HEAD_BYTES: Final = 64 * 1024
MOST_QUEUED: Final = 8
"""Requests of one connection that wait while the one before them is answered."""
HEAD_SECONDS: Final = 30
BODY_SECONDS: Final = 60
SEND_SECONDS: Final = 60
LINGER_SECONDS: Final = 1
"""A worker that stops still takes requests on open connections for so long."""
MOST_CONNECTIONS: Final = 4096
RESERVED_DESCRIPTORS: Final = 128
"""For the database, the log, and the program itself, of the files that a process may have open."""
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
_NOTHING: Final = bytes(4)
_GUARDED: Final = [("cache-control", "no-store"), *((name.lower(), value) for name, value in ALWAYS.items())]
_HEAD_TOO_LARGE: Final = "Request head too large"


class _Refused(Exception):  # noqa: N818  # it ends the parser's work, and nothing else
    """What has been read so far is refused."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's own protocol, which by itself waits for a request for as long as something of it comes, or nothing at all.

    One timer a connection looks when its next limit is due; a request costs no timer.
    """

    _unfinished_bytes = 0
    _head_bytes = 0
    _asks_too_much = False
    _waiting_since: float | None = None
    """Since when the client has had its turn: to ask, or to send the body. None while it is the application's."""
    _head_is_complete = False
    _is_stopping = False
    _has_given_way = False
    _unsent_since: float | None = None
    """Since when the client has not taken all that it was sent. None once it has, or where the application need not wait for it."""
    _look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for a request. Where there are too many connections, whoever has kept us waiting longest gives way."""
        super().connection_made(transport)
        self._due: deque[RequestResponseCycle] = deque()
        transport.set_write_buffer_limits(high=HIGH_WATER_LIMIT, low=0)  # writing is resumed when everything has been taken
        if len(self.connections) > most_connections() and not self._make_room():
            self.logger.warning("All of %d connections are at work: one more was refused.", len(self.connections) - 1)
            self._has_given_way = True
            self._refuse(503, "Too many connections", ("retry-after", str(RETRY_AFTER_SECONDS)))
        self._waiting_since = self.loop.time()
        self._look = self.loop.call_later(HEAD_SECONDS, self._look_after)

    def connection_lost(self, exc: Exception | None) -> None:
        """Look no more, and tell all that are being answered here, not the last alone."""
        if self._look is not None:
            self._look.cancel()
        for cycle in self._due:
            cycle.disconnected = True
            cycle.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser; answer 400 and hang up once what it cannot make anything of yet is too large."""
        if self._asks_too_much:
            return
        self._unfinished_bytes += len(data)
        super().data_received(data)
        if self._unfinished_bytes > MAX_HEAD_BYTES and not (self._asks_too_much or self.transport.is_closing()):
            self.send_400_response(_HEAD_TOO_LARGE)

    def send_400_response(self, msg: str) -> None:
        """Refuse what has been read. Where that is one request too many, those before it are still answered."""
        if self._asks_too_much:
            self.logger.warning("More than %d requests were sent ahead: the connection ends after their answers.", MOST_QUEUED)
            return
        if self._head_bytes > MAX_HEAD_BYTES:
            msg = _HEAD_TOO_LARGE
        if msg == _HEAD_TOO_LARGE:
            self.logger.warning("A request head over %d bytes was refused.", MAX_HEAD_BYTES)
        self._refuse(400, msg)

    def on_headers_complete(self) -> None:
        """The head is complete; the body has a time of its own."""
        # A head that came at once with its end is measured here. Spaces around values, which nobody keeps, do not count then.
        self._head_bytes = len(self.url) + sum([len(name) + len(value) + len(": \r\n") for name, value in self.headers])
        if self._head_bytes > MAX_HEAD_BYTES or self._can_be_read_in_two_ways():
            raise _Refused
        if len(self._due) > MOST_QUEUED:
            self._due[-1].keep_alive = False
            self._asks_too_much = True
            raise _Refused
        self._waiting_since = self.loop.time()
        self._head_is_complete = True
        before = self.cycle
        super().on_headers_complete()
        self.headers = []  # for trailers, which nobody reads: they must not pass for headers (RFC 9110 6.5.1)
        if self.cycle is not before:
            self._due.append(self.cycle)
        if self._is_stopping or self.parser.should_upgrade():
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
        """Give the client its turn again, unless its next request is here already."""
        self._due.popleft()
        if not self.pipeline or self._head_is_complete:
            self._waiting_since = self.loop.time()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """More lies unsent than the application may add to."""
        self._unsent_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """All of it has been taken."""
        self._unsent_since = None
        super().resume_writing()

    def shutdown(self) -> None:
        """The worker stops: what has been asked is answered, and so is what is on its way already."""
        self._is_stopping = True
        if self._is_answering:
            self.cycle.keep_alive = False
        else:
            self.loop.call_later(LINGER_SECONDS, self._leave)

    @property
    def waiting_since(self) -> float | None:
        """Since when it is the client that must go on, be it to ask or to take its answer. None while we must, or once it has given way."""
        if self._has_given_way:
            return None
        turns = (self._unsent_since, None if self.flow.read_paused else self._waiting_since)
        return min((since for since in turns if since is not None), default=None)

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

    def _can_be_read_in_two_ways(self) -> bool:
        """Whether a proxy may take something else for the request, or its end, than we do: so requests are smuggled.

        There must be one Host (RFC 9112 3.2). And the parser ends a request that asks for another protocol with its head, and
        would take its body for the next one.
        """
        names = [name for name, _value in self.headers]
        return names.count(b"host") > 1 or (self.parser.should_upgrade() and not _FRAMING.isdisjoint(names))

    def _make_room(self) -> bool:
        """Each that gives way does so for one newcomer, and counts until it is gone: its descriptor is in use until then."""
        others = [other for other in self.connections if isinstance(other, BoundedProtocol)]
        waiting = [(since, other) for other in others if (since := other.waiting_since) is not None]
        if not waiting:
            return False
        _since, longest = min(waiting, key=itemgetter(0))
        longest.give_way()
        return True

    def give_way(self) -> None:
        """Be gone at once, whatever the client has not taken."""
        self._has_given_way = True
        if self.transport.is_closing() or self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.hang_up()
            self.loop.call_soon(self._drop_unsent)  # the event loop may send at the end of its turn only

    def _drop_unsent(self) -> None:
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def _look_after(self) -> None:
        now = self.loop.time()
        deadline = self._deadline(now)
        if deadline <= now:
            self._cut_off()
            self._unsent_since = now
            deadline = now + SEND_SECONDS
        self._look = self.loop.call_at(deadline, self._look_after)

    def _cut_off(self) -> None:
        if self._unsent_since is not None:
            self.logger.warning("A client did not take its answer within %d seconds.", SEND_SECONDS)
            self.transport.abort()
            return
        if not self._is_idle:
            limit = BODY_SECONDS if self._head_is_complete else HEAD_SECONDS
            self.logger.warning("A request that had not arrived after %d seconds was cut off.", limit)
        self.hang_up()

    def _deadline(self, now: float) -> float:
        """When the next limit is due, or else when the next one can be."""
        if self._unsent_since is None and self.transport.is_closing():
            self._unsent_since = now
        if self._unsent_since is not None:
            return self._unsent_since + SEND_SECONDS
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
        lines = "".join(f"{name}: {value}\r\n" for name, value in [*headers, *_GUARDED])
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
