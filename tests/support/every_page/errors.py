"""Every error page."""

from starlette.requests import Request

from tests.support.every_page.walk import ERRORS, Page, Walk
from tests.support.pseudo_locale import LANGUAGES
from xpressbot.entrypoints.http.cookies import Cookies
from xpressbot.entrypoints.http.errors import error_response, unavailable_response
from xpressbot.entrypoints.http.language_switch import LanguageSwitch
from xpressbot.entrypoints.http.page_paths import Destinations
from xpressbot.entrypoints.http.rendering import Renderer
from xpressbot.foundation.database.errors import DatabaseFault


def every_error(walk: Walk) -> None:
    """Each error, with the page that the browser is shown."""
    switch = LanguageSwitch(LANGUAGES, Cookies(walk.installation.services.settings), {}, Destinations([]))
    renderer = Renderer(switch, plain_http_warning=False)
    headers = [(b"accept-language", walk.texts.tag.encode()), (b"host", b"other.example")]
    for host in (headers, headers[:1]):
        request = Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": host})
        for status in ERRORS:
            response = error_response(renderer, request, status, reference="0123456789abcdef")
            walk.pages.append(Page(f"error {status}", status, bytes(response.body).decode()))
        response = unavailable_response(renderer, request, DatabaseFault.DISK_FULL)
        walk.pages.append(Page("error of a full disk", 503, bytes(response.body).decode()))
