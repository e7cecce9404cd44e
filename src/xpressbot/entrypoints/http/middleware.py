"""The outermost layer: every request gets an id, a log line without its query string, its headers, and an honest answer."""

from typing import Final

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xpressbot.entrypoints.http.cross_origin import is_cross_origin, is_misdirected
from xpressbot.entrypoints.http.errors import MISDIRECTED, error_response, http_error_response, unavailable_response
from xpressbot.entrypoints.http.headers import security_headers
from xpressbot.entrypoints.http.page_request import Site
from xpressbot.entrypoints.http.proxy_observer import ProxyObserver
from xpressbot.entrypoints.http.request_durations import RequestDurations
from xpressbot.entrypoints.telemetry.definitions import FailureCause
from xpressbot.foundation.database.engine import UNAVAILABLE
from xpressbot.foundation.database.errors import fault_of
from xpressbot.foundation.metrics import stopwatch
from xpressbot.foundation.threads.worker_pools import RETRY_AFTER_SECONDS, PoolBusyError

_REQUEST_ID_BYTES: Final = 8
_REQUEST_ID_HEADER: Final = b"x-request-id"
_NOT_STORED: Final = (b"cache-control", b"no-store")
_RETRY: Final = {"Retry-After": str(RETRY_AFTER_SECONDS)}


class RequestMiddleware:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site
        self._log = structlog.get_logger("xpressbot.http").bind()  # once: to bind takes as long as to write a line
        self._watch = ProxyObserver(site.services)
        self._times = RequestDurations(site.services.telemetry.requests)
        self._failures = site.services.telemetry.failures
        self._headers = [(name.lower().encode(), value.encode()) for name, value in security_headers(site.services.settings).items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = stopwatch()
        request = Request(scope, receive)
        reference = self._site.services.entropy.token_bytes(_REQUEST_ID_BYTES).hex()
        answer = _Answer(send, [*self._headers, (_REQUEST_ID_HEADER, reference.encode())])
        structlog.contextvars.bind_contextvars(request=reference)
        refusal = self._refusal(request)
        self._watch.look_at(request, misdirected=refusal == MISDIRECTED)
        try:
            if refusal is not None:
                await error_response(self._site.renderer, request, refusal)(scope, receive, answer.send)
            else:
                await self._app(scope, receive, answer.send)
        except ClientDisconnect:
            self._log.info("http.client_gone", path=scope["path"])
        except Exception as error:  # whatever it is, nobody gets in and somebody is told
            if answer.status is not None:
                raise
            await self._explain(request, error, reference)(scope, receive, answer.send)
        finally:
            self._log.info("http.request", method=scope["method"], path=scope["path"], status=answer.status)
            self._times.note(scope, answer.status, stopwatch() - began)

    def _refusal(self, request: Request) -> int | None:
        settings = self._site.services.settings
        if is_misdirected(settings, request):
            return MISDIRECTED
        if not request.scope["path"].isprintable():
            return 404  # none of ours is, and a pattern's end would match before a line feed
        if is_cross_origin(settings, request):
            self._log.warning("http.cross_site_refused", path=request.scope["path"])
            return 403
        return None

    def _explain(self, request: Request, error: Exception, reference: str) -> ASGIApp:
        renderer = self._site.renderer
        match error:
            case HTTPException():
                return http_error_response(renderer, request, error)
            case PoolBusyError():
                self._log.warning("http.too_busy", path=request.scope["path"])
                self._failures[FailureCause.BUSY].inc()
                return error_response(renderer, request, 503, headers=_RETRY, reference=reference)
            case _ if isinstance(error, UNAVAILABLE):
                fault = fault_of(error)
                self._log.error("http.database_unavailable", path=request.scope["path"], error=type(error).__name__, reason=fault)
                self._failures[FailureCause.DATABASE].inc()
                return unavailable_response(renderer, request, fault, reference=reference)
            case _:
                self._log.exception("http.failed", path=request.scope["path"], exc_info=error)
                self._failures[FailureCause.INTERNAL].inc()
                return error_response(renderer, request, 500, reference=reference)


class _Answer:
    """Adds our headers to a response on its way out."""

    def __init__(self, send: Send, headers: list[tuple[bytes, bytes]]) -> None:
        self._send = send
        self._headers = headers
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = message.get("headers", [])
            caching = [] if b"cache-control" in dict(given) else [_NOT_STORED]
            message = {**message, "headers": [*given, *caching, *self._headers]}
        await self._send(message)
