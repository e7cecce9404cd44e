"""HTTP/1.1 with a limit on what a client may send besides the bodies that the application itself counts."""

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES: Final = 64 * 1024


class BoundedHeadProtocol(HttpToolsProtocol):
    """uvicorn's own protocol, which by itself keeps reading a request's line, headers and trailers for as long as they come."""

    _unfinished_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Feed the parser; answer 400 and hang up once what it cannot make anything of yet is too large."""
        self._unfinished_bytes += len(data)
        super().data_received(data)
        if self._unfinished_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.logger.warning("A request head over %d bytes was refused.", MAX_HEAD_BYTES)
            self.send_400_response("Request head too large")

    def on_body(self, body: bytes) -> None:
        """A piece of a body; the application judges its length."""
        self._unfinished_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """What comes next is the head of another request."""
        self._unfinished_bytes = 0
        super().on_message_complete()
