"""A locked session: the password goes on with it."""

from typing import Any, Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.detours import session_ended
from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.forms import password_problem
from xpressbot.entrypoints.http.hashing_form_limits import SESSION
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.paths import UNLOCK_PATH
from xpressbot.entrypoints.http.routing import LockedPage, Page, SignedInOutcome
from xpressbot.entrypoints.messages.refusals import wrong_password_text
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.outcomes import Denied, SessionRenewed, StepUpRequired
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.sessions.caller import LockedCaller
from xpressbot.identity.sessions.failed_proofs import StepUpRefusal
from xpressbot.identity.sessions.gate import SessionRefusal

_TEMPLATE: Final = "unlock.html"


def show_unlock(request: PageRequest, locked: LockedCaller) -> Response:
    """Ask for the password."""
    return request.page(_TEMPLATE, None, **_context(request, locked, request.query("next")))


def unlock(request: PageRequest, locked: LockedCaller) -> SignedInOutcome:
    """Check the password, renew the session's token, and go on to the page that was asked for."""
    if problem := password_problem(request.texts, request.form["password"]):
        return request.invalid(_TEMPLATE, None, {"password": problem}, **_context(request, locked, request.form["next"]))
    outcome = request.identity.unlock.unlock(locked, request.form["password"])
    request.metrics.unlock(outcome)
    match outcome:
        case SessionRenewed():
            return request.renewed(outcome, request.safe_next(request.form["next"]))
        case StepUpRequired():
            return outcome
        case Denied():
            return _not_unlocked(request, locked, outcome)
        case unknown:
            assert_never(unknown)


def _not_unlocked(
    request: PageRequest, locked: LockedCaller, denied: Denied[SessionRefusal | PasswordRefusal | StepUpRefusal]
) -> SignedInOutcome:
    match denied.reason:
        case SessionRefusal() as reason:
            return denied.narrowed(reason)
        case StepUpRefusal.SESSION_ENDED:
            return session_ended(request)
        case PasswordRefusal() as reason:
            message = wrong_password_text(request.texts, denied.narrowed(reason))
            return request.page(_TEMPLATE, None, status=401, message=message, **_context(request, locked, request.form["next"]))
        case unknown:
            assert_never(unknown)


def _context(request: PageRequest, locked: LockedCaller, next_text: str) -> dict[str, Any]:
    return {
        "shown_to": FormSubject.signed_in(locked.account),
        "email": locked.account.email,
        "ends_at": locked.session.expires_at,
        "form": {"next": request.safe_next(next_text)},
    }


PAGES: Final[list[Page]] = [
    LockedPage("GET", UNLOCK_PATH, None, show_unlock),
    LockedPage("POST", UNLOCK_PATH, Action.UNLOCK, unlock, hashes_at=SESSION),
]
