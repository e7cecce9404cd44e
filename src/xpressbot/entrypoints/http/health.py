"""Alive, and ready to serve."""

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from xpressbot.diagnostics.readiness import NOT_REACHED, Readiness
from xpressbot.entrypoints.http.page_request import Site

READY_WITHIN_SECONDS: Final = 2


def health_routes(site: Site) -> list[Route]:
    """GET /healthz: the event loop turns. GET /readyz: database, schema and keys are fit to serve; and how mail is."""
    check = _SharedCheck(site)

    async def alive(_request: Request) -> Response:
        return PlainTextResponse("ok")

    async def ready(_request: Request) -> Response:
        found = await check.result()
        parts = {"database": found.database, "schema": found.schema, "keys": found.keys, "mail": found.mail}
        return JSONResponse(parts, status_code=200 if found.ready else 503)

    return [Route("/healthz", alive, methods=["GET"]), Route("/readyz", ready, methods=["GET"])]


class _SharedCheck:
    """At most one at a time, however many clients ask: a database that hangs holds one thread, and no client waits for it for long."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._running: asyncio.Future[Readiness] | None = None

    async def result(self) -> Readiness:
        """What the check that is running finds; a new one if there is none."""
        if self._running is None or self._running.done():
            services = self._site.services
            self._running = asyncio.ensure_future(services.pools.page.run(services.readiness.check))
        done, _unfinished = await asyncio.wait({self._running}, timeout=READY_WITHIN_SECONDS)
        return done.pop().result() if done else NOT_REACHED
