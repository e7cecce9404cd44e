"""Signing in and out: the password, the code, the recovery code."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.admission import ADDRESS_TYPED
from xpressbot.entrypoints.http.cookies import Cookie
from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.forms import code_problem, parse_recovery_code, parse_totp_code, password_problem, recovery_code_problem
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import HOME_PATH, RE_ENROLMENT_PATH, SIGN_IN_PATH
from xpressbot.entrypoints.http.routing import Page, PublicPage, SignedInPage
from xpressbot.entrypoints.messages.formatting import Text
from xpressbot.entrypoints.messages.reasons import sign_in_notice
from xpressbot.entrypoints.messages.refusals import address_problem_text
from xpressbot.entrypoints.telemetry.sign_in_metrics import Step
from xpressbot.identity.accounts.rules.address import AddressProblem, email_to_sign_in_with
from xpressbot.identity.factors.proof import RecoveryCodeText, SecondFactor, TotpCode
from xpressbot.identity.outcomes import Denied, EnrolmentRequired, Reason, SecondFactorRequired, SignedIn
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sign_in.re_enrolment import Enrollee
from xpressbot.identity.sign_in.rules.pending import NextStep, PendingSignIn

CODE_PATH: Final = "/sign-in/code"
RECOVERY_CODE_PATH: Final = "/sign-in/recovery-code"


@dataclass(frozen=True, slots=True)
class _SecondFactorWay:
    """A page that takes one kind of second factor."""

    step: Step
    template: str
    parse: Callable[[PageRequest], SecondFactor | None]
    problem: Callable[[PageRequest], Text]


def _totp_code(request: PageRequest) -> TotpCode | None:
    return parse_totp_code(request.form["code"])


def _recovery_code(request: PageRequest) -> RecoveryCodeText | None:
    return parse_recovery_code(request.form["code"], request.used_marks)


def _problem_of_code(request: PageRequest) -> Text:
    if _recovery_code(request) is None:
        return code_problem(request.texts, request.form["code"])
    return request.texts.gettext('This is a recovery code. Follow "Use a recovery code instead" and type it there.')


def _problem_of_recovery_code(request: PageRequest) -> Text:
    if _totp_code(request) is None:
        return recovery_code_problem(request.texts, request.form["code"])
    return request.texts.gettext('This is a code from an app. Follow "Use the code from your app" and type it there.')


_APP: Final = _SecondFactorWay(Step.TOTP, "sign_in_code.html", _totp_code, _problem_of_code)
_RECOVERY_CODE: Final = _SecondFactorWay(Step.RECOVERY_CODE, "sign_in_recovery_code.html", _recovery_code, _problem_of_recovery_code)


def show_sign_in(request: PageRequest) -> Response:
    """Ask for address and password; send on whoever is signed in already."""
    next_path = request.safe_next(request.query("next"))
    if request.identity.sessions.resolve(request.client) is not None:
        return redirect(next_path)
    reason = request.query("reason")
    if not reason and request.identity.sessions.is_from_the_future(request.client):
        reason = Reason.CLOCK_WAS_CHANGED
    message = sign_in_notice(request.texts, reason)
    return request.page("sign_in.html", None, form={"email": "", "next": next_path}, message=message)


def sign_in(request: PageRequest) -> Response:
    """Check the password."""
    next_path = request.safe_next(request.form["next"])
    kept = {"email": request.form["email"], "next": next_path}
    email, password = email_to_sign_in_with(request.form["email"]), request.form["password"]
    errors: dict[str, Text] = {}
    if isinstance(email, AddressProblem):
        asked = request.texts.gettext("Enter your e-mail address, like anna@example.com.")
        errors["email"] = asked if email is AddressProblem.UNUSABLE else address_problem_text(request.texts, email)
    if problem := password_problem(request.texts, password):
        errors["password"] = problem
    if isinstance(email, AddressProblem) or errors:
        return request.invalid("sign_in.html", None, errors, form=kept)
    outcome = request.identity.sign_in.begin(email, password, next_path, request.client)
    request.metrics.sign_in(Step.PASSWORD, outcome)
    match outcome:
        case SignedIn():
            return request.signed_in(outcome)
        case SecondFactorRequired(pending):
            response = redirect(CODE_PATH)
            request.site.cookies.set(response, Cookie.SIGN_IN, pending)
            return response
        case EnrolmentRequired(pending):
            response = redirect(RE_ENROLMENT_PATH)
            request.site.cookies.set(response, Cookie.SIGN_IN, pending)
            return response
        case Denied():
            return request.refused("sign_in.html", None, outcome, form=kept)
        case unknown:
            assert_never(unknown)


def show_second_factor(way: _SecondFactorWay) -> Callable[[PageRequest], Response]:
    """Ask for a second factor."""

    def show(request: PageRequest) -> Response:
        pending = _pending(request)
        return pending if isinstance(pending, Response) else request.page(way.template, None, **_of(pending))

    return show


def verify_second_factor(way: _SecondFactorWay) -> Callable[[PageRequest], Response]:
    """Check a second factor."""

    def verify(request: PageRequest) -> Response:
        factor = way.parse(request)
        if factor is None:
            pending = _pending(request)
            if isinstance(pending, Response):
                return pending
            return request.invalid(way.template, None, {"code": way.problem(request)}, **_of(pending))
        outcome = request.identity.sign_in.verify_second_factor(request.cookie(Cookie.SIGN_IN), factor, request.client)
        request.metrics.sign_in(way.step, outcome)
        match outcome:
            case SignedIn():
                return request.signed_in(outcome)
            case Denied(Reason.NOT_SIGNED_IN | Reason.START_AGAIN | Reason.JUST_SIGNED_IN | Reason.MUST_ENROL | Reason.CLOCK_WAS_CHANGED):
                return _sent_back(request, outcome)
            case Denied():
                pending = _pending(request)
                return pending if isinstance(pending, Response) else request.refused(way.template, None, outcome, **_of(pending))
            case unknown:
                assert_never(unknown)

    return verify


def sign_out(request: PageRequest, caller: Caller) -> Response | Denied:
    """End the session."""
    outcome = request.identity.sessions.sign_out(caller)
    if isinstance(outcome, Denied):
        return outcome
    response = redirect(SIGN_IN_PATH)
    request.site.cookies.clear(response, Cookie.SESSION)
    return response


def leave_enrolment(request: PageRequest, enrollee: Enrollee) -> Response:
    """End a sign-in that has to set up 2FA first."""
    request.identity.re_enrolment.abandon(enrollee)
    response = redirect(SIGN_IN_PATH)
    request.site.cookies.clear(response, Cookie.SIGN_IN)
    return response


def _pending(request: PageRequest) -> PendingSignIn | Response:
    pending = request.identity.sign_in.pending(request.cookie(Cookie.SIGN_IN), NextStep.SECOND_FACTOR)
    return _sent_back(request, pending) if isinstance(pending, Denied) else pending


def _of(pending: PendingSignIn) -> dict[str, Any]:
    """What a page says of whom it is shown to."""
    return {"email": pending.email, "shown_to": FormSubject.signing_in(pending)}


def _shown_to(request: PageRequest) -> FormSubject | None:
    pending = request.identity.sign_in.pending(request.cookie(Cookie.SIGN_IN), NextStep.SECOND_FACTOR)
    return None if isinstance(pending, Denied) else FormSubject.signing_in(pending)


def _sent_back(request: PageRequest, denied: Denied) -> Response:
    """Whoever has a session goes on (a double click); anybody else starts again, and is told why."""
    if request.identity.sessions.resolve(request.client) is not None:
        return redirect(HOME_PATH)
    if denied.reason is Reason.MUST_ENROL:
        return redirect(RE_ENROLMENT_PATH)
    if denied.reason is Reason.NOT_SIGNED_IN:
        return request.to_sign_in()
    return redirect(f"{SIGN_IN_PATH}?reason={denied.reason}")


PAGES: Final[list[Page]] = [
    PublicPage("GET", SIGN_IN_PATH, show_sign_in),
    PublicPage("POST", SIGN_IN_PATH, sign_in, hashes_at=ADDRESS_TYPED),
    PublicPage("GET", CODE_PATH, show_second_factor(_APP)),
    PublicPage("POST", CODE_PATH, verify_second_factor(_APP), shown_to=_shown_to),
    PublicPage("GET", RECOVERY_CODE_PATH, show_second_factor(_RECOVERY_CODE)),
    PublicPage("POST", RECOVERY_CODE_PATH, verify_second_factor(_RECOVERY_CODE), shown_to=_shown_to),
    SignedInPage("POST", "/sign-out", sign_out, returns_to=HOME_PATH, before_session=leave_enrolment),
]
