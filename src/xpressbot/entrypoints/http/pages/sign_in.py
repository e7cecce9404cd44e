"""Signing in and out: the password, the code, the recovery code."""

from collections.abc import Callable
from typing import Any, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.cookies import Cookie
from xpressbot.entrypoints.http.factor_presentation import FactorPresentation, Factors
from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.forms import password_problem
from xpressbot.entrypoints.http.hashing_form_limits import ADDRESS_TYPED
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import HOME_PATH, REQUIRED_PATH, SIGN_IN_PATH
from xpressbot.entrypoints.http.routing import Page, PublicPage, SecondStepPage, SignedInOutcome, SignedInPage, nothing_pending
from xpressbot.entrypoints.messages.formatting import Text
from xpressbot.entrypoints.messages.redirect_reasons import ACCOUNT_CLOSED, sign_in_notice
from xpressbot.entrypoints.messages.refusals import address_problem_text
from xpressbot.entrypoints.telemetry.sign_in_metrics import Step
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.address import AddressProblem, normalise_email
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.outcomes import Denied, Done, EnrolmentRequired, NewPasswordRequired, SecondFactorRequired, SignedIn
from xpressbot.identity.sessions.caller import Caller, LockedCaller, MustEnrol, SessionHolder
from xpressbot.identity.sign_in.re_enrolment import Enrollee
from xpressbot.identity.sign_in.refusals import PendingRefusal, SecondStepRefusal, SignInRefusal
from xpressbot.identity.sign_in.second_step import Claimant, NothingPending
from xpressbot.identity.throttling.charges import ThrottleRefusal


def show_sign_in(request: PageRequest) -> Response:
    """Ask for address and password; a signed-in person is sent on."""
    next_path = request.safe_next(request.query("next"))
    match request.identity.sessions.recognise(request.client):
        case Caller():
            return redirect(next_path)
        case MustEnrol():
            return redirect(REQUIRED_PATH)
        case LockedCaller() | None:
            pass
    reason = request.query("reason")
    if not reason and request.identity.sessions.is_from_the_future(request.client):
        reason = PendingRefusal.CLOCK_WAS_CHANGED
    told = sign_in_notice(request.texts, reason)
    is_done = reason == ACCOUNT_CLOSED
    return request.page(
        "sign_in.html", None, form={"email": "", "next": next_path}, message=None if is_done else told, done=told if is_done else None
    )


def sign_in(request: PageRequest) -> Response:
    """Check the password."""
    next_path = request.safe_next(request.form["next"])
    kept = {"email": request.form["email"], "next": next_path}
    email, password = normalise_email(request.form["email"]), request.form["password"]
    errors: dict[str, Text] = {}
    if isinstance(email, AddressProblem):
        asked = request.texts.gettext("Enter your email address, like anna@example.com.")
        errors["email"] = asked if email is AddressProblem.UNUSABLE else address_problem_text(request.texts, email)
    if problem := password_problem(request.texts, password):
        errors["password"] = problem
    if isinstance(email, AddressProblem) or errors:
        return request.invalid("sign_in.html", None, errors, form=kept)
    outcome = request.identity.password_step.begin(email, password, next_path, request.client)
    request.metrics.sign_in(Step.PASSWORD, outcome)
    match outcome:
        case SignedIn():
            return request.signed_in(outcome)
        case SecondFactorRequired(pending, kinds):
            preferred = next(iter(request.factors.offered(kinds)), request.factors.primary[0])
            response = redirect(preferred.sign_in_path)
            request.site.cookies.set(response, Cookie.SIGN_IN, pending)
            return response
        case EnrolmentRequired():
            return request.to_enrolment(outcome)
        case Denied():
            return request.refused("sign_in.html", None, outcome, form=kept)
        case unknown:
            assert_never(unknown)


def show_second_factor(factor: FactorPresentation) -> Callable[[PageRequest, Claimant], Response]:
    """Ask for a proof of one kind of factor."""

    def show(request: PageRequest, claimant: Claimant) -> Response:
        return _ask(request, claimant, factor, lambda context: request.page(factor.sign_in_template, None, **context))

    return show


def verify_second_factor(factor: FactorPresentation) -> Callable[[PageRequest, Claimant], Response]:
    """Check a proof of one kind of factor."""

    def verify(request: PageRequest, claimant: Claimant) -> Response:
        proof = factor.parse(request.proof_form)
        if proof is None:
            errors = _shape_problem(request, factor)
            return _ask(request, claimant, factor, lambda context: request.invalid(factor.sign_in_template, None, errors, **context))
        outcome = request.identity.second_step.verify(claimant, proof)
        request.metrics.sign_in(factor.kind, outcome)
        match outcome:
            case SignedIn():
                return request.signed_in(outcome)
            case NewPasswordRequired():
                return request.to_new_password(outcome)
            case Denied():
                return _not_verified(request, claimant, factor, outcome)
            case unknown:
                assert_never(unknown)

    return verify


def _not_verified(
    request: PageRequest,
    claimant: Claimant,
    factor: FactorPresentation,
    denied: Denied[NothingPending | ThrottleRefusal | ProofRefusal],
) -> Response:
    match denied.reason:
        case SignInRefusal() | PendingRefusal() | SecondStepRefusal() as reason:
            return nothing_pending(request, reason)
        case ThrottleRefusal() as reason:
            throttled = denied.narrowed(reason)
            return _ask(request, claimant, factor, lambda context: request.refused(factor.sign_in_template, None, throttled, **context))
        case ProofRefusal() as reason:
            refusal = denied.narrowed(reason)
            template = factor.sign_in_template
            return _ask(request, claimant, factor, lambda context: request.proof_refused(template, None, factor, refusal, **context))
        case unknown:
            assert_never(unknown)


def sign_out(request: PageRequest, holder: SessionHolder) -> SignedInOutcome:
    """End the session, live or locked."""
    outcome = request.identity.sessions.sign_out(holder)
    if not isinstance(outcome, Done):
        return outcome
    response = redirect(SIGN_IN_PATH)
    request.site.cookies.clear(response, Cookie.SESSION)
    return response


def leave_enrolment(request: PageRequest, enrollee: Enrollee) -> Response:
    """End a sign-in that has to set up 2FA first, and the person's session that this browser may have beside it (ASVS 7.4.1)."""
    request.identity.re_enrolment.abandon(enrollee)
    response = redirect(SIGN_IN_PATH)
    request.site.cookies.clear(response, Cookie.SIGN_IN)
    holder = request.identity.sessions.recognise(request.client)
    if holder is not None and holder.account.id == enrollee.pending.account_id and request.identity.sessions.sign_out(holder) == Done():
        request.site.cookies.clear(response, Cookie.SESSION)
    return response


def _ask(request: PageRequest, claimant: Claimant, factor: FactorPresentation, answer: Callable[[dict[str, Any]], Response]) -> Response:
    """Answer with a kind's page: whom it is shown to, its challenge, and the other kinds that they may prove instead."""
    challenge = request.identity.second_step.challenge(claimant, factor.kind)
    if isinstance(challenge, Denied):
        return nothing_pending(request, challenge.reason)
    others = request.factors.offered(request.identity.second_step.other_kinds(claimant, factor.kind))
    context = {
        "email": claimant.pending.email,
        "shown_to": FormSubject.signing_in(claimant.pending),
        "path": factor.sign_in_path,
        "others": [{"path": other.sign_in_path, "text": request.texts.gettext(other.sign_in_link)} for other in others],
    }
    return answer(context | factor.challenge_context(challenge.shown))


def _shape_problem(request: PageRequest, factor: FactorPresentation) -> dict[str, Text]:
    other = request.factors.misplaced(request.proof_form, factor)
    return factor.problem(request.proof_form) if other is None else {"code": request.texts.gettext(other.misplaced)}


def pages(factors: Factors) -> list[Page]:
    """The password, a page for each kind of factor, and signing out."""
    return [
        PublicPage("GET", SIGN_IN_PATH, show_sign_in),
        PublicPage("POST", SIGN_IN_PATH, sign_in, hashes_at=ADDRESS_TYPED),
        *(SecondStepPage("GET", factor.sign_in_path, factor.kind, show_second_factor(factor)) for factor in factors),
        *(SecondStepPage("POST", factor.sign_in_path, factor.kind, verify_second_factor(factor)) for factor in factors),
        SignedInPage(
            "POST",
            "/sign-out",
            Action.SIGN_OUT,
            sign_out,
            returns_to=HOME_PATH,
            before_session=leave_enrolment,
            while_enrolling=sign_out,
            while_locked=sign_out,
        ),
    ]
