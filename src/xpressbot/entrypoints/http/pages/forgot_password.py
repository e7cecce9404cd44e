"""A forgotten password: asking for a link by mail. The answer is the same for every address (ASVS 6.3.8)."""

from typing import Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.paths import FORGOT_PASSWORD_PATH
from xpressbot.entrypoints.http.routing import Page, PublicPage
from xpressbot.entrypoints.messages.links import works_once
from xpressbot.entrypoints.messages.refusals import address_problem_text
from xpressbot.identity.accounts.rules.address import AddressProblem, normalise_email
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied, Done

_TEMPLATE: Final = "forgot_password.html"


def show_form(request: PageRequest) -> Response:
    """Ask for the address."""
    return request.page(_TEMPLATE, None, form={"email": ""}, sends_mail=request.identity.forgotten.sends_mail)


def ask(request: PageRequest) -> Response:
    """Note the request, and say what to expect."""
    context = {"form": {"email": request.form["email"]}, "sends_mail": request.identity.forgotten.sends_mail}
    email = normalise_email(request.form["email"])
    if isinstance(email, AddressProblem):
        return request.invalid(_TEMPLATE, None, {"email": address_problem_text(request.texts, email)}, **context)
    outcome = request.identity.forgotten.ask(email, request.client)
    match outcome:
        case Done():
            return request.page(
                "forgot_password_asked.html",
                None,
                sends_mail=request.identity.forgotten.sends_mail,
                works_once=works_once(request.texts, LinkKind.PASSWORD),
            )
        case Denied():
            return request.throttled(_TEMPLATE, None, outcome, **context)
        case unknown:
            assert_never(unknown)


PAGES: Final[list[Page]] = [
    PublicPage("GET", FORGOT_PASSWORD_PATH, show_form),
    PublicPage("POST", FORGOT_PASSWORD_PATH, ask),
]
