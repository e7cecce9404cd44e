"""GET /metrics, and who may read it: this machine, and the networks that the operator names."""

import asyncio
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xpressbot.entrypoints.http.client_address import client_address
from xpressbot.entrypoints.http.forwarded_headers import forwarded_header
from xpressbot.entrypoints.http.host_header import METRICS_PATH
from xpressbot.entrypoints.http.page_request import Site
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.metrics import CONTENT_TYPE
from xpressbot.foundation.networks import is_loopback, is_within
from xpressbot.foundation.settings import Settings

OCCUPANCY_INTERVAL_SECONDS: Final = 1


def metrics_route(site: Site) -> Route:
    """GET /metrics. To others it is a page that does not exist."""
    services = site.services

    async def metrics(request: Request) -> Response:
        if not may_read(request, services.settings):
            raise HTTPException(404)
        services.occupancy.renew()
        # Not on a page's thread: when all of those hang, these figures say so.
        return Response(await asyncio.to_thread(services.telemetry.metrics.exposition), headers={"Content-Type": CONTENT_TYPE})

    return Route(METRICS_PATH, metrics, methods=["GET"])


def may_read(request: Request, settings: Settings) -> bool:
    """Whether it comes straight from this machine, or from a network that is set.

    A request that was forwarded comes from the client that a trusted proxy names, which may be an address of the proxy's
    own machine, so that loopback counts for nothing there. If the proxy names no client, or is none of the trusted, it could be
    any client's: else a proxy on this machine would publish the figures.
    """
    peer = request.client.host if request.client else ""
    if forwarded_header(request) is not None:
        address = client_address(request, settings.trusted_proxies)
        return address != peer and is_within(address, settings.metrics_from)
    return is_loopback(peer) or is_within(peer, settings.metrics_from)


async def keep_occupancy_current(services: Services) -> None:
    """Until it is cancelled: another worker may answer for this one."""
    while True:
        services.occupancy.renew()
        await asyncio.sleep(OCCUPANCY_INTERVAL_SECONDS)
