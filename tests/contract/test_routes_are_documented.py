"""What the documents and the OpenAPI document say of routes."""

import re

from starlette.applications import Starlette
from starlette.routing import Route

from tests.contract.documents import code_spans, documents, name_of, table
from tests.support.browser import Browser
from tests.support.installation import Installation
from xpressbot.entrypoints.http.api.session import OPENAPI_PATH
from xpressbot.entrypoints.http.cookies import Cookie, Cookies
from xpressbot.entrypoints.http.customers.cookie import VisitorCookie

OF_THE_FILE_SYSTEM = ("/etc/", "/opt/", "/var/", "/srv/")


def test_the_table_has_every_route_and_no_other(app: Starlette) -> None:
    """Each method and path of the router stands in the table once, and nothing else does."""
    documented = [(row["Method"], row["Path"]) for row in table("docs/http.md", "Method")]
    assert sorted(_routes(app)) == sorted(documented)


def test_no_document_names_a_path_that_does_not_exist(app: Starlette) -> None:
    """A path in a document, with or without its method, is one that the application answers."""
    routes = _routes(app)
    for document in map(name_of, documents()):
        for span in code_spans(document):
            named = re.fullmatch(r"(?:(GET|POST) )?(/[a-z0-9{}/._-]*)(?:\?.*)?", span)
            if named is not None and not named[2].startswith(OF_THE_FILE_SYSTEM):
                methods = {method for method, path in routes if path == named[2]}
                assert named[1] in methods if named[1] else methods, f"{document}: {span}"


def test_the_cookie_table_has_every_cookie_and_no_other(installation: Installation) -> None:
    """Each cookie stands in the table under the name a browser sees on plain http."""
    settings = installation.services.settings
    cookies = Cookies(settings)
    assert [*(cookies.name(cookie) for cookie in Cookie), VisitorCookie(settings).name] == [
        row["Cookie"] for row in table("docs/http.md", "Cookie")
    ]


def test_openapi_describes_every_route_of_the_api(app: Starlette, browser: Browser) -> None:
    """A route under /api/ that is not the description itself stands in the OpenAPI document."""
    served = {path for _method, path in _routes(app) if path.startswith("/api/") and path != OPENAPI_PATH}
    assert served == set(browser.get(OPENAPI_PATH).json()["paths"])


def _routes(app: Starlette) -> set[tuple[str, str]]:
    found = set()
    for route in app.routes:
        assert isinstance(route, Route), f"{route!r} is a kind of route that the table does not know"
        found |= {(method, route.path) for method in route.methods or () if method != "HEAD"}
    return found
