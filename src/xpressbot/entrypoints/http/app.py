"""The application: routes and the layers around them."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from xpressbot import __version__
from xpressbot.entrypoints.http.api.session import OPENAPI_PATH_ITEM, SESSION_PATH, session_route
from xpressbot.entrypoints.http.cookies import Cookies
from xpressbot.entrypoints.http.errors import http_error_response
from xpressbot.entrypoints.http.form_subject import FormSubjects
from xpressbot.entrypoints.http.health import health_routes
from xpressbot.entrypoints.http.metrics import metrics_route, occupancy_kept_current
from xpressbot.entrypoints.http.middleware import RequestMiddleware
from xpressbot.entrypoints.http.page_request import Site
from xpressbot.entrypoints.http.pages import PAGES
from xpressbot.entrypoints.http.rendering import Renderer, load_static_files
from xpressbot.entrypoints.http.routing import destinations, page_routes
from xpressbot.entrypoints.http.switchboard import Switchboard
from xpressbot.entrypoints.jobs import run_jobs
from xpressbot.entrypoints.messages.languages import Languages
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.threads.worker_pools import SWITCH_INTERVAL_SECONDS

OPENAPI_URL = "/api/v1/openapi.json"
_A_YEAR = 31_536_000
_NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
"""FastAPI would hand messages of exceptions to whoever collects them. What may be told is told by our log and metrics."""


ENGLISH_ALONE: Final = Languages()


def create_app(services: Services, languages: Languages = ENGLISH_ALONE) -> FastAPI:
    """Build the application of one worker. languages: those that its pages are served in."""
    renderer = Renderer(languages, plain_http_warning=services.settings.plain_http_warning)
    site = Site(services, renderer, Cookies(services.settings), destinations(PAGES), FormSubjects(services.digest))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
        jobs = asyncio.create_task(run_jobs(services))
        try:
            async with occupancy_kept_current(services):
                yield
        finally:
            jobs.cancel()
            await asyncio.gather(jobs, return_exceptions=True)
            services.close()

    app = _Application(
        title="XpressBot",
        version=__version__,
        openapi_url=OPENAPI_URL,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        site=site,
        telemetry=_NO_TELEMETRY,
    )
    app.router.routes.extend([session_route(site), *health_routes(site), *page_routes(site, PAGES), metrics_route(site), _static_route()])

    # RequestMiddleware explains those that pages raise; FastAPI's own layers would explain others in their way before it.
    @app.exception_handler(HTTPException)
    async def on_http_error(request: Request, error: HTTPException) -> Response:
        return http_error_response(renderer, request, error)

    return app


class _Application(FastAPI):
    """FastAPI within our own layers, with the descriptions of the API's plain routes in its OpenAPI document."""

    def __init__(self, *, site: Site, **options: Any) -> None:
        super().__init__(**options)
        self._site = site

    def build_middleware_stack(self) -> ASGIApp:
        # FastAPI's outermost layer answers whatever is raised with a bare 500, before reception could explain it.
        outermost = super().build_middleware_stack()
        if not isinstance(outermost, ServerErrorMiddleware):
            raise TypeError(f"{outermost} is not the layer that is to be left out")
        return RequestMiddleware(Switchboard(outermost.app, self.router.routes), self._site)

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        document["paths"][SESSION_PATH] = OPENAPI_PATH_ITEM
        return document


def _static_route() -> Route:
    async def static_file(request: Request) -> Response:
        file = load_static_files().get(request.path_params["name"])
        if file is None:
            raise HTTPException(404)
        is_current = request.query_params.get("v") == file.version
        caching = f"public, max-age={_A_YEAR}, immutable" if is_current else "no-cache"
        return Response(file.content, media_type=file.media_type, headers={"Cache-Control": caching})

    return Route("/static/{name}", static_file, methods=["GET"])
