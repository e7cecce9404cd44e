"""The application of one worker: its routes, and what runs beside them."""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from anyio import create_task_group
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from xpressbot.entrypoints.chat_sweep import sweep_chat
from xpressbot.entrypoints.http.api.session import api_routes
from xpressbot.entrypoints.http.cookies import Cookies
from xpressbot.entrypoints.http.customers import chat_page
from xpressbot.entrypoints.http.customers.routes import customer_routes
from xpressbot.entrypoints.http.errors import http_error_response
from xpressbot.entrypoints.http.factor_presentation import Factors
from xpressbot.entrypoints.http.factors.registry import FACTOR_PAGES, FACTORS
from xpressbot.entrypoints.http.form_subject import FormSubjects
from xpressbot.entrypoints.http.health import health_routes
from xpressbot.entrypoints.http.language_switch import LanguageSwitch
from xpressbot.entrypoints.http.metrics import keep_occupancy_current, metrics_route
from xpressbot.entrypoints.http.middleware import RequestMiddleware
from xpressbot.entrypoints.http.page_request import Site
from xpressbot.entrypoints.http.page_routes import destinations, page_routes, shown_at
from xpressbot.entrypoints.http.pages import all_pages
from xpressbot.entrypoints.http.rendering import Renderer, load_static_files
from xpressbot.entrypoints.http.routing import Page
from xpressbot.entrypoints.jobs import run_jobs
from xpressbot.entrypoints.mail_delivery import send_mails
from xpressbot.entrypoints.messages.languages import Languages
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.threads.worker_pools import SWITCH_INTERVAL_SECONDS

_A_YEAR: Final = 31_536_000


ENGLISH_ALONE: Final = Languages()


def create_app(
    services: Services, languages: Languages = ENGLISH_ALONE, factors: Factors = FACTORS, factor_pages: Sequence[Page] = FACTOR_PAGES
) -> Starlette:
    """Build the application of one worker.

    languages: those that its pages are served in. factors: the kinds of factors that they know; factor_pages: those of one kind alone.
    """
    pages = all_pages(factors, factor_pages)
    cookies, goals = Cookies(services.settings), destinations(pages)
    switch = LanguageSwitch(languages, cookies, shown_at(pages), goals)
    renderer = Renderer(switch, factors.template_packages, plain_http_warning=services.settings.plain_http_warning)
    site = Site(services, renderer, cookies, goals, FormSubjects(services.digest), factors)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
        try:
            async with create_task_group() as tasks:
                tasks.start_soon(run_jobs, services)
                tasks.start_soon(send_mails, services)
                tasks.start_soon(sweep_chat, services)
                if services.telemetry.metrics.is_shared:
                    tasks.start_soon(keep_occupancy_current, services)
                yield
                services.mail.stop()
                tasks.cancel_scope.cancel()  # a job that runs on a thread is waited for
        finally:
            services.close()

    async def on_http_error(request: Request, error: HTTPException) -> Response:
        if error.status_code == 405:
            error.headers = {"Allow": _methods_at(request)}
        return http_error_response(renderer, request, error)

    app = Starlette(
        routes=[
            *api_routes(site),
            *health_routes(site),
            # Starlette tries one route after the other: what customers and browsers ask for most is not to wait for all pages.
            *customer_routes(site, chat_page.PAGES),
            _static_route(),
            metrics_route(site),
            *page_routes(site, pages),
        ],
        middleware=[Middleware(RequestMiddleware, site)],
        exception_handlers={HTTPException: on_http_error},  # type: ignore[dict-item]  # it is called with that alone
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # a path with a slash too many is none of ours
    return app


def _methods_at(request: Request) -> str:
    """The methods that a path takes: each has a route of its own, and Starlette names those of the first (RFC 9110 section 15.5.6)."""
    routes = (route for route in request.app.routes if isinstance(route, Route) and route.matches(request.scope)[0] is Match.PARTIAL)
    return ", ".join(sorted(method for route in routes for method in route.methods or ()))


def _static_route() -> Route:
    async def static_file(request: Request) -> Response:
        file = load_static_files().get(request.path_params["name"])
        if file is None:
            raise HTTPException(404)
        is_current = request.query_params.get("v") == file.version
        caching = f"public, max-age={_A_YEAR}, immutable" if is_current else "no-cache"
        return Response(file.content, media_type=file.media_type, headers={"Cache-Control": caching})

    return Route("/static/{name}", static_file, methods=["GET"])
