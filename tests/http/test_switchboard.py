"""Plain routes are put through before FastAPI's layers, and everything else by FastAPI (docs/adr/0017)."""

import sqlite3
from collections.abc import Iterator
from functools import partial
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI
from fastapi.telemetry import _asgi as telemetry
from sqlalchemy.exc import OperationalError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.support.browser import Browser
from tests.support.installation import Installation
from xpressbot.entrypoints.http.app import create_app
from xpressbot.foundation.threads.worker_pools import PoolBusyError


@pytest.fixture
def passed_on(app: FastAPI, browser: Browser) -> list[str]:
    """The paths that went on to FastAPI's own layers."""
    assert browser.get("/healthz").status_code == 200  # the layers are built with the first request
    switchboard, paths = app.middleware_stack._app, []
    inner = switchboard._app

    async def note(scope: Scope, receive: Receive, send: Send) -> None:
        paths.append(scope["path"])
        await inner(scope, receive, send)

    switchboard._app = note
    return paths


def test_what_stands_at_a_plain_path_needs_none_of_fastapis_layers(browser: Browser, passed_on: list[str]) -> None:
    """Neither pages nor the hot question; HEAD goes the way of GET, and each method of a path to its own route."""
    assert browser.get("/sign-in").status_code == 200
    assert browser.request("HEAD", "/sign-in").status_code == 200
    assert browser.post("/sign-in", email="", password="").status_code == 422
    assert browser.get("/api/v1/session").status_code == 401
    assert passed_on == []


def test_fastapi_answers_for_everything_else(browser: Browser, passed_on: list[str]) -> None:
    """What is not there, what does not take this method, what has parameters: in the same words as ever."""
    for path, status in (("/nowhere", 404), ("/static/{name}", 404), ("/sign-in/", 404)):
        assert browser.get(path).status_code == status
    refused = browser.request("DELETE", "/sign-in")
    assert (refused.status_code, "does not take that kind of request" in refused.text) == (405, True)
    assert passed_on == ["/nowhere", "/static/{name}", "/sign-in/", "/sign-in"]


@pytest.mark.parametrize("end", ["%0a", "%00", "%c2%85", "%e2%80%a8"])
def test_no_path_ends_in_what_nobody_sees(end: str, browser: Browser) -> None:
    """A line feed at the end would slip through a pattern, and past a proxy's rule for the path."""
    for path in ("/sign-in", "/healthz", "/metrics", "/static/style.css"):
        assert browser.get(path + end).status_code == 404


def test_a_route_of_fastapis_own_keeps_its_dependencies(installation: Installation) -> None:
    """They are opened before it and closed after it."""
    app, steps = create_app(installation.services), []

    def opened() -> Iterator[str]:
        steps.append("opened")
        yield "value"
        steps.append("closed")

    @app.get("/api/v1/example")
    def example(value: Annotated[str, Depends(opened)]) -> dict[str, str]:
        steps.append("answered")
        return {"value": value}

    assert Browser(app, installation.clock).get("/api/v1/example").json() == {"value": "value"}
    assert steps == ["opened", "answered", "closed"]


@pytest.mark.parametrize("path", ["/api/v1/example", "/example/{number}", "/example"])
@pytest.mark.parametrize(
    ("error", "status"), [(OperationalError("SELECT", None, sqlite3.OperationalError()), 503), (PoolBusyError(), 503), (ValueError(), 500)]
)
def test_whatever_is_raised_is_explained_whichever_way_it_went(
    path: str, error: Exception, status: int, installation: Installation
) -> None:
    """In a route of FastAPI's own, in a plain one, and in one that FastAPI has to search for."""
    app = create_app(installation.services)

    async def fail(_request: Request) -> Response:
        raise error

    if path.startswith("/api/"):
        app.get(path)(partial(fail, None))
    else:
        app.router.routes.append(Route(path, fail))
    answer = Browser(app, installation.clock).get(path.replace("{number}", "7"))
    assert answer.status_code == status
    assert answer.headers["x-request-id"] in answer.text
    assert ("retry-after" in answer.headers) == (status == 503)


def test_no_collector_of_telemetry_is_told_anything(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a library or a variable has set up: messages of exceptions would leave by it."""
    asked = []

    def provider() -> object:
        asked.append(1)
        return object()

    for module, name in ((telemetry.trace, "get_tracer_provider"), (telemetry.metrics, "get_meter_provider")):
        monkeypatch.setattr(module, name, provider)
    monkeypatch.setattr(telemetry._logs, "get_logger_provider", provider)
    assert browser.get("/nowhere").status_code == 404
    assert browser.get("/sign-in").status_code == 200
    assert asked == []
