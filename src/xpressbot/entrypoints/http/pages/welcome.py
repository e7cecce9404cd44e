"""First run: the owner's account, by the link that the start prints."""

from typing import Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.errors import ExplainedError, NextLink
from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.link_pages import LinkEntry, LinkForm, OpenLink
from xpressbot.entrypoints.http.name_and_password_fields import name_and_password_problems, new_password_context
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.paths import SIGN_IN_PATH
from xpressbot.entrypoints.http.routing import Page
from xpressbot.entrypoints.messages.formatting import Text
from xpressbot.entrypoints.messages.refusals import address_problem_text, weak_password_text
from xpressbot.entrypoints.messages.translation import N_
from xpressbot.entrypoints.telemetry.sign_in_metrics import Step
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.address import AddressProblem, normalise_email
from xpressbot.identity.links.charges import LinkRefusal, LinkThrottleRefusal
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied, EnrolmentRequired, SignedIn
from xpressbot.identity.passwords.rules import WeakPassword
from xpressbot.identity.registration.new_accounts import NewAccount

_TEMPLATE: Final = "welcome.html"


def _find(request: PageRequest, token: Token) -> Token | None:
    return token if request.identity.registration.welcome_is_open(token) else None


def _shown_to(token: Token, _found: Token) -> FormSubject:
    return FormSubject.of_link(token, "")


def show_form(link: OpenLink[Token]) -> Response:
    """Ask for name, address and password."""
    return _page(link, {}, {"name": "", "email": ""})


def claim(link: OpenLink[Token]) -> Response | Denied[LinkRefusal]:
    """Make the owner's account and sign it in."""
    request = link.request
    kept = {"name": request.form["name"], "email": request.form["email"]}
    email, password = normalise_email(kept["email"]), request.form["password"]
    name, errors = name_and_password_problems(request)
    if isinstance(email, AddressProblem):
        errors["email"] = address_problem_text(request.texts, email)
    if isinstance(email, AddressProblem) or errors:
        return _page(link, errors, kept)
    outcome = request.identity.registration.claim(link.token, NewAccount(email, name, password), request.client)
    match outcome:
        case SignedIn():
            request.metrics.sign_in(Step.LINK, outcome)
            return link.used(request.signed_in(outcome))
        case EnrolmentRequired():
            request.metrics.sign_in(Step.LINK, outcome)
            return link.used(request.to_enrolment(outcome))
        case WeakPassword():
            return _page(link, {"password": weak_password_text(request.texts, outcome)}, kept)
        case Denied():
            return _not_claimed(link, outcome, kept)
        case unknown:
            assert_never(unknown)


def _not_claimed(
    link: OpenLink[Token], denied: Denied[LinkRefusal | LinkThrottleRefusal], kept: dict[str, str]
) -> Response | Denied[LinkRefusal]:
    match denied.reason:
        case LinkThrottleRefusal() as reason:
            throttled = denied.narrowed(reason)
            link.request.metrics.sign_in(Step.LINK, throttled)
            return link.throttled(_TEMPLATE, throttled, form=kept, **new_password_context(link.request))
        case LinkRefusal() as reason:
            _must_be_unclaimed(link.request)
            return denied.narrowed(reason)
        case unknown:
            assert_never(unknown)


def _page(link: OpenLink[Token], errors: dict[str, Text], kept: dict[str, str]) -> Response:
    return link.page(_TEMPLATE, errors, form=kept, **new_password_context(link.request))


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


_FORM: Final = LinkForm(
    LinkEntry(
        LinkKind.WELCOME,
        used=N_("If you have created the owner's account with it, sign in."),
        another=N_("The operator of this XpressBot gets a new one by starting it again."),
    ),
    _find,
    _shown_to,
    show_form,
    claim,
    hashes=True,
    must_hold=_must_be_unclaimed,
)
PAGES: Final[list[Page]] = [_FORM.get, _FORM.post]
