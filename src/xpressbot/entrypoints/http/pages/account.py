"""Account Settings, and "Confirm it's you"."""

from typing import Any, Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.cookies import Cookie
from xpressbot.entrypoints.http.forms import parse_second_factor, password_problem
from xpressbot.entrypoints.http.paths import SETTINGS_PATH, SIGN_IN_PATH, STEP_UP_PATH
from xpressbot.entrypoints.http.places import SESSION
from xpressbot.entrypoints.http.routing import Page, SignedInPage
from xpressbot.entrypoints.http.translation import _
from xpressbot.entrypoints.http.visit import Visit, redirect
from xpressbot.entrypoints.http.wording import Text, settings_notice
from xpressbot.identity.application.caller import Caller
from xpressbot.identity.application.second_factor import method_of
from xpressbot.identity.domain.outcomes import Denied, Raised, Reason


def show_settings(visit: Visit, caller: Caller) -> Response:
    """Whether 2FA is on, and what can be done about it."""
    settings = visit.identity.account_page.settings(caller)
    return visit.page(
        "account.html",
        caller.account,
        message=settings_notice(visit.request.query_params.get("reason", "")),
        protected=settings.protection.on,
        since=settings.protection.since,
        codes_left=settings.protection.codes_left,
        codes_total=settings.protection.codes_total,
        recovery_session=settings.protection.recovery_session,
        apps_count=len(settings.apps),
        other_sessions=settings.other_sessions,
        enrolment_pending=settings.enrolment_pending,
    )


def show_confirm_identity(visit: Visit, caller: Caller) -> Response:
    """Ask for the password, and a code where 2FA is on."""
    return visit.page("confirm_identity.html", caller.account, **_context(visit, caller, visit.request.query_params.get("next", "")))


def confirm_identity(visit: Visit, caller: Caller) -> Response | Denied:
    """Check the proof, renew the session's token, and go back to where it was needed."""
    context = _context(visit, caller, visit.form["next"])
    factor = parse_second_factor(visit.form["code"])
    errors: dict[str, Text] = {}
    if problem := password_problem(visit.form["password"]):
        errors["password"] = problem
    if context["needs_code"] and factor is None:
        errors["code"] = _("Enter the 6-digit code that your app shows, or a recovery code.")
    if errors:
        return visit.invalid("confirm_identity.html", caller.account, errors, **context)
    outcome = visit.identity.reauthentication.confirm(caller, visit.form["password"], factor)
    visit.counts.step_up(None if factor is None else method_of(factor), outcome)
    match outcome:
        case Raised():
            return visit.raised(outcome, visit.safe_next(visit.form["next"]))
        case Denied(Reason.SESSION_ENDED):
            response = redirect(f"{SIGN_IN_PATH}?reason={outcome.reason}")
            visit.site.cookies.clear(response, Cookie.SESSION)
            return response
        case Denied(Reason.NOT_SIGNED_IN | Reason.SESSION_RENEWED):
            return outcome
        case Denied():
            return visit.refused("confirm_identity.html", caller.account, outcome, **context)
        case unknown:
            assert_never(unknown)


def _context(visit: Visit, caller: Caller, next_text: str) -> dict[str, Any]:
    return {
        "needs_code": visit.identity.reauthentication.proof_needed(caller).second_factor,
        "form": {"next": visit.safe_next(next_text)},
    }


PAGES: Final[list[Page]] = [
    SignedInPage("GET", SETTINGS_PATH, show_settings),
    SignedInPage("GET", STEP_UP_PATH, show_confirm_identity),
    SignedInPage("POST", STEP_UP_PATH, confirm_identity, hashes_at=SESSION),
]
