"""The e-mail address: asking for a link that confirms it, or another one."""

from typing import Any, Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.paths import EMAIL_PATH
from xpressbot.entrypoints.http.routing import Page, SignedInOutcome, SignedInPage
from xpressbot.entrypoints.messages.formatting import Text
from xpressbot.entrypoints.messages.links import can_be_stopped, works_once
from xpressbot.entrypoints.messages.refusals import address_problem_text
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.address import AddressProblem, normalise_email
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied, Done, StepUpRequired
from xpressbot.identity.profile.email_change import EmailChangeRefusal, is_address_of
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.throttling.charges import ThrottleRefusal

_TEMPLATE: Final = "email.html"


def show_email(request: PageRequest, caller: Caller) -> Response:
    """The address, whether it is confirmed, and the field for another one."""
    return _page(request, caller, 200)


def ask(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Have the link mailed, and say what to expect. The answer is the same for every address that is not the account's own."""
    typed = request.form["email"]
    email = normalise_email(typed)
    if isinstance(email, AddressProblem):
        return _page(request, caller, 422, typed, errors={"email": address_problem_text(request.texts, email)})
    outcome = request.identity.email_change.ask(caller, email)
    match outcome:
        case Done():
            changes = not is_address_of(caller.account, email)
            return request.page(
                "email_asked.html", caller.account, email=email, changes=changes, works_once=works_once(request.texts, LinkKind.EMAIL)
            )
        case StepUpRequired():
            return outcome
        case Denied():
            return _not_asked(request, caller, typed, outcome)
        case unknown:
            assert_never(unknown)


def _not_asked(
    request: PageRequest, caller: Caller, typed: str, denied: Denied[SessionRefusal | EmailChangeRefusal | ThrottleRefusal]
) -> SignedInOutcome:
    match denied.reason:
        case SessionRefusal() as reason:
            return denied.narrowed(reason)
        case ThrottleRefusal() as reason:
            return request.throttled(_TEMPLATE, caller.account, denied.narrowed(reason), **_context(request, caller, typed))
        case EmailChangeRefusal.EMAIL_IS_CONFIRMED:
            said = request.texts.gettext("This is the address of your account, and it is confirmed.")
            return _page(request, caller, 422, typed, errors={"email": said})
        case EmailChangeRefusal.EMAIL_CHANGED_LATELY:
            return _page(request, caller, 409, typed)
        case unknown:
            assert_never(unknown)


def _page(request: PageRequest, caller: Caller, status: int, typed: str = "", errors: dict[str, Text] | None = None) -> Response:
    return request.page(_TEMPLATE, caller.account, status=status, errors=errors or {}, **_context(request, caller, typed))


def _context(request: PageRequest, caller: Caller, typed: str) -> dict[str, Any]:
    before = request.identity.email_change.stoppable(caller)
    return {
        "form": {"email": typed},
        "email_confirmed_at": caller.account.email_confirmed_at,
        "stoppable": can_be_stopped(request.texts),
        "stoppable_until": None if before is None else before.reserved_until,
    }


PAGES: Final[list[Page]] = [
    SignedInPage("GET", EMAIL_PATH, Action.VIEW_ACCOUNT, show_email, leads_to=Action.CHANGE_EMAIL),
    SignedInPage("POST", EMAIL_PATH, Action.CHANGE_EMAIL, ask),
]
