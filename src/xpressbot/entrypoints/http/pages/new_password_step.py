"""The last step of a sign-in whose password somebody else may know: a new password comes before the session."""

from typing import Any, Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.forms import password_problem
from xpressbot.entrypoints.http.hashing_form_limits import PENDING_SIGN_IN
from xpressbot.entrypoints.http.name_and_password_fields import new_password_context
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.paths import NEW_PASSWORD_PATH
from xpressbot.entrypoints.http.routing import Page, PublicPage, nothing_pending
from xpressbot.entrypoints.messages.formatting import Text
from xpressbot.entrypoints.messages.refusals import weak_password_text
from xpressbot.entrypoints.telemetry.sign_in_metrics import Step
from xpressbot.identity.outcomes import Denied, SignedIn
from xpressbot.identity.passwords.rules import WeakPassword
from xpressbot.identity.sign_in.new_password_step import Subscriber
from xpressbot.identity.sign_in.refusals import PendingRefusal, SignInRefusal
from xpressbot.identity.throttling.charges import ThrottleRefusal

_TEMPLATE: Final = "new_password_step.html"


def show_new_password(request: PageRequest) -> Response:
    """Ask for the new password, and say why."""
    subscriber = request.subscriber()
    return nothing_pending(request, subscriber.reason) if isinstance(subscriber, Denied) else _page(request, subscriber, {})


def set_new_password(request: PageRequest) -> Response:
    """Set it, and begin the session."""
    subscriber = request.subscriber()
    if isinstance(subscriber, Denied):
        request.metrics.sign_in(Step.NEW_PASSWORD, subscriber)
        return nothing_pending(request, subscriber.reason)
    if problem := password_problem(request.texts, request.form["password"]):
        return _page(request, subscriber, {"password": problem})
    outcome = request.identity.new_password_step.set(subscriber, request.form["password"])
    match outcome:
        case SignedIn():
            request.metrics.sign_in(Step.NEW_PASSWORD, outcome)
            return request.signed_in(outcome)
        case WeakPassword():
            return _page(request, subscriber, {"password": weak_password_text(request.texts, outcome)})
        case Denied():
            request.metrics.sign_in(Step.NEW_PASSWORD, outcome)
            return _not_set(request, subscriber, outcome)
        case unknown:
            assert_never(unknown)


def _not_set(request: PageRequest, subscriber: Subscriber, denied: Denied[SignInRefusal | PendingRefusal | ThrottleRefusal]) -> Response:
    match denied.reason:
        case SignInRefusal() | PendingRefusal() as reason:
            return nothing_pending(request, reason)
        case ThrottleRefusal() as reason:
            return request.refused(_TEMPLATE, None, denied.narrowed(reason), **_context(request, subscriber))
        case unknown:
            assert_never(unknown)


def _page(request: PageRequest, subscriber: Subscriber, errors: dict[str, Text]) -> Response:
    return request.page(_TEMPLATE, None, status=422 if errors else 200, errors=errors, **_context(request, subscriber))


def _context(request: PageRequest, subscriber: Subscriber) -> dict[str, Any]:
    subject = FormSubject.signing_in(subscriber.pending)
    return {"email": subject.address, "shown_to": subject, **new_password_context(request)}


def _shown_to(request: PageRequest) -> FormSubject | None:
    subscriber = request.subscriber()
    return None if isinstance(subscriber, Denied) else FormSubject.signing_in(subscriber.pending)


PAGES: Final[list[Page]] = [
    PublicPage("GET", NEW_PASSWORD_PATH, show_new_password),
    PublicPage("POST", NEW_PASSWORD_PATH, set_new_password, hashes_at=PENDING_SIGN_IN, shown_to=_shown_to),
]
