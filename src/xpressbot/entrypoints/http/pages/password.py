"""Changing the password in a session."""

from typing import Any, Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.cookies import Cookie
from xpressbot.entrypoints.http.detours import session_ended
from xpressbot.entrypoints.http.forms import password_problem
from xpressbot.entrypoints.http.hashing_form_limits import SESSION
from xpressbot.entrypoints.http.name_and_password_fields import new_password_context
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.paths import PASSWORD_PATH
from xpressbot.entrypoints.http.routing import Page, SignedInOutcome, SignedInPage
from xpressbot.entrypoints.messages.formatting import Text
from xpressbot.entrypoints.messages.redirect_reasons import password_notice
from xpressbot.entrypoints.messages.refusals import weak_password_text, with_tries_left
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.outcomes import Denied, StepUpRequired
from xpressbot.identity.passwords.change import PasswordChanged, PasswordChangeRefusal
from xpressbot.identity.passwords.rules import WeakPassword
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.failed_proofs import StepUpRefusal
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.throttling.charges import ThrottleRefusal

_TEMPLATE: Final = "password.html"


def show_password(request: PageRequest, caller: Caller) -> Response:
    """Ask for the new password; for the current one, too, where no second factor was proven."""
    message = password_notice(request.texts, request.query("reason"))
    return request.page(_TEMPLATE, caller.account, message=message, **_context(request, caller))


def change_password(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Set the new password, and say what has ended."""
    errors = _problems(request, caller)
    if errors:
        return request.invalid(_TEMPLATE, caller.account, errors, **_context(request, caller))
    outcome = request.identity.password_change.change(caller, request.form["current_password"], request.form["password"])
    match outcome:
        case PasswordChanged(renewed, sessions_ended):
            response = request.page("password_changed.html", caller.account, sessions_ended=sessions_ended)
            request.site.cookies.set(response, Cookie.SESSION, renewed.session)
            return response
        case WeakPassword():
            problem = {"password": weak_password_text(request.texts, outcome)}
            return request.invalid(_TEMPLATE, caller.account, dict[str, Text](problem), **_context(request, caller))
        case StepUpRequired():
            return outcome
        case Denied():
            return _not_changed(request, caller, outcome)
        case unknown:
            assert_never(unknown)


def _problems(request: PageRequest, caller: Caller) -> dict[str, Text]:
    asked = ["password"]
    if request.identity.password_change.asks_current(caller):
        asked.insert(0, "current_password")
    return {name: problem for name in asked if (problem := password_problem(request.texts, request.form[name]))}


def _not_changed(request: PageRequest, caller: Caller, denied: Denied[PasswordChangeRefusal]) -> SignedInOutcome:
    match denied.reason:
        case SessionRefusal() as reason:
            return denied.narrowed(reason)
        case StepUpRefusal.SESSION_ENDED:
            return session_ended(request)
        case PasswordRefusal.WRONG_CREDENTIALS:
            why = request.texts.gettext("This is not your current password. Check that Caps Lock is off.")
            errors = {"current_password": with_tries_left(request.texts, why, denied)}
            return request.page(_TEMPLATE, caller.account, status=401, errors=errors, **_context(request, caller))
        case ThrottleRefusal() as reason:
            return request.throttled(_TEMPLATE, caller.account, denied.narrowed(reason), **_context(request, caller))
        case unknown:
            assert_never(unknown)


def _context(request: PageRequest, caller: Caller) -> dict[str, Any]:
    return {
        "asks_current": request.identity.password_change.asks_current(caller),
        "other_sessions": request.identity.account_page.other_sessions(caller),
        **new_password_context(request),
    }


PAGES: Final[list[Page]] = [
    SignedInPage("GET", PASSWORD_PATH, Action.VIEW_ACCOUNT, show_password, leads_to=Action.CHANGE_PASSWORD),
    SignedInPage("POST", PASSWORD_PATH, Action.CHANGE_PASSWORD, change_password, hashes_at=SESSION),
]
