"""A new password by a link: opening it changes nothing, and its button signs nobody in."""

from typing import Any, Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.cookies import Cookie
from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.forms import password_problem
from xpressbot.entrypoints.http.hashing_form_limits import PASSWORD_LINK
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.pages.link import LinkPage
from xpressbot.entrypoints.http.pages.new_password import new_password_context
from xpressbot.entrypoints.http.paths import PASSWORD_LINK_PATH
from xpressbot.entrypoints.http.routing import Page, PublicPage
from xpressbot.entrypoints.messages.formatting import Text
from xpressbot.entrypoints.messages.refusals import weak_password_text
from xpressbot.entrypoints.messages.translation import N_
from xpressbot.identity.links.charges import LinkRefusal, LinkThrottleRefusal
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied, Done
from xpressbot.identity.passwords.rules import WeakPassword

_TEMPLATE: Final = "password_link.html"
_LINK: Final = LinkPage(
    LinkKind.PASSWORD,
    PASSWORD_LINK_PATH,
    used=N_("If you have set a new password with it, sign in with that."),
    another=N_("The operator of this XpressBot can give you a new one."),
)


def show_link(request: PageRequest) -> Response:
    """Take the link's token out of the address bar, then ask for the new password."""
    taken = _LINK.taken_from_address(request)
    return taken if taken is not None else _page(request, {})


def set_password(request: PageRequest) -> Response:
    """Set the new password, and say what has ended."""
    if problem := password_problem(request.texts, request.form["password"]):
        return _page(request, {"password": problem})
    outcome = request.identity.password_reset.set(request.cookie(Cookie.LINK), request.form["password"], request.client)
    match outcome:
        case Done():
            response = request.page("password_set.html", None)
            request.site.cookies.clear(response, Cookie.LINK)
            return response
        case WeakPassword():
            return _page(request, {"password": weak_password_text(request.texts, outcome)})
        case Denied():
            return _not_set(request, outcome)
        case unknown:
            assert_never(unknown)


def _not_set(request: PageRequest, denied: Denied[LinkRefusal | LinkThrottleRefusal]) -> Response:
    match denied.reason:
        case LinkThrottleRefusal() as reason:
            throttled = denied.narrowed(reason)
            request.metrics.throttled(throttled)
            return request.refused(_TEMPLATE, None, throttled, **_context(request))
        case LinkRefusal.LINK_GONE:
            raise _LINK.closed(request)
        case unknown:
            assert_never(unknown)


def _page(request: PageRequest, errors: dict[str, Text]) -> Response:
    return request.page(_TEMPLATE, None, status=422 if errors else 200, errors=errors, **_context(request))


def _context(request: PageRequest) -> dict[str, Any]:
    subject = _shown_to(request)
    if subject is None:
        raise _LINK.closed(request)
    return {"email": subject.address, "shown_to": subject, **new_password_context(request)}


def _shown_to(request: PageRequest) -> FormSubject | None:
    account = request.identity.password_reset.account_of(request.cookie(Cookie.LINK))
    return None if account is None else FormSubject.named_by_link(account)


PAGES: Final[list[Page]] = [
    PublicPage("GET", PASSWORD_LINK_PATH, show_link),
    PublicPage("POST", PASSWORD_LINK_PATH, set_password, hashes_at=PASSWORD_LINK, shown_to=_shown_to),
]
