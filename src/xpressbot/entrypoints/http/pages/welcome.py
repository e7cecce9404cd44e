"""First run: the owner's account, by the link that the start prints."""

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
from xpressbot.identity.application.registration import NewAccount
from xpressbot.identity.domain.account import normalise_email
from xpressbot.identity.domain.outcomes import Denied, SignedIn, WeakPassword

WELCOME_PATH: Final = "/welcome"
_START_AGAIN: Final = _("Start XpressBot again to get a new one.")


def show_welcome(visit: Visit) -> Response:
    """Take the link's token out of the address bar, then ask for name, address and password."""
    _must_be_unclaimed(visit)
    taken = taken_from_address(visit, WELCOME_PATH, visit.identity.registration.welcome_is_open, _START_AGAIN)
    if taken is not None:
        return taken
    if not visit.identity.registration.welcome_is_open(visit.cookie(Cookie.LINK)):
        raise gone(_START_AGAIN)
    return _page(visit, {}, {"name": "", "email": ""})


def claim(visit: Visit) -> Response:
    """Make the owner's account and sign it in."""
    _must_be_unclaimed(visit)
    if not visit.identity.registration.welcome_is_open(visit.cookie(Cookie.LINK)):
        raise gone(_START_AGAIN)
    kept = {"name": visit.form["name"], "email": visit.form["email"]}
    email, password = normalise_email(kept["email"]), visit.form["password"]
    name, errors = name_and_password_problems(visit)
    if email is None:
        errors["email"] = _("Enter an e-mail address, like anna@example.com.")
    if email is None or errors:
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
        case Denied():
            _must_be_unclaimed(visit)
            raise gone(_START_AGAIN)
        case unknown:
            assert_never(unknown)


def _page(visit: Visit, errors: dict[str, Text], kept: dict[str, str]) -> Response:
    status = 422 if errors else 200
    return visit.page("welcome.html", None, status=status, errors=errors, form=kept, **new_password_context(visit))


def _must_be_unclaimed(visit: Visit) -> None:
    if visit.identity.registration.has_owner():
        raise HTTPException(404)


PAGES: Final[list[Page]] = [
    PublicPage("GET", WELCOME_PATH, show_welcome),
    PublicPage("POST", WELCOME_PATH, claim, threads=Threads.SIGN_IN),
]
