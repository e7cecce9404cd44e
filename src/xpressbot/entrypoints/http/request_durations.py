"""How long requests take, by route, method and class of status."""

from typing import Final

from prometheus_client import Histogram
from starlette.routing import Match, Route
from starlette.types import Scope

_METHODS: Final = frozenset({"GET", "HEAD", "POST"})
OTHER_METHOD: Final = "other"
NO_ROUTE: Final = "none"
NO_ANSWER: Final = "none"


class RequestDurations:
    """Notes each request. What a client invents is no label: unknown paths are one route, unknown methods one method."""

    def __init__(self, durations: Histogram) -> None:
        self._durations = durations

    def note(self, scope: Scope, status: int | None, seconds: float) -> None:
        """Note one request; status is None when it ended without an answer."""
        self._durations.labels(
            scope["method"] if scope["method"] in _METHODS else OTHER_METHOD,
            route_template(scope) or NO_ROUTE,
            NO_ANSWER if status is None else f"{status // 100}xx",
        ).observe(seconds)


def route_template(scope: Scope) -> str | None:
    """The path of the route that answers this one, with its parameters' names in it. A refusal is counted for the route it spared."""
    matched = scope.get("route") or next((route for route in scope["app"].routes if route.matches(scope)[0] is not Match.NONE), None)
    return matched.path if isinstance(matched, Route) else None
