"""2FA that is set up before there is a session: the page that asks for the link, and the set-up.

After an operator's reset the link is the one that they hand over; where the team requires 2FA, a mailed one.
"""

from collections.abc import Callable
from typing import Final, assert_never
from urllib.parse import parse_qs, urlsplit

from starlette.responses import Response

from xpressbot.entrypoints.http.cookies import Cookie
from xpressbot.entrypoints.http.errors import ExplainedError
from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.link_pages import LinkEntry, keep_link
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.pages.authenticator_apps import kind_choices
from xpressbot.entrypoints.http.pages.set_up import SETUP_PATH, SetUpForm
from xpressbot.entrypoints.http.paths import CODES_PATH, SIGN_IN_PATH
from xpressbot.entrypoints.http.routing import EnrolleeOutcome, Page, PublicPage
from xpressbot.entrypoints.messages.formatting import Text
from xpressbot.entrypoints.messages.redirect_reasons import enrolment_notice, re_enrolment_notice
from xpressbot.entrypoints.messages.refusals import refusal_text
from xpressbot.entrypoints.messages.translation import N_
from xpressbot.entrypoints.telemetry.sign_in_metrics import CodePurpose, Step
from xpressbot.foundation.times import whole_seconds_until
from xpressbot.foundation.tokens import Token
from xpressbot.identity.factors.enrolment_steps import EnrolmentRefusal, OpenEnrolment
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.links.charges import LinkRefusal, LinkThrottleRefusal
from xpressbot.identity.links.rules import LinkKind, LinkState
from xpressbot.identity.outcomes import Denied, Done, NewPasswordRequired, SignedIn
from xpressbot.identity.sign_in.re_enrolment import Enrollee, EnrolleeRefusal
from xpressbot.identity.sign_in.refusals import PendingRefusal, ReEnrolmentRefusal, SignInRefusal

_TEMPLATE: Final = "re_enrolment.html"
_USED: Final = N_("If you have set up 2FA with it, sign in.")
_AFTER_A_RESET: Final = LinkEntry(
    LinkKind.RE_ENROLMENT,
    used=_USED,
    another=N_("The operator of this XpressBot can reset your 2FA again, which gives you a new one."),
)
_BY_POLICY: Final = LinkEntry(
    LinkKind.ENROLMENT,
    used=_USED,
    another=N_("Sign in with your password again: then a new one is mailed to you."),
)
_MAX_PASTED: Final = 2048


def show_link(entry: LinkEntry) -> Callable[[PageRequest], Response]:
    """Take the link's token out of the address bar, then say what is still missing: the password, the link, or the start."""
    notice = enrolment_notice if entry is _BY_POLICY else re_enrolment_notice

    def show(request: PageRequest) -> Response:
        taken = entry.taken_from_address(request)
        return taken if taken is not None else _page(request, entry, message=notice(request.texts, request.query("reason")))

    return show


def take_pasted_link(entry: LinkEntry) -> Callable[[PageRequest], Response]:
    """Take a link that was opened elsewhere, or stands on paper."""

    def take(request: PageRequest) -> Response:
        token = _token_in(request.form["link"])
        if token is None:
            problem = request.texts.gettext("Paste the whole link, as it was given to you.")
            unknown_link = entry.gone(request.texts, LinkState.UNKNOWN)
            return _page(request, entry, status=422, errors={"link": problem}, otherwise=unknown_link)
        outcome = request.identity.re_enrolment.take(token, entry.kind)
        match outcome:
            case Done():
                return keep_link(request, entry.path, token)
            case Denied():
                return _not_taken(request, entry, token, outcome)
            case unknown:
                assert_never(unknown)

    return take


def _not_taken(request: PageRequest, entry: LinkEntry, token: Token, denied: Denied[LinkRefusal | LinkThrottleRefusal]) -> Response:
    match denied.reason:
        case LinkThrottleRefusal() as reason:
            request.metrics.throttled(denied)
            retry = {} if denied.retry_at is None else {"Retry-After": str(whole_seconds_until(denied.retry_at, request.now()))}
            title, detail = request.texts.gettext("Pasted too often"), refusal_text(request.texts, denied.narrowed(reason))
            raise ExplainedError(429, title=title, detail=detail, action=None, headers=retry)
        case LinkRefusal.LINK_GONE:
            state, texts = entry.state(request, token), request.texts
            errors: dict[str, Text] = {"link": entry.gone_text(texts, state)}
            return _page(request, entry, status=410, errors=errors, otherwise=entry.gone(texts, state))
        case unknown:
            assert_never(unknown)


def start(request: PageRequest, enrollee: Enrollee) -> EnrolleeOutcome:
    """Prepare a secret and show it. The cookie of the link begins anew, so that it outlives the set-up."""
    outcome = request.identity.re_enrolment.start(enrollee, request.chosen_kind.kind)
    match outcome:
        case Done():
            return redirect(SETUP_PATH) if enrollee.link is None else keep_link(request, SETUP_PATH, enrollee.link)
        case Denied():
            return outcome
        case unknown:
            assert_never(unknown)


def start_over(request: PageRequest, enrollee: Enrollee) -> EnrolleeOutcome:
    """Replace the secret."""
    outcome = request.identity.re_enrolment.start_over(enrollee)
    return redirect(SETUP_PATH) if isinstance(outcome, Done) else outcome


def show_setup(request: PageRequest, enrollee: Enrollee) -> EnrolleeOutcome:
    """The QR code, the key, and the field for the first code."""
    enrolment = request.identity.re_enrolment.view(enrollee)
    return enrolment if isinstance(enrolment, Denied) else _form(request, enrollee, enrolment).show()


def confirm(request: PageRequest, enrollee: Enrollee) -> EnrolleeOutcome:
    """Check the first code; a right one turns 2FA on and begins the session."""
    enrolment = request.identity.re_enrolment.view(enrollee)
    if isinstance(enrolment, Denied):
        return enrolment
    form = _form(request, enrollee, enrolment)
    proof = form.parse()
    if proof is None:
        return form.invalid()
    outcome = request.identity.re_enrolment.confirm(enrollee, proof)
    request.metrics.code(enrolment.kind, outcome, CodePurpose.SET_UP)
    match outcome:
        case SignedIn():
            request.metrics.sign_in(Step.SET_UP, outcome)
            response = request.signed_in(outcome, CODES_PATH)
            request.site.cookies.clear(response, Cookie.LINK)
            return response
        case NewPasswordRequired():
            request.metrics.sign_in(Step.SET_UP, outcome)
            response = request.to_new_password(outcome)
            request.site.cookies.clear(response, Cookie.LINK)
            return response
        case Denied():
            return _not_confirmed(form, outcome)
        case unknown:
            assert_never(unknown)


def _not_confirmed(form: SetUpForm, denied: Denied[EnrolleeRefusal | EnrolmentRefusal | ProofRefusal]) -> EnrolleeOutcome:
    match denied.reason:
        case ProofRefusal() as reason:
            return form.refused(denied.narrowed(reason))
        case SignInRefusal() | PendingRefusal() | ReEnrolmentRefusal() | EnrolmentRefusal() as reason:
            return denied.narrowed(reason)
        case unknown:
            assert_never(unknown)


def _form(request: PageRequest, enrollee: Enrollee, enrolment: OpenEnrolment) -> SetUpForm:
    return SetUpForm(request, None, FormSubject.must_enrol(enrollee), enrolment)


def _page(
    request: PageRequest,
    entry: LinkEntry,
    *,
    status: int = 200,
    message: Text | None = None,
    errors: dict[str, Text] | None = None,
    otherwise: ExplainedError | None = None,
) -> Response:
    """What is still missing. otherwise: what to say where neither a password nor a link came before."""
    enrollee = request.enrollee()
    if not isinstance(enrollee, Denied) and _entry_of(enrollee) is not entry:
        return redirect(request.with_reason(_entry_of(enrollee).path))
    caller = request.identity.sessions.resolve(request.client)
    has_link = request.identity.re_enrolment.is_open(request.cookie(Cookie.LINK), entry.kind)
    if isinstance(enrollee, Denied) and not has_link:
        return _neither_password_nor_link(request, entry, enrollee.reason, otherwise)
    refusal = None if isinstance(enrollee, Denied) else request.identity.re_enrolment.may_start(enrollee)
    return request.page(
        _TEMPLATE,
        None if caller is None else caller.account,
        status=status,
        message=message,
        errors=errors or {},
        link_path=entry.path,
        by_policy=entry is _BY_POLICY,
        needs_link=isinstance(enrollee, Denied) or enrollee.link_kind is not None,
        email=None if isinstance(enrollee, Denied) else enrollee.pending.email,
        shown_to=None if isinstance(enrollee, Denied) else FormSubject.must_enrol(enrollee),
        may_start=isinstance(refusal, Done),
        kinds=kind_choices(request),
        other_link=isinstance(refusal, Denied) and _holds_other_link(refusal.reason),
    )


def _entry_of(enrollee: Enrollee) -> LinkEntry:
    return _BY_POLICY if enrollee.by_policy else _AFTER_A_RESET


def _neither_password_nor_link(
    request: PageRequest, entry: LinkEntry, reason: SignInRefusal | PendingRefusal, otherwise: ExplainedError | None
) -> Response:
    match reason:
        case SignInRefusal.START_AGAIN | PendingRefusal.CLOCK_WAS_CHANGED:
            return redirect(f"{SIGN_IN_PATH}?reason={reason}")
        case PendingRefusal.NO_SIGN_IN | PendingRefusal.JUST_SIGNED_IN:
            raise otherwise or entry.closed(request)
        case unknown:
            assert_never(unknown)


def _holds_other_link(reason: ReEnrolmentRefusal) -> bool:
    match reason:
        case ReEnrolmentRefusal.LINK_OF_ANOTHER:
            return True
        case ReEnrolmentRefusal.MUST_ENROL:
            return False
        case unknown:
            assert_never(unknown)


def _token_in(text: str) -> Token | None:
    """The token in a pasted link, or pasted by itself."""
    # White space comes from a mail or a terminal that broke the line.
    pasted = "".join(text[:_MAX_PASTED].split())
    try:
        tokens = parse_qs(urlsplit(pasted).query).get("token", [pasted])
    except ValueError:
        return None
    return Token.parse(tokens[0])


def _shown_to(request: PageRequest) -> FormSubject | None:
    enrollee = request.enrollee()
    return None if isinstance(enrollee, Denied) else FormSubject.must_enrol(enrollee)


PAGES: Final[list[Page]] = [
    page
    for entry in (_AFTER_A_RESET, _BY_POLICY)
    for page in (
        PublicPage("GET", entry.path, show_link(entry)),
        PublicPage("POST", entry.path, take_pasted_link(entry), shown_to=_shown_to),
    )
]
