"""Turning 2FA on, moving it, turning it off."""

from typing import Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.pages import re_enrolment
from xpressbot.entrypoints.http.pages.authenticator_apps import APPS_PATH, app_choices, kind_choices
from xpressbot.entrypoints.http.pages.set_up import SETUP_PATH, SetUpForm
from xpressbot.entrypoints.http.paths import CODES_PATH, REQUIRED_PATH, SETTINGS_PATH
from xpressbot.entrypoints.http.routing import EnrolleeHandler, Handler, Page, SignedInOutcome, SignedInPage, not_protected
from xpressbot.entrypoints.telemetry.sign_in_metrics import CodePurpose
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.two_factor_policy import enrolment_due_at, must_keep_two_factor
from xpressbot.identity.factors.enrolment_steps import EnrolmentRefusal
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.factors.protection import AuthenticatorRefusal
from xpressbot.identity.factors.two_factor import InPlace
from xpressbot.identity.outcomes import Denied, Done, SessionRenewed, StepUpRequired
from xpressbot.identity.sessions.caller import Caller, MustEnrol
from xpressbot.identity.sessions.gate import SessionRefusal

MOVE_PATH: Final = "/account/2fa/move"
DISABLE_PATH: Final = "/account/2fa/disable"


def show_move(request: PageRequest, caller: Caller) -> Response:
    """Ask what became of the old phone, and which app it is about."""
    settings = request.identity.account_page.settings(caller)
    if not settings.protection.on:
        return redirect(SETTINGS_PATH)
    return request.page(
        "move.html",
        caller.account,
        apps=app_choices(request, settings.apps),
        kinds=kind_choices(request),
        other_sessions=request.identity.account_page.other_sessions(caller),
    )


def start(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Prepare a secret and show it. With 2FA on it is a move: `app` names the one to replace, `lost` says where that is."""
    outcome = request.identity.two_factor.start(
        caller, request.chosen_kind.kind, replaces=request.form["app"] or None, lost=request.form["lost"] == "yes"
    )
    match outcome:
        case Done():
            return redirect(SETUP_PATH)
        case StepUpRequired():
            return outcome
        case Denied():
            return _not_set_up(outcome)
        case unknown:
            assert_never(unknown)


def start_over(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Replace the secret."""
    outcome = request.identity.two_factor.start_over(caller)
    match outcome:
        case Done():
            return redirect(SETUP_PATH)
        case StepUpRequired():
            return outcome
        case Denied():
            return _not_set_up(outcome)
        case unknown:
            assert_never(unknown)


def show_setup(request: PageRequest, caller: Caller) -> Response:
    """The QR code, the key, and the field for the first code."""
    enrolment = request.identity.two_factor.view(caller)
    if enrolment is None:
        return _without_enrolment(request, caller)
    return SetUpForm(request, caller, FormSubject.signed_in(caller.account), enrolment).show()


def confirm(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Check the first code; a right one does what the set-up was begun for."""
    enrolment = request.identity.two_factor.view(caller)
    if enrolment is None:
        return _without_enrolment(request, caller, reason=EnrolmentRefusal.NO_ENROLMENT)
    form = SetUpForm(request, caller, FormSubject.signed_in(caller.account), enrolment)
    proof = form.parse()
    if proof is None:
        return form.invalid()
    outcome = request.identity.two_factor.confirm(caller, proof)
    request.metrics.code(enrolment.kind, outcome, CodePurpose.SET_UP)
    match outcome:
        case InPlace(raised, shows_codes, added):
            return request.renewed(raised, CODES_PATH if shows_codes else APPS_PATH if added else SETTINGS_PATH)
        case StepUpRequired():
            return outcome
        case Denied():
            return _not_confirmed(form, outcome)
        case unknown:
            assert_never(unknown)


def _not_confirmed(form: SetUpForm, denied: Denied[SessionRefusal | EnrolmentRefusal | ProofRefusal]) -> SignedInOutcome:
    match denied.reason:
        case ProofRefusal() as reason:
            return form.refused(denied.narrowed(reason))
        case SessionRefusal() | EnrolmentRefusal() as reason:
            return _not_set_up(denied.narrowed(reason))
        case unknown:
            assert_never(unknown)


def _not_set_up(denied: Denied[SessionRefusal | AuthenticatorRefusal | EnrolmentRefusal]) -> SignedInOutcome:
    match denied.reason:
        case AuthenticatorRefusal.NO_SUCH_AUTHENTICATOR | EnrolmentRefusal.NO_ENROLMENT | EnrolmentRefusal.ENROLMENT_DISCARDED as reason:
            return redirect(f"{SETTINGS_PATH}?reason={reason}")
        case SessionRefusal() as reason:
            return denied.narrowed(reason)
        case unknown:
            assert_never(unknown)


def show_disable(request: PageRequest, caller: Caller) -> Response:
    """What turning 2FA off will do."""
    settings = request.identity.account_page.settings(caller)
    if not settings.protection.on:
        return redirect(SETTINGS_PATH)
    return request.page(
        "disable.html",
        caller.account,
        required=must_keep_two_factor(caller.account, caller.policy, request.now()),
        required_from=caller.policy.required_from,
        apps_count=len(settings.apps),
        other_sessions=request.identity.account_page.other_sessions(caller),
        codes_left=settings.protection.codes_left,
        running_bots=request.running_bots,
    )


def disable(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Turn 2FA off."""
    outcome = request.identity.two_factor.disable(caller)
    match outcome:
        case SessionRenewed():
            return request.renewed(outcome, SETTINGS_PATH)
        case StepUpRequired():
            return outcome
        case Denied():
            return not_protected(outcome)
        case unknown:
            assert_never(unknown)


def _without_enrolment(request: PageRequest, caller: Caller, *, reason: EnrolmentRefusal | None = None) -> Response:
    """Back to the settings; but the other half of a double click that has just turned 2FA on goes to its codes."""
    if caller.session.shows_codes(request.now()):
        return redirect(CODES_PATH)
    return redirect(SETTINGS_PATH if reason is None else f"{SETTINGS_PATH}?reason={reason}")


def show_required(request: PageRequest, holder: MustEnrol) -> Response:
    """Why nothing else opens, since when, and the button to sign in again, which leads to the set-up."""
    return request.page(
        "required.html",
        None,
        shown_to=FormSubject.signed_in(holder.account),
        email=holder.account.email,
        since=enrolment_due_at(holder.account, holder.policy, request.now()),
        mails_link=request.identity.forgotten.sends_mail,
    )


def to_settings(_request: PageRequest, _caller: Caller) -> Response:
    """Of those who may open everything, nothing is required here."""
    return redirect(SETTINGS_PATH)


def _set_up(
    method: str,
    path: str,
    action: Action,
    handler: Handler,
    before_session: EnrolleeHandler,
    *,
    returns_to: str = "",
) -> Page:
    """A page of the set-up: with a session or before it."""
    return SignedInPage(
        method,
        path,
        action,
        handler,
        returns_to=returns_to,
        before_session=before_session,
        for_one_person=True,
    )


PAGES: Final[list[Page]] = [
    SignedInPage("GET", REQUIRED_PATH, Action.VIEW_ACCOUNT, to_settings, while_enrolling=show_required),
    SignedInPage("GET", MOVE_PATH, Action.VIEW_ACCOUNT, show_move, leads_to=Action.START_ENROLMENT),
    _set_up("POST", "/account/2fa/start", Action.START_ENROLMENT, start, re_enrolment.start, returns_to=SETTINGS_PATH),
    _set_up("GET", SETUP_PATH, Action.VIEW_ACCOUNT, show_setup, re_enrolment.show_setup),
    _set_up("POST", "/account/2fa/start-over", Action.RESTART_ENROLMENT, start_over, re_enrolment.start_over, returns_to=SETUP_PATH),
    _set_up("POST", "/account/2fa/confirm", Action.CONFIRM_ENROLMENT, confirm, re_enrolment.confirm, returns_to=SETUP_PATH),
    SignedInPage("GET", DISABLE_PATH, Action.VIEW_ACCOUNT, show_disable),
    SignedInPage("POST", DISABLE_PATH, Action.DISABLE_TWO_FACTOR, disable),
]
