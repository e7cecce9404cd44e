"""Around all routes: every request gets an id, a log line without its query string, its headers, and an honest answer."""

from collections.abc import Sequence
from typing import Final

import structlog
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xpressbot.entrypoints.http.cross_origin import is_cross_origin
from xpressbot.entrypoints.http.customers.audience import is_for_customers
from xpressbot.entrypoints.http.errors import MISDIRECTED, error_response, unavailable_response
from xpressbot.entrypoints.http.headers import customer_headers, security_headers
from xpressbot.entrypoints.http.host_header import is_misdirected
from xpressbot.entrypoints.http.page_request import Site
from xpressbot.entrypoints.http.proxy_observer import ProxyObserver
from xpressbot.entrypoints.http.request_durations import RequestDurations
from xpressbot.entrypoints.telemetry.definitions import FailureCause
from xpressbot.foundation.database.engine import UNAVAILABLE
from xpressbot.foundation.database.errors import fault_of
from xpressbot.foundation.metrics import stopwatch
from xpressbot.foundation.threads.worker_pools import RETRY_AFTER_SECONDS, PoolBusyError

_REQUEST_ID_BYTES: Final = 8
_LOG: Final = structlog.get_logger("xpressbot.http")
_Header = tuple[bytes, bytes]
_CACHE_CONTROL: Final = b"cache-control"
_NOT_STORED: Final = ((_CACHE_CONTROL, b"no-store"),)
_RETRY: Final = {"Retry-After": str(RETRY_AFTER_SECONDS)}


class RequestMiddleware:
    """ASGI middleware. Exceptions that it does not know it explains too, so that Starlette's own last resort is never asked."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site
        self._observer = ProxyObserver(site.services)
        self._durations = RequestDurations(site.services.telemetry.requests)
        self._failures = site.services.telemetry.failures
        self._headers = Headers(security_headers(site.services.settings)).raw
        self._customer_headers = Headers(customer_headers(site.services.settings)).raw

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = stopwatch()
        request = Request(scope, receive)
        reference = self._site.services.entropy.token_bytes(_REQUEST_ID_BYTES).hex()
        of_group = self._customer_headers if is_for_customers(request) else self._headers
        answer = _Answer(send, [*of_group, *Headers({"X-Request-ID": reference}).raw])
        structlog.contextvars.bind_contextvars(request=reference)
        refusal = self._refusal(request)
        try:
            if refusal is not None:
                await error_response(self._site.renderer, request, refusal)(scope, receive, answer.send)
            else:
                await self._app(scope, receive, answer.send)
        except ClientDisconnect:
            _LOG.info("http.client_gone", path=scope["path"])
        except Exception as error:
            if answer.status is not None:
                raise
            await self._explain(request, error, reference)(scope, receive, answer.send)
        finally:
            _LOG.info("http.request", method=scope["method"], path=scope["path"], status=answer.status)
            self._durations.note(scope, answer.status, stopwatch() - began)
            await self._observer.look_at(request, misdirected=refusal == MISDIRECTED)

    def _refusal(self, request: Request) -> int | None:
        settings = self._site.services.settings
        if is_misdirected(settings, request):
            return MISDIRECTED
        if not request.scope["path"].isprintable():
            return 404  # none of ours is, and a pattern's end would match before a line feed
        if is_cross_origin(settings, request):
            _LOG.warning("http.cross_site_refused", path=request.scope["path"])
            return 403
        return None

    def _explain(self, request: Request, error: Exception, reference: str) -> ASGIApp:
        renderer = self._site.renderer
        match error:
            case PoolBusyError():
                _LOG.warning("http.too_busy", path=request.scope["path"])
                self._failures[FailureCause.BUSY].inc()
                return error_response(renderer, request, 503, headers=_RETRY, reference=reference)
            case _ if isinstance(error, UNAVAILABLE):
                fault = fault_of(error)
                _LOG.error("http.database_unavailable", path=request.scope["path"], error=type(error).__name__, reason=fault)
                self._failures[FailureCause.DATABASE].inc()
                return unavailable_response(renderer, request, fault, reference=reference)
            case _:
                _LOG.exception("http.failed", path=request.scope["path"], exc_info=error)
                self._failures[FailureCause.INTERNAL].inc()
                return error_response(renderer, request, 500, reference=reference)


class _Answer:
    """Adds our headers to a response on its way out."""

    def __init__(self, send: Send, headers: Sequence[_Header]) -> None:
        self._send = send
        self._headers = headers
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = message["headers"]
            caching = () if any(name == _CACHE_CONTROL for name, _value in own) else _NOT_STORED
            message = {**message, "headers": [*own, *caching, *self._headers]}
        await self._send(message)
