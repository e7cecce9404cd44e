"""Every refusal before a handler: a calm page for people, a problem document (RFC 9457) for programs."""

import sqlite3
from http import HTTPStatus

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.http.raw_requests import words
from tests.support import labels
from tests.support.browser import Browser
from tests.support.installation import Installation
from xpressbot.entrypoints.http.app import create_app
from xpressbot.foundation.threads.worker_pools import PoolBusyError

TITLES = {
    403: "Not from this page",
    404: "Page not found",
    405: "Not possible here",
    413: "Too much text",
    415: "Unknown kind of form",
    421: "Wrong address",
    422: "The form could not be read",
    500: labels.SOMETHING_WENT_WRONG,
    503: "Temporarily unavailable",
}
REQUESTS: dict[int, tuple[str, str, dict[str, object]]] = {
    403: ("POST", "/sign-in", {"headers": {"Sec-Fetch-Site": "cross-site"}}),
    404: ("GET", "/no/such/page", {}),
    405: ("PUT", "/sign-in", {}),
    413: ("POST", "/sign-in", {"content": b"a" * 70_000}),
    415: ("POST", "/sign-in", {"content": b"{}", "headers": {"Content-Type": "application/json"}}),
    421: ("GET", "/sign-in", {"headers": {"Host": "evil.example"}}),
    422: ("POST", "/sign-in", {"data": {"email": ["a", "b"]}}),
}
PROBLEMS: list[tuple[str, str, dict[str, str], int, str]] = [
    ("GET", "/api/v1/session", {}, 401, "not_signed_in"),
    ("GET", "/api/v1/nothing", {}, 404, "not_found"),
    ("GET", "/api/", {}, 404, "not_found"),
    ("POST", "/api/v1/session", {"Sec-Fetch-Site": "same-origin"}, 405, "method_not_allowed"),
    ("DELETE", "/api/v1/session", {}, 405, "method_not_allowed"),
    ("POST", "/api/v1/session", {"Origin": "https://evil.example"}, 403, "cross_site"),
    ("GET", "/api/v1/session", {"Host": "evil.example"}, 421, "misdirected"),
]
NO_PATHS = [
    "/%00",
    "/%ff%fe",
    "/%c0%af",
    "/%",
    "/%zz",
    "/account%00",
    "/account%2f2fa",
    "/..%2f..%2fetc%2fpasswd",
    "/" + "a" * 9000,
    "/\u202e",
]
NO_QUERIES = ["next=%ff", "next=%", "next=%zz", "next=a&next=b", "reason[]=x", "reason=%00", "token=%ff", "&&&==", "a" * 9000]


def test_a_person_gets_a_page_that_says_what_happened(browser: Browser) -> None:
    """HTML with the status, a heading and a sentence; no stack, no framework's text."""
    for status, (method, path, options) in REQUESTS.items():
        assert_page(browser.request(method, path, **options), status)


def test_a_fault_of_ours_is_a_page_too(installation: Installation, signed_in: Browser) -> None:
    """500, and nothing of the cause in it."""
    with installation.services.database.engine.begin() as connection:
        connection.execute(text("UPDATE session SET expires_at = 'no-such-time'"))
    response = signed_in.get("/account")
    assert_page(response, 500)
    assert "no-such-time" not in response.text
    problem = signed_in.get("/api/v1/session")
    assert_problem(problem, 500, "internal_error")
    assert "no-such-time" not in problem.text


def test_a_missing_table_is_a_page_too(installation: Installation, signed_in: Browser) -> None:
    """503 with a time to come back."""
    with installation.services.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE session RENAME TO away"))
    response = signed_in.get("/account")
    assert_page(response, 503)
    assert response.headers["retry-after"] == "5"
    assert_problem(signed_in.get("/api/v1/session"), 503, "unavailable")


def test_a_program_gets_a_problem_document(browser: Browser) -> None:
    """Under /api/ errors are application/problem+json, with a code that is stable."""
    for method, path, headers, status, code in PROBLEMS:
        assert_problem(browser.request(method, path, headers=headers), status, code)


def test_a_path_that_makes_no_sense_is_not_found(signed_in: Browser) -> None:
    """Broken UTF-8 and percent encodings, NUL, dots: 404, never 500."""
    for path in NO_PATHS:
        assert signed_in.get(path).status_code == 404, path[:80]


def test_a_query_string_that_makes_no_sense_breaks_no_page(signed_in: Browser) -> None:
    """It counts as not given."""
    for path in ("/sign-in", "/welcome", "/account/confirm-identity", "/account", "/static/style.css"):
        for query in NO_QUERIES:
            assert signed_in.get(f"{path}?{query}").status_code in {200, 303, 404}, (path, query[:80])


def test_the_sign_in_page_repeats_nothing_of_its_query(browser: Browser) -> None:
    """Reasons are a closed list, next is one of our paths."""
    page = browser.get("/sign-in", params={"reason": "<b>canary</b>", "next": "/<b>canary</b>", "email": "canary"}).text
    assert "canary" not in page


@pytest.mark.parametrize("path", ["/example", "/example/{number}", "/api/v1/example"])
@pytest.mark.parametrize(
    ("error", "status"), [(OperationalError("SELECT", None, sqlite3.OperationalError()), 503), (PoolBusyError(), 503), (ValueError(), 500)]
)
def test_whatever_a_route_raises_is_explained(path: str, error: Exception, status: int, installation: Installation) -> None:
    """By a page or a problem document, with the id under which the log tells of it."""
    app = create_app(installation.services)

    async def fail(_request: Request) -> Response:
        raise error

    app.router.routes.append(Route(path, fail))
    answer = Browser(app, installation.clock).get(path.replace("{number}", "7"))
    assert answer.status_code == status
    assert answer.headers["x-request-id"] in answer.text
    assert ("retry-after" in answer.headers) == (status == 503)


def test_a_path_that_is_nearly_one_of_ours_is_not_found(browser: Browser) -> None:
    """No one is sent on to what they may have meant."""
    for path in ("/sign-in/", "/static/{name}", "//sign-in"):
        assert_page(browser.get(f"http://127.0.0.1:8000{path}"), 404)


def test_no_path_ends_in_what_no_one_sees(browser: Browser) -> None:
    """A line feed at the end would slip through a pattern, and past a proxy's rule for the path."""
    for end in ("%0a", "%00", "%c2%85", "%e2%80%a8"):
        for path in ("/sign-in", "/healthz", "/metrics", "/static/style.css"):
            assert browser.get(path + end).status_code == 404, path + end


def assert_page(response: httpx.Response, status: int) -> None:
    assert response.status_code == status, response.url
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "set-cookie" not in response.headers
    text_of_page = words(response.text)
    assert f"{status} {TITLES[status]}" in text_of_page
    assert len(text_of_page.partition(TITLES[status])[2]) > 20
    reference = f"Reference: {response.headers['x-request-id']}. It helps your operator find this in the log."
    assert (reference in text_of_page) == (status >= 500)
    assert "Traceback" not in response.text


def assert_problem(response: httpx.Response, status: int, code: str) -> None:
    assert response.status_code == status, response.url
    assert response.headers["content-type"] == "application/problem+json"
    reference = {"reference": response.headers["x-request-id"]} if status >= 500 else {}
    told = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": code}
    assert response.json() == told | reference
