"""Turning 2FA on, moving it, turning it off."""

from typing import Any, Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.forms import code_problem
from xpressbot.entrypoints.http.pages.recovery_codes import CODES_PATH
from xpressbot.entrypoints.http.rendering import qr_svg
from xpressbot.entrypoints.http.routing import SETTINGS_PATH, Page, SignedInPage
from xpressbot.entrypoints.http.translation import _
from xpressbot.entrypoints.http.visit import Visit, redirect
from xpressbot.identity.application.caller import Caller
from xpressbot.identity.application.totp_enrolment import Enabled, OpenEnrolment
from xpressbot.identity.domain.otpauth import base32_key, groups_of_four, provisioning_uri
from xpressbot.identity.domain.outcomes import Denied, Done, Raised, Reason, StepUpRequired
from xpressbot.identity.domain.totp import parse_code

ISSUER: Final = "XpressBot"
SETUP_PATH: Final = "/account/2fa/setup"
DISABLE_PATH: Final = "/account/2fa/disable"


def start(visit: Visit, caller: Caller) -> Response | Denied | StepUpRequired:
    """Prepare a secret and show it."""
    outcome = visit.identity.totp_enrolment.start(caller)
    return redirect(SETUP_PATH) if isinstance(outcome, Done) else outcome


def start_over(visit: Visit, caller: Caller) -> Response | Denied:
    """Replace the secret."""
    outcome = visit.identity.totp_enrolment.start_over(caller)
    return redirect(SETUP_PATH) if isinstance(outcome, Done) else outcome


def show_setup(visit: Visit, caller: Caller) -> Response:
    """The QR code, the key, and the field for the first code."""
    enrolment = visit.identity.totp_enrolment.view(caller)
    if enrolment is None:
        return _without_enrolment(visit, caller)
    return visit.page("two_factor_setup.html", caller.account, **_setup_context(caller, enrolment))


def confirm(visit: Visit, caller: Caller) -> Response | Denied:
    """Check the first code; a right one turns 2FA on."""
    enrolment = visit.identity.totp_enrolment.view(caller)
    if enrolment is None:
        return _without_enrolment(visit, caller, reason=Reason.NO_ENROLMENT)
    digits = parse_code(visit.form["code"])
    if digits is None:
        errors = {"code": code_problem(visit.form["code"])}
        return visit.invalid("two_factor_setup.html", caller.account, dict(errors), **_setup_context(caller, enrolment))
    outcome = visit.identity.totp_enrolment.confirm(caller, digits)
    match outcome:
        case Enabled(raised, moved):
            return visit.raised(raised, SETTINGS_PATH if moved else CODES_PATH)
        case Denied(Reason.WRONG_CODE | Reason.CLOCK_IS_OFF):
            return visit.refused("two_factor_setup.html", caller.account, outcome, **_setup_context(caller, enrolment))
        case Denied():
            return outcome
        case unknown:
            assert_never(unknown)


def show_disable(visit: Visit, caller: Caller) -> Response:
    """What turning 2FA off will do."""
    settings = visit.identity.account_page.settings(caller)
    if not settings.protection.on:
        return redirect(SETTINGS_PATH)
    return visit.page("disable.html", caller.account, other_sessions=settings.other_sessions, codes_left=settings.protection.codes_left)


def disable(visit: Visit, caller: Caller) -> Response | Denied | StepUpRequired:
    """Turn 2FA off."""
    outcome = visit.identity.totp_enrolment.disable(caller)
    return visit.raised(outcome, SETTINGS_PATH) if isinstance(outcome, Raised) else outcome


def _without_enrolment(visit: Visit, caller: Caller, *, reason: Reason | None = None) -> Response:
    """Back to the settings; but the other half of a double click that has just turned 2FA on goes to its codes."""
    if visit.now() < caller.session.codes_visible_until:
        return redirect(CODES_PATH)
    return redirect(SETTINGS_PATH if reason is None else f"{SETTINGS_PATH}?reason={reason}")


def _setup_context(caller: Caller, enrolment: OpenEnrolment) -> dict[str, Any]:
    uri = provisioning_uri(enrolment.secret, issuer=ISSUER, account=caller.account.email)
    key = base32_key(enrolment.secret)
    return {
        "qr": qr_svg(uri, _("QR code for your authenticator app")),
        "key": key,
        "key_groups": groups_of_four(key),
        "otpauth_uri": uri,
        "expires_at": enrolment.expires_at,
        "tries_left": enrolment.tries_left,
        "moving": enrolment.moving,
        "other_sessions": enrolment.other_sessions,
    }


PAGES: Final[list[Page]] = [
    SignedInPage("POST", "/account/2fa/start", start, returns_to=SETTINGS_PATH),
    SignedInPage("GET", SETUP_PATH, show_setup),
    SignedInPage("POST", "/account/2fa/start-over", start_over, returns_to=SETUP_PATH),
    SignedInPage("POST", "/account/2fa/confirm", confirm, returns_to=SETUP_PATH),
    SignedInPage("GET", DISABLE_PATH, show_disable),
    SignedInPage("POST", DISABLE_PATH, disable),
]
