"""Account Settings, and "Confirm it's you"."""

from typing import Any, Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.admission import SESSION
from xpressbot.entrypoints.http.cookies import Cookie
from xpressbot.entrypoints.http.forms import parse_second_factor, password_problem
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import SETTINGS_PATH, SIGN_IN_PATH, STEP_UP_PATH
from xpressbot.entrypoints.http.routing import Page, SignedInPage
from xpressbot.entrypoints.messages.formatting import Text
from xpressbot.entrypoints.messages.reasons import settings_notice
from xpressbot.identity.factors.proof import method_of
from xpressbot.identity.outcomes import Denied, Reason, SessionRenewed
from xpressbot.identity.sessions.caller import Caller


def show_settings(request: PageRequest, caller: Caller) -> Response:
    """Whether 2FA is on, and what can be done about it."""
    settings = request.identity.account_page.settings(caller)
    return request.page(
        "account.html",
        caller.account,
        message=settings_notice(request.texts, request.query("reason")),
        protected=settings.protection.on,
        since=settings.protection.since,
        codes_left=settings.protection.codes_left,
        codes_total=settings.protection.codes_total,
        recovery_session=settings.protection.recovery_session,
        apps_count=len(settings.apps),
        other_sessions=settings.other_sessions,
        enrolment_pending=settings.enrolment_pending,
    )


def show_confirm_identity(request: PageRequest, caller: Caller) -> Response:
    """Ask for the password, and a code where 2FA is on."""
    return request.page("confirm_identity.html", caller.account, **_context(request, caller, request.query("next")))


def confirm_identity(request: PageRequest, caller: Caller) -> Response | Denied:
    """Check the proof, renew the session's token, and go back to where it was needed."""
    context = _context(request, caller, request.form["next"])
    factor = parse_second_factor(request.form["code"], request.used_marks)
    errors: dict[str, Text] = {}
    if problem := password_problem(request.texts, request.form["password"]):
        errors["password"] = problem
    if context["needs_code"] and factor is None:
        errors["code"] = request.texts.gettext("Enter the 6-digit code that your app shows, or a recovery code.")
    if errors:
        return request.invalid("confirm_identity.html", caller.account, errors, **context)
    outcome = request.identity.reauthentication.confirm(caller, request.form["password"], factor)
    request.metrics.step_up(None if factor is None else method_of(factor), outcome)
    match outcome:
        case SessionRenewed():
            return request.renewed(outcome, request.safe_next(request.form["next"]))
        case Denied(Reason.SESSION_ENDED):
            response = redirect(f"{SIGN_IN_PATH}?reason={outcome.reason}")
            request.site.cookies.clear(response, Cookie.SESSION)
            return response
        case Denied(Reason.NOT_SIGNED_IN | Reason.TOKEN_SUPERSEDED):
            return outcome
        case Denied():
            return request.refused("confirm_identity.html", caller.account, outcome, **context)
        case unknown:
            assert_never(unknown)


def _context(request: PageRequest, caller: Caller, next_text: str) -> dict[str, Any]:
    return {
        "needs_code": request.identity.reauthentication.proof_needed(caller).second_factor,
        "form": {"next": request.safe_next(next_text)},
    }


PAGES: Final[list[Page]] = [
    SignedInPage("GET", SETTINGS_PATH, show_settings),
    SignedInPage("GET", STEP_UP_PATH, show_confirm_identity),
    SignedInPage("POST", STEP_UP_PATH, confirm_identity, hashes_at=SESSION),
]
