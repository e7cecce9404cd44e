"""An invitation: the person at an address chooses name and password, by the link that the operator handed over."""

from typing import Any, Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.cookies import Cookie
from xpressbot.entrypoints.http.errors import ExplainedError, NextLink
from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.hashing_form_limits import INVITATION
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.pages.link import LinkPage
from xpressbot.entrypoints.http.pages.new_password import name_and_password_problems, new_password_context
from xpressbot.entrypoints.http.paths import SIGN_IN_PATH
from xpressbot.entrypoints.http.routing import Page, PublicPage
from xpressbot.entrypoints.messages.formatting import Text
from xpressbot.entrypoints.messages.refusals import weak_password_text
from xpressbot.entrypoints.messages.translation import N_
from xpressbot.entrypoints.telemetry.sign_in_metrics import Step
from xpressbot.identity.links.charges import LinkRefusal, LinkThrottleRefusal
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied, SignedIn
from xpressbot.identity.passwords.rules import WeakPassword
from xpressbot.identity.registration.account_creation import RegistrationRefusal

INVITATION_PATH: Final = "/link/invite"
_TEMPLATE: Final = "invitation.html"
_LINK: Final = LinkPage(
    LinkKind.INVITE,
    INVITATION_PATH,
    used=N_("If you have created your account with it, sign in."),
    another=N_("The operator of this XpressBot can give you a new one."),
)


def show_invitation(request: PageRequest) -> Response:
    """Take the link's token out of the address bar, then ask for name and password."""
    taken = _LINK.taken_from_address(request)
    return taken if taken is not None else _page(request, {})


def accept(request: PageRequest) -> Response:
    """Make the account and sign it in."""
    name, errors = name_and_password_problems(request)
    if errors:
        return _page(request, errors)
    outcome = request.identity.registration.accept(request.cookie(Cookie.LINK), name, request.form["password"], request.client)
    match outcome:
        case SignedIn():
            request.metrics.sign_in(Step.LINK, outcome)
            response = request.signed_in(outcome)
            request.site.cookies.clear(response, Cookie.LINK)
            return response
        case WeakPassword():
            return _page(request, {"password": weak_password_text(request.texts, outcome)})
        case Denied():
            return _not_accepted(request, outcome)
        case unknown:
            assert_never(unknown)


def _not_accepted(request: PageRequest, denied: Denied[LinkRefusal | LinkThrottleRefusal | RegistrationRefusal]) -> Response:
    match denied.reason:
        case LinkThrottleRefusal() as reason:
            throttled = denied.narrowed(reason)
            request.metrics.sign_in(Step.LINK, throttled)
            return request.refused(_TEMPLATE, None, throttled, **_context(request))
        case RegistrationRefusal.EMAIL_TAKEN:
            raise ExplainedError(
                410,
                title=request.texts.gettext("You have an account already"),
                detail=request.texts.gettext("There is an account with this address already. Sign in with it."),
                action=NextLink(SIGN_IN_PATH, request.texts.gettext("Sign in")),
            )
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
    return {"email": subject.address, "shown_to": subject, "form": {"name": request.form["name"]}, **new_password_context(request)}


def _shown_to(request: PageRequest) -> FormSubject | None:
    token = request.cookie(Cookie.LINK)
    email = request.identity.registration.invited(token)
    return None if token is None or email is None else FormSubject.of_link(token, email)


PAGES: Final[list[Page]] = [
    PublicPage("GET", INVITATION_PATH, show_invitation),
    PublicPage("POST", INVITATION_PATH, accept, hashes_at=INVITATION, shown_to=_shown_to),
]
