"""First run: the owner's account, by the link that the start prints."""

from typing import Any, Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.cookies import Cookie
from xpressbot.entrypoints.http.errors import ExplainedError, NextLink
from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.hashing_form_limits import WELCOME_LINK
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.pages.link import LinkPage
from xpressbot.entrypoints.http.pages.new_password import name_and_password_problems, new_password_context
from xpressbot.entrypoints.http.paths import SIGN_IN_PATH
from xpressbot.entrypoints.http.routing import Page, PublicPage
from xpressbot.entrypoints.messages.formatting import Text
from xpressbot.entrypoints.messages.refusals import address_problem_text, weak_password_text
from xpressbot.entrypoints.messages.translation import N_
from xpressbot.entrypoints.telemetry.sign_in_metrics import Step
from xpressbot.identity.accounts.rules.address import AddressProblem, normalise_email
from xpressbot.identity.links.charges import LinkRefusal, LinkThrottleRefusal
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied, SignedIn
from xpressbot.identity.passwords.rules import WeakPassword
from xpressbot.identity.registration.account_creation import NewAccount

WELCOME_PATH: Final = "/welcome"
_TEMPLATE: Final = "welcome.html"
_LINK: Final = LinkPage(
    LinkKind.WELCOME,
    WELCOME_PATH,
    used=N_("If you have created the owner's account with it, sign in."),
    another=N_("The operator of this XpressBot gets a new one by starting it again."),
)


def show_welcome(request: PageRequest) -> Response:
    """Take the link's token out of the address bar, then ask for name, address and password."""
    _must_be_unclaimed(request)
    taken = _LINK.taken_from_address(request)
    if taken is not None:
        return taken
    if not request.identity.registration.welcome_is_open(request.cookie(Cookie.LINK)):
        raise _LINK.closed(request)
    return _page(request, {}, {"name": "", "email": ""})


def claim(request: PageRequest) -> Response:
    """Make the owner's account and sign it in."""
    _must_be_unclaimed(request)
    if not request.identity.registration.welcome_is_open(request.cookie(Cookie.LINK)):
        raise _LINK.closed(request)
    kept = {"name": request.form["name"], "email": request.form["email"]}
    email, password = normalise_email(kept["email"]), request.form["password"]
    name, errors = name_and_password_problems(request)
    if isinstance(email, AddressProblem):
        errors["email"] = address_problem_text(request.texts, email)
    if isinstance(email, AddressProblem) or errors:
        return _page(request, errors, kept)
    outcome = request.identity.registration.claim(request.cookie(Cookie.LINK), NewAccount(email, name, password), request.client)
    match outcome:
        case SignedIn():
            request.metrics.sign_in(Step.LINK, outcome)
            response = request.signed_in(outcome)
            request.site.cookies.clear(response, Cookie.LINK)
            return response
        case WeakPassword():
            return _page(request, {"password": weak_password_text(request.texts, outcome)}, kept)
        case Denied():
            return _not_claimed(request, outcome, kept)
        case unknown:
            assert_never(unknown)


def _not_claimed(request: PageRequest, denied: Denied[LinkRefusal | LinkThrottleRefusal], kept: dict[str, str]) -> Response:
    match denied.reason:
        case LinkThrottleRefusal() as reason:
            throttled = denied.narrowed(reason)
            request.metrics.sign_in(Step.LINK, throttled)
            return request.refused(_TEMPLATE, None, throttled, **_context(request, kept))
        case LinkRefusal.LINK_GONE:
            _must_be_unclaimed(request)
            raise _LINK.closed(request)
        case unknown:
            assert_never(unknown)


def _page(request: PageRequest, errors: dict[str, Text], kept: dict[str, str]) -> Response:
    return request.page(_TEMPLATE, None, status=422 if errors else 200, errors=errors, **_context(request, kept))


def _context(request: PageRequest, kept: dict[str, str]) -> dict[str, Any]:
    return {"form": kept, "shown_to": _shown_to(request), **new_password_context(request)}


def _shown_to(request: PageRequest) -> FormSubject | None:
    token = request.cookie(Cookie.LINK)
    is_open = request.identity.registration.welcome_is_open(token)
    return FormSubject.of_link(token, "") if token is not None and is_open else None


def _must_be_unclaimed(request: PageRequest) -> None:
    if request.identity.registration.has_owner():
        raise ExplainedError(
            404,
            title=request.texts.gettext("There is an owner already"),
            detail=request.texts.gettext(
                "The owner's account of this XpressBot was created. If it is yours, sign in. If not, ask its owner for an invitation."
            ),
            action=NextLink(SIGN_IN_PATH, request.texts.gettext("Sign in")),
        )


PAGES: Final[list[Page]] = [
    PublicPage("GET", WELCOME_PATH, show_welcome),
    PublicPage("POST", WELCOME_PATH, claim, hashes_at=WELCOME_LINK, shown_to=_shown_to),
]
