"""What people and programs see when a request cannot be answered."""

from typing import Final, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from xpressbot.entrypoints.http.customers.audience import is_for_customers, wants_json
from xpressbot.entrypoints.http.customers.errors import customer_error
from xpressbot.entrypoints.http.host_header import LONGEST_HOST, host_of
from xpressbot.entrypoints.http.problems import problem
from xpressbot.entrypoints.http.rendering import Renderer
from xpressbot.entrypoints.messages.translation import N_
from xpressbot.foundation.database.errors import DatabaseFault
from xpressbot.foundation.logging import printable
from xpressbot.foundation.threads.worker_pools import RETRY_AFTER_SECONDS

API_PREFIX: Final = "/api/"
MISDIRECTED: Final = 421
RETRY_AFTER_REPAIR_SECONDS: Final = 60
"""Only an operator can make room on a disk."""


class NextLink(NamedTuple):
    """What a person can do next: a link."""

    href: str
    label: str


class _Explanation(NamedTuple):
    code: str
    title: str
    detail: str


class _Told(NamedTuple):
    """What a page says, in the language of the one who reads it."""

    title: str
    detail: str
    action: NextLink | None


class ExplainedError(HTTPException):
    """Ends a request with an error page in words of its own, which are in the request's language already."""

    def __init__(self, status: int, *, title: str, detail: str, action: NextLink | None, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, headers=headers)
        self.told = _Told(title, detail, action)


_EXPLANATIONS: Final = {
    403: _Explanation(
        "cross_site",
        N_("Not from this page"),
        N_("This request came from another site, so nothing was done. Open XpressBot itself and try there."),
    ),
    404: _Explanation("not_found", N_("Page not found"), N_("There is nothing at this address.")),
    405: _Explanation(
        "method_not_allowed", N_("Not possible here"), N_("This address does not take that kind of request. Nothing was done.")
    ),
    409: _Explanation(
        "token_superseded",
        N_("This click changed nothing"),
        N_(
            "Your session was renewed a moment ago: by the same button, if you pressed it twice, or in another tab. What was done first"
            " counts. Go on to see it, and sign in if you are asked to."
        ),
    ),
    410: _Explanation("gone", N_("This link no longer works"), N_("It was used or has expired.")),
    413: _Explanation(
        "too_large",
        N_("Too much text"),
        N_("What was sent is larger than any form here allows. Nothing was done; shorten it and try again."),
    ),
    415: _Explanation(
        "unsupported_media_type", N_("Unknown kind of form"), N_("This page takes forms as browsers send them. Nothing was done.")
    ),
    MISDIRECTED: _Explanation(
        "misdirected", N_("Wrong address"), N_("This XpressBot is reached under another name. Use the address its operator gave you.")
    ),
    422: _Explanation(
        "unreadable_form",
        N_("The form could not be read"),
        N_("A field is missing, was sent twice or is damaged. Nothing was done. Open the page anew, and fill it in again."),
    ),
    429: _Explanation(
        "no_place",
        N_("Too many at once"),
        N_(
            "Other tries for this account or link, or from your network, are still being checked. Yours was not checked or counted. Go"
            " back, and send the form again in a second."
        ),
    ),
    500: _Explanation(
        "internal_error",
        N_("Something went wrong"),
        N_("This is a fault in XpressBot, and it was logged. Nothing else was changed. Try again in a moment."),
    ),
    503: _Explanation(
        "unavailable",
        N_("Temporarily unavailable"),
        N_("XpressBot is too busy or cannot reach its database. You are not signed out; try again in a few seconds."),
    ),
}

_NOTHING_CAN_BE_SAVED: Final = _Explanation(
    "read_only",
    N_("Nothing can be saved right now"),
    N_(
        "XpressBot cannot write to its disk, so nothing was changed. You are not signed out, and what is there can still be read. Only"
        " the operator of this installation can mend that."
    ),
)

_FOR_CUSTOMERS: Final = {
    told.code: told
    for told in (
        _Explanation(
            "cross_site",
            N_("Not from this page"),
            N_("This message came from another site, so nothing was done. Open the chat itself, and write it there."),
        ),
        _Explanation("misdirected", N_("Wrong address"), N_("This chat has another address. Use the one that you were given.")),
        _Explanation("not_found", N_("There is no chat here"), N_("Check the address, or ask whoever gave it to you.")),
        _Explanation(
            "too_large",
            N_("Too much text"),
            N_("A message has at most 4,096 characters. Nothing was sent. Go back, and shorten it or send it in parts."),
        ),
        _Explanation(
            "unreadable_form",
            N_("The message could not be read"),
            N_("A part of it is missing or damaged. Nothing was sent. Open the chat anew, and write it again."),
        ),
        _Explanation(
            "internal_error",
            N_("Something went wrong"),
            N_("This is our fault, and it was noted. Try again in a moment: what has arrived already is not doubled."),
        ),
        _Explanation(
            "unavailable",
            N_("The chat does not answer right now"),
            N_("It is too busy. Try again in a few seconds: what has arrived already is not doubled."),
        ),
        _Explanation("read_only", N_("The chat does not answer right now"), N_("Nothing can be saved at the moment. Try again later.")),
    )
}
"""What customers are told instead, by the code of the explanation: they know neither XpressBot nor its operator."""


def error_response(
    renderer: Renderer,
    request: Request,
    status: int,
    *,
    action: NextLink | None = None,
    headers: dict[str, str] | None = None,
    reference: str | None = None,
) -> Response:
    """An error page, or a problem document for the API.

    action: the way on, where the page knows a better one than the dashboard. `reference` is the id under which the log tells of
    the request.
    """
    if action is None and status in {403, 404, 405}:
        action = NextLink("/", renderer.texts_for(request).gettext("Go to the dashboard"))
    return _explained(renderer, request, status, _explanation_of(status), action=action, headers=headers, reference=reference)


def unavailable_response(renderer: Renderer, request: Request, fault: DatabaseFault, *, reference: str | None = None) -> Response:
    """503, with the time after which it is worth another try, in the words of what is wrong with the database."""
    if fault.only_writes_fail:
        retry = {"Retry-After": str(RETRY_AFTER_REPAIR_SECONDS)}
        return _explained(renderer, request, 503, _NOTHING_CAN_BE_SAVED, headers=retry, reference=reference)
    return error_response(renderer, request, 503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)}, reference=reference)


def http_error_response(renderer: Renderer, request: Request, error: HTTPException) -> Response:
    """The answer to an HTTPException, in its own words if it brings some."""
    headers = dict(error.headers or {})
    if isinstance(error, ExplainedError):
        code = _explanation_of(error.status_code).code
        return _answer(renderer, request, error.status_code, code, error.told, headers=headers, reference=None)
    return error_response(renderer, request, error.status_code, headers=headers)


def _explained(
    renderer: Renderer,
    request: Request,
    status: int,
    explanation: _Explanation,
    *,
    action: NextLink | None = None,
    headers: dict[str, str] | None,
    reference: str | None,
) -> Response:
    if is_for_customers(request):
        explanation = _FOR_CUSTOMERS.get(explanation.code, explanation)
    texts = renderer.texts_for(request)
    told = _Told(texts.gettext(explanation.title), texts.gettext(explanation.detail), action)
    return _answer(renderer, request, status, explanation.code, told, headers=headers, reference=reference)


def _answer(
    renderer: Renderer,
    request: Request,
    status: int,
    code: str,
    told: _Told,
    *,
    headers: dict[str, str] | None,
    reference: str | None,
) -> Response:
    if request.scope["path"].startswith(API_PREFIX) or (is_for_customers(request) and wants_json(request)):
        return problem(status, code, headers=headers, reference=reference)
    if is_for_customers(request):
        response = customer_error(renderer, request, status, title=told.title, detail=told.detail, reference=reference)
        response.headers.update(headers or {})
        return response
    host = printable(host_of(request)[:LONGEST_HOST]) if status == MISDIRECTED else None
    response = renderer.page(request, "error.html", None, status=status, host=host, reference=reference, **told._asdict())
    response.headers.update(headers or {})
    return response


def _explanation_of(status: int) -> _Explanation:
    return _EXPLANATIONS.get(status, _EXPLANATIONS[500 if status >= 500 else 404])
