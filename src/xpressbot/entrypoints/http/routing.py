"""Pages: who may open each, and where a person comes back to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.detours import enrollee_refused, not_let_through, not_recognised
from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.forms import SMALL_FORM, FormLimits
from xpressbot.entrypoints.http.hashing_form_limits import Target
from xpressbot.entrypoints.http.link_pages import LinkPage
from xpressbot.entrypoints.http.page_paths import path_with
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import (
    HOME_PATH,
    NEW_PASSWORD_PATH,
    RE_ENROLMENT_PATH,
    REQUIRED_PATH,
    SETTINGS_PATH,
    SIGN_IN_PATH,
    STEP_UP_PATH,
    UNLOCK_PATH,
)
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.factors.enrolment_steps import EnrolmentRefusal
from xpressbot.identity.factors.protection import DisableRefusal, ProtectionRefusal
from xpressbot.identity.outcomes import Denied, StepUpRequired
from xpressbot.identity.sessions.caller import Caller, LockedCaller, MustEnrol
from xpressbot.identity.sessions.gate import SessionRefusal, refuse_role
from xpressbot.identity.sign_in.re_enrolment import Enrollee, EnrolleeRefusal
from xpressbot.identity.sign_in.refusals import PendingRefusal, SecondStepRefusal, SignInRefusal
from xpressbot.identity.sign_in.second_step import Claimant, NothingPending

SignedInOutcome = Response | Denied[SessionRefusal] | StepUpRequired
"""What a page of a signed-in person gives: an answer, or what the gate said. Every other refusal is the page's own to answer."""
EnrolleeOutcome = Response | Denied[EnrolleeRefusal | EnrolmentRefusal]
"""The same of a person who has to set up 2FA before there is a session."""
Handler = Callable[[PageRequest, Caller], SignedInOutcome]
EnrollingHandler = Callable[[PageRequest, MustEnrol], SignedInOutcome]
LockedHandler = Callable[[PageRequest, LockedCaller], SignedInOutcome]
EnrolleeHandler = Callable[[PageRequest, Enrollee], EnrolleeOutcome]


@dataclass(frozen=True, slots=True)
class PublicPage:
    """One path and method for everyone, signed in or not.

    shown_to: whom a form sent here must have been shown to, if a person is known; every form is for one person, but those of
    page_routes.FOR_ANYBODY.
    hashes_at: where the handler hashes a password, what its form is a try at. Only by it does one reach the threads that may.
    after_sign_in: whether people are sent to sign in by it, and come back.
    """

    method: str
    path: str
    handler: Callable[[PageRequest], Response]
    hashes_at: Target | None = None
    shown_to: Callable[[PageRequest], FormSubject | None] | None = None
    after_sign_in: bool = False

    @property
    def is_destination(self) -> bool:
        """Whether `next` may name it."""
        return self.after_sign_in

    def answer(self, request: PageRequest) -> Response:
        """Run the handler."""
        subject = None if self.shown_to is None else self.shown_to(request)
        refusal = None if subject is None else request.refuse_form_of_another(subject, None, self.path)
        return self.handler(request) if refusal is None else refusal


@dataclass(frozen=True, slots=True)
class SecondStepPage:
    """One path and method for a person whom a second factor would sign in: its handler cannot run without a pending sign-in.

    kind: of the factor that is asked for.
    """

    method: str
    path: str
    kind: str
    handler: Callable[[PageRequest, Claimant], Response]

    @property
    def is_destination(self) -> bool:
        """Whether `next` may name it."""
        return False

    def answer(self, request: PageRequest) -> Response:
        """Run the handler for the person who signs in; send all others to where they get on."""
        claimant = request.claimant()
        if isinstance(claimant, Denied):
            if self.method == "POST":
                request.metrics.sign_in(self.kind, claimant)
            return nothing_pending(request, claimant.reason)
        refusal = request.refuse_form_of_another(FormSubject.signing_in(claimant.pending), None, self.path)
        return self.handler(request, claimant) if refusal is None else refusal


@dataclass(frozen=True, slots=True)
class SignedInPage:
    """One path and method for a signed-in person: its handler cannot run without a live session.

    action: what the person does, as its use case calls it; ACTIONS says what that needs, and whether it writes.
    leads_to: the action that a page asks for. Where that needs a proof, it is asked for first, or what was filled in would be lost.
    returns_to: the GET page to come back to when sign-in or step-up comes between; by default the path itself.
    before_session: what a person gets who has to set up 2FA before there is a session; by default they must sign in.
    while_enrolling: what a person gets whose session is live and who owes the team 2FA; by default they are told so.
    while_locked: what a person gets whose session is locked; by default they must unlock it.
    for_one_person: refused while another person has to set up 2FA in this browser, or it would be set up for the wrong one.
    form_limits: what it takes of a form. Larger ones than SMALL_FORM are for members of the team alone.
    may_be_slow: of a form whose handler may compute for seconds: it has a thread for its like, and no other form waits for it.
    """

    method: str
    path: str
    action: Action
    handler: Handler
    leads_to: Action | None = None
    hashes_at: Target | None = None
    returns_to: str = ""
    before_session: EnrolleeHandler | None = None
    while_enrolling: EnrollingHandler | None = None
    while_locked: LockedHandler | None = None
    for_one_person: bool = False
    form_limits: FormLimits = SMALL_FORM
    may_be_slow: bool = False

    @property
    def back(self) -> str:
        """The page to come back to, with the names of the ids in its path."""
        return self.returns_to or self.path

    @property
    def is_destination(self) -> bool:
        """Whether `next` may name it."""
        return self.method == "GET" and self.path != STEP_UP_PATH

    def answer(self, request: PageRequest) -> Response:
        """Run the handler for the signed-in person; send all others to sign in first."""
        caller = request.identity.sessions.recognise(request.client)
        back = path_with(self.back, request.starlette.path_params)
        if not isinstance(caller, Caller):
            return self._answer_others(request, caller, back)
        request = request.within(caller, back)
        request.site.renderer.switch.prefer(request.starlette, caller.account.language)
        if refusal := request.refuse_form_of_another(FormSubject.signed_in(caller.account), caller.account, back):
            return refusal
        if refused := refuse_role(caller.account.role, caller.session.amr, self.action):
            return not_let_through(request, refused, back)
        if self.for_one_person and _another_account_must_enrol(request, caller):
            return redirect(RE_ENROLMENT_PATH)
        if self.leads_to is not None and request.identity.step_up.needed_for(caller, self.leads_to):
            return _conclude(request, StepUpRequired(), back)
        return _conclude(request, self.handler(request, caller), back)

    def _answer_others(self, request: PageRequest, holder: MustEnrol | LockedCaller | None, back: str) -> Response:
        enrollee = None if self.before_session is None else request.enrollee()
        if self.before_session is not None and isinstance(enrollee, Enrollee):
            answer = self._for_enrollee(self.before_session, request, enrollee)
            if answer is not None:
                return answer
        match holder:
            case MustEnrol():
                return self._answer_enrolling(request, holder, back)
            case LockedCaller():
                return self._answer_locked(request, holder, back)
            case None:
                over = enrollee_refused(enrollee.reason, self.back) if isinstance(enrollee, Denied) else None
                return over or not_recognised(request, self.method, back)
            case unknown:
                assert_never(unknown)

    def _answer_enrolling(self, request: PageRequest, holder: MustEnrol, back: str) -> Response:
        if self.while_enrolling is None:
            return redirect(REQUIRED_PATH)
        request.site.renderer.switch.prefer(request.starlette, holder.account.language)
        if refusal := request.refuse_form_of_another(FormSubject.signed_in(holder.account), None, REQUIRED_PATH):
            return refusal
        return _conclude(request, self.while_enrolling(request, holder), back)

    def _answer_locked(self, request: PageRequest, locked: LockedCaller, back: str) -> Response:
        if self.while_locked is None:
            return redirect(f"{UNLOCK_PATH}?next={back}")
        refusal = request.refuse_form_of_another(FormSubject.signed_in(locked.account), None, UNLOCK_PATH)
        return _conclude(request, self.while_locked(request, locked), back) if refusal is None else refusal

    def _for_enrollee(self, handler: EnrolleeHandler, request: PageRequest, enrollee: Enrollee) -> Response | None:
        if refusal := request.refuse_form_of_another(FormSubject.must_enrol(enrollee), None, RE_ENROLMENT_PATH):
            return refusal
        outcome = handler(request, enrollee)
        return enrollee_refused(outcome.reason, self.back) if isinstance(outcome, Denied) else outcome


@dataclass(frozen=True, slots=True)
class LockedPage:
    """One path and method for a person whose session is locked: its handler cannot run without one.

    action: what its form does; None for a page that is looked at.
    """

    method: str
    path: str
    action: Action | None
    handler: LockedHandler
    hashes_at: Target | None = None

    @property
    def is_destination(self) -> bool:
        """Whether `next` may name it."""
        return False

    def answer(self, request: PageRequest) -> Response:
        """Run the handler for the person whose session is locked; send all others to where they get on."""
        holder = request.identity.sessions.recognise(request.client)
        after = request.safe_next(request.form["next"] if self.method == "POST" else request.query("next"))
        match holder:
            case Caller() | MustEnrol():
                return redirect(after)
            case LockedCaller():
                refusal = request.refuse_form_of_another(FormSubject.signed_in(holder.account), None, self.path)
                return _conclude(request, self.handler(request, holder), after) if refusal is None else refusal
            case None:
                return not_recognised(request, self.method, after)
            case unknown:
                assert_never(unknown)


Page = PublicPage | LinkPage[Any] | SecondStepPage | SignedInPage | LockedPage


def not_protected(denied: Denied[SessionRefusal | ProtectionRefusal | DisableRefusal]) -> SignedInOutcome:
    """Where 2FA is off, or must stay on, the settings page shows it. What the gate said goes on."""
    match denied.reason:
        case DisableRefusal.REQUIRED_BY_TEAM as reason:
            return redirect(f"{SETTINGS_PATH}?reason={reason}")
        case ProtectionRefusal.NOT_PROTECTED:
            return redirect(SETTINGS_PATH)
        case SessionRefusal() as reason:
            return denied.narrowed(reason)
        case unknown:
            assert_never(unknown)


def nothing_pending(request: PageRequest, reason: NothingPending) -> Response:
    """Where no second factor is asked for: a browser with a session goes on (a double click); any other starts again, and is told why."""
    if request.identity.sessions.resolve(request.client) is not None:
        return redirect(HOME_PATH)
    match reason:
        case SecondStepRefusal.ENROLMENT_REQUIRED:
            return redirect(RE_ENROLMENT_PATH)
        case SecondStepRefusal.NEW_PASSWORD_REQUIRED:
            return redirect(NEW_PASSWORD_PATH)
        case PendingRefusal.NO_SIGN_IN:
            return request.to_sign_in()
        case SignInRefusal.START_AGAIN | PendingRefusal.JUST_SIGNED_IN | PendingRefusal.CLOCK_WAS_CHANGED:
            return redirect(f"{SIGN_IN_PATH}?reason={reason}")
        case unknown:
            assert_never(unknown)


def _conclude(request: PageRequest, outcome: SignedInOutcome, back: str) -> Response:
    match outcome:
        case StepUpRequired():
            return redirect(f"{STEP_UP_PATH}?next={back}")
        case Denied():
            return not_let_through(request, outcome.reason, back)
        case Response():
            return outcome
        case unknown:
            assert_never(unknown)


def _another_account_must_enrol(request: PageRequest, caller: Caller) -> bool:
    enrollee = request.enrollee()
    return isinstance(enrollee, Enrollee) and enrollee.pending.account_id != caller.account.id
