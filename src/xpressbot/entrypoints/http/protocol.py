"""HTTP/1.1 with a limit on what a client may send before its request begins to be answered."""

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES: Final = 64 * 1024


class BoundedHeadProtocol(HttpToolsProtocol):
    """uvicorn's own protocol, which by itself keeps reading a request's line and headers for as long as they come."""

    _head_bytes = 0
    _in_head = True

    def data_received(self, data: bytes) -> None:
        """Feed the parser; answer 400 and hang up once an unfinished head is too large."""
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
                self.logger.warning("A request head over %d bytes was refused.", MAX_HEAD_BYTES)
                self.send_400_response("Request head too large")

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head = True
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its head is whole."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """What comes next is the head of another."""
        super().on_message_complete()
        self._in_head = True
        self._head_bytes = 0
