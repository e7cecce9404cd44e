"""First run: the owner's account, by the link that the start prints."""

from typing import Any, Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.ceremony_counts import Step
from xpressbot.entrypoints.http.cookies import Cookie
from xpressbot.entrypoints.http.errors import Action, ExplainedError
from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.pages.link import LinkPage
from xpressbot.entrypoints.http.pages.new_password import name_and_password_problems, new_password_context
from xpressbot.entrypoints.http.paths import SIGN_IN_PATH
from xpressbot.entrypoints.http.places import WELCOME_LINK
from xpressbot.entrypoints.http.routing import Page, PublicPage
from xpressbot.entrypoints.http.translation import _
from xpressbot.entrypoints.http.visit import Visit
from xpressbot.entrypoints.http.wording import Text, address_problem_text, weak_password_text
from xpressbot.identity.application.registration import NewAccount
from xpressbot.identity.domain.email_address import AddressProblem, normalise_email
from xpressbot.identity.domain.link import LinkKind
from xpressbot.identity.domain.outcomes import Denied, Reason, SignedIn, WeakPassword

WELCOME_PATH: Final = "/welcome"
_TEMPLATE: Final = "welcome.html"
_LINK: Final = LinkPage(
    LinkKind.WELCOME,
    WELCOME_PATH,
    used=_("If you have made the owner's account with it, sign in."),
    another=_("Whoever runs this XpressBot gets a new one by starting it again."),
)


def show_welcome(visit: Visit) -> Response:
    """Take the link's token out of the address bar, then ask for name, address and password."""
    _must_be_unclaimed(visit)
    taken = _LINK.taken_from_address(visit)
    if taken is not None:
        return taken
    if not visit.identity.registration.welcome_is_open(visit.cookie(Cookie.LINK)):
        raise _LINK.closed(visit)
    return _page(visit, {}, {"name": "", "email": ""})


def claim(visit: Visit) -> Response:
    """Make the owner's account and sign it in."""
    _must_be_unclaimed(visit)
    if not visit.identity.registration.welcome_is_open(visit.cookie(Cookie.LINK)):
        raise _LINK.closed(visit)
    kept = {"name": visit.form["name"], "email": visit.form["email"]}
    email, password = normalise_email(kept["email"]), visit.form["password"]
    name, errors = name_and_password_problems(visit)
    if isinstance(email, AddressProblem):
        errors["email"] = address_problem_text(email)
    if isinstance(email, AddressProblem) or errors:
        return _page(visit, errors, kept)
    outcome = visit.identity.registration.claim(visit.cookie(Cookie.LINK), NewAccount(email, name, password), visit.client)
    match outcome:
        case SignedIn():
            visit.counts.sign_in(Step.LINK, outcome)
            response = visit.signed_in(outcome)
            visit.site.cookies.clear(response, Cookie.LINK)
            return response
        case WeakPassword():
            return _page(visit, {"password": weak_password_text(outcome)}, kept)
        case Denied(Reason.LINK_THROTTLED):
            visit.counts.sign_in(Step.LINK, outcome)
            return visit.refused(_TEMPLATE, None, outcome, **_context(visit, kept))
        case Denied():
            _must_be_unclaimed(visit)
            raise _LINK.closed(visit)
        case unknown:
            assert_never(unknown)


def _page(visit: Visit, errors: dict[str, Text], kept: dict[str, str]) -> Response:
    return visit.page(_TEMPLATE, None, status=422 if errors else 200, errors=errors, **_context(visit, kept))


def _context(visit: Visit, kept: dict[str, str]) -> dict[str, Any]:
    return {"form": kept, "shown_to": _shown_to(visit), **new_password_context(visit)}


def _shown_to(visit: Visit) -> FormSubject | None:
    token = visit.cookie(Cookie.LINK)
    is_open = visit.identity.registration.welcome_is_open(token)
    return FormSubject.of_link(token, "") if token is not None and is_open else None


def _must_be_unclaimed(visit: Visit) -> None:
    if visit.identity.registration.has_owner():
        raise ExplainedError(
            404,
            title=_("There is an owner already"),
            detail=_("The owner's account of this XpressBot was made. If it is yours, sign in; else ask its owner for an invitation."),
            action=Action(SIGN_IN_PATH, _("Sign in")),
        )


PAGES: Final[list[Page]] = [
    PublicPage("GET", WELCOME_PATH, show_welcome),
    PublicPage("POST", WELCOME_PATH, claim, hashes_at=WELCOME_LINK, shown_to=_shown_to),
]
