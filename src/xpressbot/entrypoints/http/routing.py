"""Page routes: who may open them, on which threads they run, and where a person comes back to."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xpressbot.entrypoints.http.errors import NextLink, error_response
from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.forms import Form, read_form
from xpressbot.entrypoints.http.hashing_form_limits import HashingFormLimits, Target
from xpressbot.entrypoints.http.page_request import PageRequest, Site, redirect
from xpressbot.entrypoints.http.paths import HOME_PATH, LANGUAGE_PATH, RE_ENROLMENT_PATH, SETTINGS_PATH, SIGN_IN_PATH, STEP_UP_PATH
from xpressbot.foundation.threads.worker_pools import Pools
from xpressbot.identity.accounts.rules.actions import ACTIONS, Action
from xpressbot.identity.factors.enrolment_steps import EnrolmentRefusal
from xpressbot.identity.factors.protection import ProtectionRefusal
from xpressbot.identity.outcomes import Denied, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.sign_in.re_enrolment import Enrollee, EnrolleeRefusal
from xpressbot.identity.sign_in.refusals import PendingRefusal, ReEnrolmentRefusal, SecondStepRefusal, SignInRefusal
from xpressbot.identity.sign_in.second_step import Claimant, NothingPending

FOR_ANYBODY: Final = frozenset({SIGN_IN_PATH, LANGUAGE_PATH})
"""Where forms are sent to by people who say themselves who they are, or whoever they are."""

SignedInOutcome = Response | Denied[SessionRefusal] | StepUpRequired
"""What a page of a signed-in person gives: an answer, or what the gate said. Every other refusal is the page's own to answer."""
EnrolleeOutcome = Response | Denied[EnrolleeRefusal | EnrolmentRefusal]
"""The same of a person who has to set up 2FA before there is a session."""
Handler = Callable[[PageRequest, Caller], SignedInOutcome]
EnrolleeHandler = Callable[[PageRequest, Enrollee], EnrolleeOutcome]


@dataclass(frozen=True, slots=True)
class PublicPage:
    """One path and method for everyone, signed in or not.

    shown_to: whom a form sent here must have been shown to, if a person is known; every form is for one person, but those of
    FOR_ANYBODY.
    hashes_at: where the handler hashes a password, what its form is a try at. Only by it does one reach the threads that may.
    """

    method: str
    path: str
    handler: Callable[[PageRequest], Response]
    hashes_at: Target | None = None
    shown_to: Callable[[PageRequest], FormSubject | None] | None = None

    @property
    def is_destination(self) -> bool:
        """Whether `next` may name it."""
        return False

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
    for_one_person: refused while another person has to set up 2FA in this browser, or it would be set up for the wrong one.
    """

    method: str
    path: str
    action: Action
    handler: Handler
    leads_to: Action | None = None
    hashes_at: Target | None = None
    returns_to: str = ""
    before_session: EnrolleeHandler | None = None
    for_one_person: bool = False

    @property
    def back(self) -> str:
        """The page to come back to."""
        return self.returns_to or self.path

    @property
    def is_destination(self) -> bool:
        """Whether `next` may name it."""
        return self.method == "GET" and self.path != STEP_UP_PATH

    def answer(self, request: PageRequest) -> Response:
        """Run the handler for the signed-in person; send all others to sign in first."""
        caller = request.identity.sessions.resolve(request.client)
        if caller is None:
            return self._answer_enrollee(request) or self._answer_signed_out(request)
        request.site.renderer.switch.prefer(request.starlette, caller.account.language)
        if refusal := request.refuse_form_of_another(FormSubject.signed_in(caller.account), caller.account, self.back):
            return refusal
        if self.for_one_person and _another_account_must_enrol(request, caller):
            return redirect(RE_ENROLMENT_PATH)
        if self.leads_to is not None and request.identity.step_up.needed_for(caller, self.leads_to):
            return self._conclude(request, StepUpRequired())
        return self._conclude(request, self.handler(request, caller))

    def _conclude(self, request: PageRequest, outcome: SignedInOutcome) -> Response:
        back = self.back
        match outcome:
            case StepUpRequired():
                return redirect(f"{STEP_UP_PATH}?next={back}")
            case Denied():
                return _not_let_through(request, outcome.reason, back)
            case Response():
                return outcome
            case unknown:
                assert_never(unknown)

    def _answer_signed_out(self, request: PageRequest) -> Response:
        if self.method == "POST" and request.identity.sessions.was_renewed(request.client):
            return _session_renewed(request, self.back)
        return request.to_sign_in(self.back)

    def _answer_enrollee(self, request: PageRequest) -> Response | None:
        if self.before_session is None:
            return None
        enrollee = request.enrollee()
        outcome = enrollee if isinstance(enrollee, Denied) else self._for_enrollee(self.before_session, request, enrollee)
        return _enrollee_refused(outcome.reason, self.back) if isinstance(outcome, Denied) else outcome

    def _for_enrollee(self, handler: EnrolleeHandler, request: PageRequest, enrollee: Enrollee) -> EnrolleeOutcome:
        refusal = request.refuse_form_of_another(FormSubject.must_enrol(enrollee), None, RE_ENROLMENT_PATH)
        return handler(request, enrollee) if refusal is None else refusal


def not_protected(denied: Denied[SessionRefusal | ProtectionRefusal]) -> SignedInOutcome:
    """Where 2FA is off, the settings page shows it. What the gate said goes on."""
    match denied.reason:
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
        case PendingRefusal.NO_SIGN_IN:
            return request.to_sign_in()
        case SignInRefusal.START_AGAIN | PendingRefusal.JUST_SIGNED_IN | PendingRefusal.CLOCK_WAS_CHANGED:
            return redirect(f"{SIGN_IN_PATH}?reason={reason}")
        case unknown:
            assert_never(unknown)


def _not_let_through(request: PageRequest, reason: SessionRefusal, back: str) -> Response:
    match reason:
        case SessionRefusal.NOT_SIGNED_IN:
            return redirect(f"{SIGN_IN_PATH}?next={back}")
        case SessionRefusal.TOKEN_SUPERSEDED:
            return _session_renewed(request, back)
        case unknown:
            assert_never(unknown)


def _enrollee_refused(reason: SignInRefusal | PendingRefusal | ReEnrolmentRefusal | EnrolmentRefusal, back: str) -> Response | None:
    """Where a person gets on who has to set up 2FA; None for one who has no such sign-in."""
    match reason:
        case PendingRefusal.NO_SIGN_IN:
            return None
        case SignInRefusal.START_AGAIN | PendingRefusal.JUST_SIGNED_IN | PendingRefusal.CLOCK_WAS_CHANGED:
            return redirect(f"{SIGN_IN_PATH}?next={back}&reason={reason}")
        case ReEnrolmentRefusal.MUST_ENROL | ReEnrolmentRefusal.LINK_OF_ANOTHER:
            return redirect(f"{RE_ENROLMENT_PATH}?reason={reason}")
        case EnrolmentRefusal.NO_ENROLMENT | EnrolmentRefusal.ENROLMENT_DISCARDED:
            return redirect(f"{RE_ENROLMENT_PATH}?reason={reason}")
        case unknown:
            assert_never(unknown)


def _session_renewed(request: PageRequest, back: str) -> Response:
    """The other half of a double click, or a form of a tab that was left behind. No cookie is set: the browser may have a newer one."""
    return error_response(request.site.renderer, request.starlette, 409, action=NextLink(back, request.texts.gettext("Go on")))


def _another_account_must_enrol(request: PageRequest, caller: Caller) -> bool:
    enrollee = request.enrollee()
    return isinstance(enrollee, Enrollee) and enrollee.pending.account_id != caller.account.id


Page = PublicPage | SecondStepPage | SignedInPage


def destinations(pages: Sequence[Page]) -> frozenset[str]:
    """The paths that `next` may name."""
    paths = frozenset(page.path for page in pages if page.is_destination)
    lost = [page.path for page in pages if isinstance(page, SignedInPage) and page.path != STEP_UP_PATH and page.back not in paths]
    if lost:
        raise ValueError(f"no page leads back to {lost}: name a page in returns_to")
    return paths


def shown_at(pages: Sequence[Page]) -> Mapping[str, str]:
    """The GET page that each path's answer is a state of; none for a path that shows no page."""
    back = {page.path: page.back if isinstance(page, SignedInPage) else page.path for page in pages}
    shown = {page.path for page in pages if page.method == "GET"}
    return {path: path if path in shown else place for path, place in back.items() if path in shown or place in shown}


def page_routes(site: Site, pages: Sequence[Page]) -> list[Route]:
    """Starlette routes for the pages."""
    loose = [page.path for page in pages if isinstance(page, PublicPage) and page.method == "POST" and page.shown_to is None]
    if not FOR_ANYBODY.issuperset(loose):
        raise ValueError(f"a form sent to {loose} acts for the person in the cookies: say in shown_to whom it is shown to")
    misnamed = [page.path for page in pages if isinstance(page, SignedInPage) and (page.method == "POST") != ACTIONS[page.action].writes]
    if misnamed:
        raise ValueError(f"{misnamed} change something without POST, or nothing with it: name the action of their use case")
    places = HashingFormLimits(site.services.pools)
    return [Route(page.path, _endpoint(site, page, places), methods=[page.method]) for page in pages]


def _endpoint(site: Site, page: Page, places: HashingFormLimits) -> Callable[[Request], object]:
    run = _runner(site.services.pools, page, places)

    async def endpoint(starlette: Request) -> Response:
        form = await read_form(starlette) if page.method == "POST" else Form()
        request = PageRequest.of(site, starlette, form)
        return await run(request, lambda: page.answer(request))

    return endpoint


Runner = Callable[[PageRequest, Callable[[], Response]], Awaitable[Response]]


def _runner(pools: Pools, page: Page, places: HashingFormLimits) -> Runner:
    """What has a page's handler run by the right threads."""
    target = None if isinstance(page, SecondStepPage) else page.hashes_at
    if target is not None:
        return lambda request, work: places.run(request, target, work)
    pool = pools.form if page.method == "POST" else pools.page
    return lambda _request, work: pool.run(work)
