"""Account Settings, and "Confirm it's you"."""

from collections.abc import Sequence
from typing import Any, Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.detours import session_ended
from xpressbot.entrypoints.http.factor_presentation import FactorPresentation
from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.forms import password_problem
from xpressbot.entrypoints.http.hashing_form_limits import SESSION
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.pages.authenticator_apps import kind_choices
from xpressbot.entrypoints.http.paths import SETTINGS_PATH, STEP_UP_PATH
from xpressbot.entrypoints.http.routing import Page, SignedInOutcome, SignedInPage
from xpressbot.entrypoints.messages.formatting import Text
from xpressbot.entrypoints.messages.redirect_reasons import settings_notice
from xpressbot.entrypoints.messages.refusals import wrong_password_text
from xpressbot.entrypoints.messages.roles import role_name
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.two_factor_policy import must_keep_two_factor
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.outcomes import Denied, SessionRenewed, StepUpRequired
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.failed_proofs import StepUpRefusal
from xpressbot.identity.sessions.gate import SessionRefusal

SETTINGS_TEMPLATE: Final = "account.html"
_CONFIRM_TEMPLATE: Final = "confirm_identity.html"


def show_settings(request: PageRequest, caller: Caller) -> Response:
    """Whether 2FA is on, and what can be done about it."""
    message = settings_notice(request.texts, request.query("reason"))
    return request.page(SETTINGS_TEMPLATE, caller.account, message=message, **settings_context(request, caller))


def settings_context(request: PageRequest, caller: Caller) -> dict[str, Any]:
    """What the settings page shows."""
    settings = request.identity.account_page.settings(caller)
    return {
        "protected": settings.protection.on,
        "since": settings.protection.since,
        "codes_left": settings.protection.codes_left,
        "codes_total": settings.protection.codes_total,
        "codes_are_few": settings.protection.codes_are_few,
        "recovery_session": settings.protection.recovery_session,
        "apps_count": len(settings.apps),
        "kinds": kind_choices(request),
        "other_sessions": settings.other_sessions,
        "enrolment_pending": settings.enrolment_pending,
        "email_confirmed_at": caller.account.email_confirmed_at,
        "role": role_name(request.texts, caller.account.role),
        "leaders": [{"name": name, "role": role_name(request.texts, role)} for name, role in settings.leaders],
        "required": must_keep_two_factor(caller.account, caller.policy, request.now()),
        "required_from": caller.policy.required_from,
        "language": request.site.renderer.switch.languages.find(caller.account.language),
    }


def show_confirm_identity(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Ask for the password, and a second factor where 2FA is on."""
    needed = _factors_needed(request, caller)
    context = _context(request, caller, needed, request.query("next"))
    return request.page(_CONFIRM_TEMPLATE, caller.account, **context) if isinstance(context, dict) else context


def confirm_identity(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Check the proof, renew the session's token, and go back to where it was needed."""
    needed = _factors_needed(request, caller)
    factor = next((factor for factor in needed if factor.parse(request.proof_form) is not None), None)
    proof = None if factor is None else factor.parse(request.proof_form)
    errors: dict[str, Text] = {}
    if problem := password_problem(request.texts, request.form["password"]):
        errors["password"] = problem
    if needed and proof is None:
        errors["code"] = request.texts.gettext("Enter the 6-digit code that your app shows, or a recovery code.")
    if errors:
        context = _context(request, caller, needed, request.form["next"])
        return request.invalid(_CONFIRM_TEMPLATE, caller.account, errors, **context) if isinstance(context, dict) else context
    outcome = request.identity.step_up.confirm(caller, request.form["password"], proof)
    request.metrics.step_up(None if proof is None else proof.kind, outcome)
    match outcome:
        case SessionRenewed():
            return request.renewed(outcome, request.safe_next(request.form["next"]))
        case StepUpRequired():
            return outcome
        case Denied():
            return _not_confirmed(request, caller, needed, factor, outcome)
        case unknown:
            assert_never(unknown)


def _not_confirmed(
    request: PageRequest,
    caller: Caller,
    needed: Sequence[FactorPresentation],
    factor: FactorPresentation | None,
    denied: Denied[SessionRefusal | PasswordRefusal | ProofRefusal | StepUpRefusal],
) -> SignedInOutcome:
    match denied.reason:
        case SessionRefusal() as reason:
            return denied.narrowed(reason)
        case StepUpRefusal.SESSION_ENDED:
            return session_ended(request)
        case PasswordRefusal() | ProofRefusal() as reason:
            context = _context(request, caller, needed, request.form["next"])
            if not isinstance(context, dict):
                return context
            if isinstance(reason, PasswordRefusal):
                message = wrong_password_text(request.texts, denied.narrowed(reason))
                return request.page(_CONFIRM_TEMPLATE, caller.account, status=401, message=message, **context)
            if factor is None:  # none was asked for when the form was read, and one is needed since: the page asks anew
                return StepUpRequired()
            return request.proof_refused(_CONFIRM_TEMPLATE, caller.account, factor, denied.narrowed(reason), **context)
        case unknown:
            assert_never(unknown)


def _factors_needed(request: PageRequest, caller: Caller) -> Sequence[FactorPresentation]:
    return request.factors.offered(request.identity.step_up.factors_needed(caller).kinds)


def _context(
    request: PageRequest, caller: Caller, needed: Sequence[FactorPresentation], next_text: str
) -> dict[str, Any] | Denied[SessionRefusal] | StepUpRequired:
    """What the page asks for. Kinds whose proof is typed into the same field share it."""
    context: dict[str, Any] = {
        "fields": list(dict.fromkeys(factor.step_up_fields for factor in needed)),
        "form": {"next": request.safe_next(next_text)},
        "shown_to": FormSubject.signed_in(caller.account),
        "email": caller.account.email,
    }
    for factor in needed:
        challenge = request.identity.step_up.challenge(caller, factor.kind)
        if isinstance(challenge, Denied | StepUpRequired):
            return challenge
        context |= factor.challenge_context(challenge.shown)
    return context


PAGES: Final[list[Page]] = [
    SignedInPage("GET", SETTINGS_PATH, Action.VIEW_ACCOUNT, show_settings),
    SignedInPage("GET", STEP_UP_PATH, Action.VIEW_ACCOUNT, show_confirm_identity),
    SignedInPage("POST", STEP_UP_PATH, Action.CONFIRM_IDENTITY, confirm_identity, hashes_at=SESSION),
]
