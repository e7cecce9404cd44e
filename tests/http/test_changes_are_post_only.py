"""What changes something is asked for with POST, and nothing else (ASVS 4.1.4)."""

import pytest
from starlette.applications import Starlette
from starlette.routing import Match

from tests.http.conftest import Protected
from tests.http.raw_requests import SAME_ORIGIN, concrete, contents, paths_with, routes_of
from tests.support.browser import Browser
from tests.support.installation import Installation


def test_get_and_head_on_what_only_changes_something_are_405(app: Starlette, protected: Protected, installation: Installation) -> None:
    """Not even a signed-in person changes anything by following a link."""
    state_changers = sorted(set(paths_with(app, "POST")) - set(paths_with(app, "GET")))
    assert len(state_changers) >= 9
    before = contents(installation)
    for path in state_changers:
        for method in ("GET", "HEAD"):
            assert protected.browser.request(method, concrete(path)).status_code == 405, (method, path)
    assert contents(installation) == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
def test_other_methods_are_405_everywhere(method: str, app: Starlette, protected: Protected) -> None:
    """No route takes a method it is not listed with."""
    for path in {route.path for route in routes_of(app)}:
        response = protected.browser.request(method, concrete(path), headers=SAME_ORIGIN)
        assert response.status_code == 405, path


def test_405_names_every_method_that_the_path_takes(app: Starlette, browser: Browser) -> None:
    """Also those of another route at the same path (RFC 9110 section 15.5.6)."""
    taken: dict[str, set[str]] = {}
    for route in routes_of(app):
        taken.setdefault(route.path, set()).update(route.methods or ())
    for path, methods in taken.items():
        response = browser.request("PUT", concrete(path), headers=SAME_ORIGIN)
        assert response.headers["allow"] == ", ".join(sorted(methods)), path


def test_each_path_is_that_of_one_route(app: Starlette) -> None:
    """Whatever the order of the routes: none is answered by another one."""
    for route in routes_of(app):
        for method in route.methods or ():
            scope = {"type": "http", "root_path": "", "path": concrete(route.path), "method": method}
            assert [one.path for one in routes_of(app) if one.matches(scope)[0] is Match.FULL] == [route.path]


def test_pages_change_nothing_when_they_are_only_looked_at(app: Starlette, protected: Protected, installation: Installation) -> None:
    """Every GET route, asked by the signed-in person, leaves all rows as they were."""
    browser: Browser = protected.browser
    assert browser.post("/account/2fa/start").status_code == 303
    before = contents(installation)
    for path in paths_with(app, "GET"):
        assert browser.get(concrete(path)).status_code < 500
    assert contents(installation) == before
