"""An invitation: the person at an address chooses name and password, by the link that the operator handed over."""

from typing import Final, assert_never

from starlette.exceptions import HTTPException
from starlette.responses import Response

from xpressbot.entrypoints.ceremony_counts import Step
from xpressbot.entrypoints.http.cookies import Cookie
from xpressbot.entrypoints.http.pages.link import gone, taken_from_address
from xpressbot.entrypoints.http.pages.new_password import name_and_password_problems, new_password_context
from xpressbot.entrypoints.http.routing import Page, PublicPage, Threads
from xpressbot.entrypoints.http.translation import _
from xpressbot.entrypoints.http.visit import Visit
from xpressbot.entrypoints.http.wording import Text, weak_password_text
from xpressbot.identity.domain.outcomes import Denied, Reason, SignedIn, WeakPassword

INVITATION_PATH: Final = "/link/invite"
_USED: Final = _("If you have made your account with it, sign in; else ask whoever runs this XpressBot for a new one.")
_OPEN_AGAIN: Final = _("If you have opened it before, open it once more; else ask whoever runs this XpressBot for a new one.")


def show_invitation(visit: Visit) -> Response:
    """Take the link's token out of the address bar, then ask for name and password."""
    registration = visit.identity.registration
    taken = taken_from_address(visit, INVITATION_PATH, lambda token: registration.invited(token) is not None, _USED)
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
        case Denied(Reason.EMAIL_TAKEN):
            raise HTTPException(410, _("There is an account with this address already. Sign in with it."))
        case Denied():
            raise gone(_OPEN_AGAIN)
        case unknown:
            assert_never(unknown)


def _page(visit: Visit, errors: dict[str, Text]) -> Response:
    email = visit.identity.registration.invited(visit.cookie(Cookie.LINK))
    if email is None:
        raise gone(_OPEN_AGAIN)
    return visit.page(
        "invitation.html",
        None,
        status=422 if errors else 200,
        errors=errors,
        email=email,
        form={"name": visit.form["name"]},
        **new_password_context(visit),
    )


PAGES: Final[list[Page]] = [
    PublicPage("GET", INVITATION_PATH, show_invitation),
    PublicPage("POST", INVITATION_PATH, accept, threads=Threads.SIGN_IN),
]
