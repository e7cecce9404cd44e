"""Finds a plain route by method and path, ahead of FastAPI's layers (docs/adr/0017)."""

from collections.abc import Iterable
from typing import Final, TypeGuard

from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send


class Switchboard:
    """ASGI middleware. Where there is no plain route, the request goes on to FastAPI, which knows all routes and all refusals."""

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self._app: Final = app
        self._plain: Final[dict[tuple[str, str], Route]] = {}
        for route in routes:
            if _is_plain(route):
                for method in route.methods or ():
                    self._plain.setdefault((method, route.path), route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put one request through."""
        route = self._plain.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            await self._app(scope, receive, send)
        else:
            await route.handle(scope, receive, send)


def _is_plain(route: BaseRoute) -> TypeGuard[Route]:
    """FastAPI's own routes are subclasses, and need its layers. A path with parameters in it takes a search."""
    return type(route) is Route and not route.param_convertors
