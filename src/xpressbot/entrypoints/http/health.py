"""Alive, and ready to serve."""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from xpressbot.entrypoints.http.visit import Site
from xpressbot.foundation.database.engine import UNAVAILABLE


def health_routes(site: Site) -> list[Route]:
    """GET /healthz: the event loop turns. GET /readyz: the database answers too."""

    async def alive(_request: Request) -> Response:
        return PlainTextResponse("ok")

    async def ready(_request: Request) -> Response:
        try:
            await site.house.pools.page.run(site.house.database.ping)
        except UNAVAILABLE:
            return JSONResponse({"database": "unavailable"}, status_code=503)
        return JSONResponse({"database": "ok"})

    return [Route("/healthz", alive, methods=["GET"]), Route("/readyz", ready, methods=["GET"])]
