"""An invitation: the person at an address chooses name and password, by the link that the operator handed over."""

from typing import Any, Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.ceremony_counts import Step
from xpressbot.entrypoints.http.cookies import Cookie
from xpressbot.entrypoints.http.errors import Action, ExplainedError
from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.pages.link import LinkPage
from xpressbot.entrypoints.http.pages.new_password import name_and_password_problems, new_password_context
from xpressbot.entrypoints.http.paths import SIGN_IN_PATH
from xpressbot.entrypoints.http.places import INVITATION
from xpressbot.entrypoints.http.routing import Page, PublicPage
from xpressbot.entrypoints.http.translation import _
from xpressbot.entrypoints.http.visit import Visit
from xpressbot.entrypoints.http.wording import Text, weak_password_text
from xpressbot.identity.domain.link import LinkKind
from xpressbot.identity.domain.outcomes import Denied, Reason, SignedIn, WeakPassword

INVITATION_PATH: Final = "/link/invite"
_TEMPLATE: Final = "invitation.html"
_LINK: Final = LinkPage(
    LinkKind.INVITE,
    INVITATION_PATH,
    used=_("If you have made your account with it, sign in."),
    another=_("Whoever runs this XpressBot can give you a new one."),
)


def show_invitation(visit: Visit) -> Response:
    """Take the link's token out of the address bar, then ask for name and password."""
    taken = _LINK.taken_from_address(visit)
    return taken if taken is not None else _page(visit, {})


def accept(visit: Visit) -> Response:
    """Make the account and sign it in."""
    name, errors = name_and_password_problems(visit)
    if errors:
        return _page(visit, errors)
    outcome = visit.identity.registration.accept(visit.cookie(Cookie.LINK), name, visit.form["password"], visit.client)
    match outcome:
        case SignedIn():
            visit.counts.sign_in(Step.LINK, outcome)
            response = visit.signed_in(outcome)
            visit.site.cookies.clear(response, Cookie.LINK)
            return response
        case WeakPassword():
            return _page(visit, {"password": weak_password_text(outcome)})
        case Denied(Reason.LINK_THROTTLED):
            visit.counts.sign_in(Step.LINK, outcome)
            return visit.refused(_TEMPLATE, None, outcome, **_context(visit))
        case Denied(Reason.EMAIL_TAKEN):
            raise ExplainedError(
                410,
                title=_("You have an account already"),
                detail=_("There is an account with this address already. Sign in with it."),
                action=Action(SIGN_IN_PATH, _("Sign in")),
            )
        case Denied():
            raise _LINK.closed(visit)
        case unknown:
            assert_never(unknown)


def _page(visit: Visit, errors: dict[str, Text]) -> Response:
    return visit.page(_TEMPLATE, None, status=422 if errors else 200, errors=errors, **_context(visit))


def _context(visit: Visit) -> dict[str, Any]:
    subject = _shown_to(visit)
    if subject is None:
        raise _LINK.closed(visit)
    return {"email": subject.address, "shown_to": subject, "form": {"name": visit.form["name"]}, **new_password_context(visit)}


def _shown_to(visit: Visit) -> FormSubject | None:
    token = visit.cookie(Cookie.LINK)
    email = visit.identity.registration.invited(token)
    return None if token is None or email is None else FormSubject.of_link(token, email)


PAGES: Final[list[Page]] = [
    PublicPage("GET", INVITATION_PATH, show_invitation),
    PublicPage("POST", INVITATION_PATH, accept, hashes_at=INVITATION, shown_to=_shown_to),
]
