"""How long requests take, by route, method and class of status."""

from typing import Final

from prometheus_client import Histogram
from starlette.routing import BaseRoute, Route
from starlette.types import Scope

_METHODS: Final = frozenset({"GET", "HEAD", "POST"})
OTHER_METHOD: Final = "other"
NO_ROUTE: Final = "none"
NO_ANSWER: Final = "none"


class RequestDurations:
    """Notes each request. What a client invents is no label: unknown paths are one route, unknown methods one method."""

    def __init__(self, times: Histogram) -> None:
        self._times = times
        self._bound: dict[tuple[str, str, int | None], Histogram] = {}

    def note(self, scope: Scope, status: int | None, seconds: float) -> None:
        """Note one request; status is None when it ended without an answer."""
        child = self._bound.get((scope["path"], scope["method"], status))
        if child is None:
            child = self._bind(scope, status)
        child.observe(seconds)

    def _bind(self, scope: Scope, status: int | None) -> Histogram:
        path, method = scope["path"], scope["method"]
        route = route_template(scope["app"].routes, path)
        child = self._times.labels(
            method if method in _METHODS else OTHER_METHOD,
            NO_ROUTE if route is None else route,
            NO_ANSWER if status is None else f"{status // 100}xx",
        )
        if route == path and method in _METHODS:
            # As many as there are routes and statuses of ours. Any other path is the client's, and is not kept.
            self._bound[path, method, status] = child
        return child


def route_template(routes: list[BaseRoute], path: str) -> str | None:
    """The path of the route that answers this one, with its parameters' names in it."""
    return next((route.path for route in routes if isinstance(route, Route) and route.path_regex.match(path)), None)
