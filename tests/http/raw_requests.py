"""Requests as no form of ours sends them, and what to look at afterwards."""

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.routing import Route

from tests.support.browser import Browser
from tests.support.cookies import cookie_name
from tests.support.form_client import FORMS_WITH_FILE
from tests.support.installation import Installation
from xpressbot.entrypoints.http.factors.registry import FACTOR_PAGES, FACTORS
from xpressbot.entrypoints.http.forms import SMALL_FORM
from xpressbot.entrypoints.http.pages import all_pages
from xpressbot.entrypoints.http.routing import SignedInPage
from xpressbot.entrypoints.messages.formatting import moment
from xpressbot.entrypoints.messages.translation import ENGLISH
from xpressbot.foundation.database.engine import METADATA
from xpressbot.foundation.times import SECOND

FORM = "application/x-www-form-urlencoded"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:8000"}
SESSION_COOKIE, PENDING_COOKIE, DEVICE_COOKIE, LINK_COOKIE = (cookie_name(kind) for kind in ("session", "sign-in", "device", "link"))


def send(browser: Browser, path: str, body: bytes, content_type: str | None = FORM) -> httpx.Response:
    """POST raw bytes from the same origin. What is a form begins with the hidden field of its page."""
    if content_type is not None and content_type.lower().startswith(FORM) and body and (hidden := browser.filled(path)):
        body = urlencode(hidden).encode() + b"&" + body
    headers = SAME_ORIGIN | ({} if content_type is None else {"Content-Type": content_type})
    return browser.request("POST", path, content=body, headers=headers)


def form_of(path: str, fields: Mapping[str, str | None]) -> dict[str, Any]:
    """What httpx takes to send a form as its page does: where it has a file, as multipart/form-data with an empty one."""
    return {"data": fields} | ({"files": {"file": ("", b"", "application/octet-stream")}} if path in FORMS_WITH_FILE else {})


METHODS = ("GET", "HEAD", "POST")
"""What some route takes. No route takes another, whatever cookies come with it: test_other_methods_are_405_everywhere."""


def routes_of(app: Starlette) -> list[Route]:
    """Every route there is; one of another kind (a socket, a mount) would need tests of its own."""
    assert {type(route) for route in app.routes} == {Route}
    return [route for route in app.routes if isinstance(route, Route)]


def paths_with(app: Starlette, method: str) -> list[str]:
    """The paths that take a method."""
    return sorted(route.path for route in routes_of(app) if method in (route.methods or ()))


def small_forms(app: Starlette) -> list[str]:
    """The paths that take a form of the common kind and size. Others are on pages that say so, and have tests of their own."""
    pages = all_pages(FACTORS, FACTOR_PAGES)
    others = {page.path for page in pages if isinstance(page, SignedInPage) and page.form_limits != SMALL_FORM}
    return [path for path in paths_with(app, "POST") if path not in others]


def concrete(path: str) -> str:
    """A path that a request can name. Its ids are nobody's."""
    return re.sub(r"\{\w+:(id|slug)\}", lambda found: {"id": "0" * 32, "slug": "nothing"}[found[1]], path.replace("{name}", "style.css"))


def contents(installation: Installation) -> dict[str, list[Mapping[str, Any]]]:
    """All rows of all tables."""
    with installation.services.database.read() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
            for table in METADATA.sorted_tables
        }


def rows(installation: Installation, table: str) -> list[Mapping[str, Any]]:
    """All rows of one table."""
    return contents(installation)[table]


def tries(installation: Installation, prefix: str) -> int:
    """How many tries are charged to the buckets of a kind."""
    return sum(row["tries"] for row in rows(installation, "throttle_bucket") if row["key"].startswith(prefix))


def words(page: str) -> str:
    """What a person reads of a page, white space collapsed."""
    body = re.sub(r"(?s)<head>.*?</head>|<svg.*?</svg>", " ", page)
    text = re.sub(r"</?(?:strong|time|s|span|code)\b[^>]*>", "", body)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def moment_shown(at: str) -> str:
    """A time of UTC as an English page writes it."""
    return words(moment(ENGLISH, int(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()) * SECOND))


def field_error(response: httpx.Response, name: str) -> str:
    """The message beside a field."""
    found = re.search(rf'(?s)<p class="error" id="{name}-error">(.*?)</p>', response.text)
    assert found is not None, words(response.text)
    return words(found[1])


def refusal(response: httpx.Response) -> str:
    """The sentence in the alert of a page."""
    found = re.search(r'(?s)<p id="refusal" role="alert">(.*?)</p>', response.text)
    assert found is not None, words(response.text)
    return words(found[1])


def set_cookies(response: httpx.Response) -> dict[str, str]:
    """Each Set-Cookie line by the cookie's name."""
    return {line.partition("=")[0]: line for line in response.headers.get_list("set-cookie")}


def only(browser: Browser, **cookies: str) -> Browser:
    """The browser with these cookies and no others; underscores stand for dashes."""
    browser.cookies.clear()
    for name, value in cookies.items():
        browser.cookies.set(cookie_name(name.replace("_", "-")), value, domain="127.0.0.1")
    return browser
