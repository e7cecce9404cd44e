"""The sessions of the signed-in person: where they are signed in, and signing out there."""

from typing import Any, Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.detours import session_ended
from xpressbot.entrypoints.http.forms import password_problem
from xpressbot.entrypoints.http.hashing_form_limits import SESSION
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.pages.sign_in import sign_out
from xpressbot.entrypoints.http.paths import SESSIONS_PATH
from xpressbot.entrypoints.http.routing import Page, SignedInOutcome, SignedInPage
from xpressbot.entrypoints.messages.formatting import Text, browser_name, listed
from xpressbot.entrypoints.messages.refusals import reason_text, wrong_password_text
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.outcomes import Denied, Done, StepUpRequired
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.failed_proofs import StepUpRefusal
from xpressbot.identity.sessions.gate import PasswordProof, SessionRefusal
from xpressbot.identity.sessions.listing import ListingRefusal, SessionsEnded
from xpressbot.identity.sessions.rules.assurance import PASSWORD, Amr
from xpressbot.identity.sessions.rules.session import MOST_PER_ACCOUNT
from xpressbot.identity.sessions.store import ListedSession

_OTHERS: Final = "others"
"""What stands for a session's id where all others are meant."""


def show_sessions(request: PageRequest, caller: Caller) -> Response:
    """Each browser in which this account is signed in."""
    return _page(request, caller)


def stay(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Use the session on, and go back to the page that offered it."""
    outcome = request.identity.sessions.stay(caller)
    return redirect(request.safe_next(request.form["next"])) if isinstance(outcome, Done) else outcome


def end(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Sign out one other browser; for this one it is the sign-out."""
    session_id = request.form["session"]
    if session_id == caller.session.id:
        return sign_out(request, caller)
    proof = _password(request, caller, Action.END_SESSION, session_id)
    if not isinstance(proof, PasswordProof | None):
        return proof
    outcome = request.identity.session_listing.end(caller, session_id, password=proof)
    match outcome:
        case Done():
            return redirect(SESSIONS_PATH)
        case StepUpRequired():
            return _ask_for_password(request, caller, session_id)
        case Denied():
            return _not_ended(request, caller, outcome)
        case unknown:
            assert_never(unknown)


def end_others(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Sign out all other browsers."""
    proof = _password(request, caller, Action.END_OTHER_SESSIONS, _OTHERS)
    if not isinstance(proof, PasswordProof | None):
        return proof
    outcome = request.identity.session_listing.end_others(caller, password=proof)
    match outcome:
        case SessionsEnded():
            return redirect(SESSIONS_PATH)
        case StepUpRequired():
            return _ask_for_password(request, caller, _OTHERS)
        case Denied():
            return outcome
        case unknown:
            assert_never(unknown)


def _password(request: PageRequest, caller: Caller, action: Action, ended: str) -> PasswordProof | SignedInOutcome | None:
    """The password of the form, proven; None where the action needs none just now; else what to answer."""
    passwords = request.identity.session_password
    if not passwords.asked_for(caller, action):
        return None
    if problem := password_problem(request.texts, request.form["password"]):
        return _page(request, caller, status=422, errors={_field(ended): problem})
    outcome = passwords.check(caller, request.form["password"])
    match outcome:
        case PasswordProof() | StepUpRequired():
            return outcome
        case Denied():
            return _not_proven(request, caller, ended, outcome)
        case unknown:
            assert_never(unknown)


def _not_proven(
    request: PageRequest, caller: Caller, ended: str, denied: Denied[SessionRefusal | PasswordRefusal | StepUpRefusal]
) -> SignedInOutcome:
    match denied.reason:
        case SessionRefusal() as reason:
            return denied.narrowed(reason)
        case StepUpRefusal.SESSION_ENDED:
            return session_ended(request)
        case PasswordRefusal() as reason:
            return _page(request, caller, status=401, errors={_field(ended): wrong_password_text(request.texts, denied.narrowed(reason))})
        case unknown:
            assert_never(unknown)


def _not_ended(request: PageRequest, caller: Caller, denied: Denied[SessionRefusal | ListingRefusal]) -> SignedInOutcome:
    match denied.reason:
        case SessionRefusal() as reason:
            return denied.narrowed(reason)
        case ListingRefusal.NO_SUCH_SESSION as reason:
            return _page(request, caller, status=404, message=reason_text(request.texts, reason))
        case unknown:
            assert_never(unknown)


def _ask_for_password(request: PageRequest, caller: Caller, ended: str) -> Response:
    """The proof was fresh when the page was shown, and is not any more."""
    return _page(request, caller, status=422, errors={_field(ended): request.texts.gettext("Enter your password.")})


def _page(
    request: PageRequest, caller: Caller, *, status: int = 200, message: Text | None = None, errors: dict[str, Text] | None = None
) -> Response:
    sessions = request.identity.session_listing.listed(caller)
    own = [one for one in sessions if one.session.id == caller.session.id]
    others = [one for one in sessions if one.session.id != caller.session.id]
    return request.page(
        "sessions.html",
        caller.account,
        status=status,
        message=message,
        errors=errors or {},
        own=[_described(request, one) for one in own],
        others=[_described(request, one) for one in others],
        most=MOST_PER_ACCOUNT,
        asks_for_password=request.identity.session_password.asked_for(caller, Action.END_SESSION),
    )


def _described(request: PageRequest, one: ListedSession) -> dict[str, Any]:
    session = one.session
    return {
        "id": session.id,
        "field": _field(session.id),
        "browser": browser_name(request.texts, one.user_agent),
        "user_agent": one.user_agent,
        "address": one.address,
        "began_at": session.authenticated_at,
        "last_used_at": session.last_used_at,
        "ends_at": session.expires_at,
        "is_locked": session.is_locked(request.now()),
        "proven_by": _proven_by(request, session.amr),
    }


def _proven_by(request: PageRequest, amr: Amr) -> str:
    """The methods in the words of their kinds."""
    texts, kinds = request.texts, {kind.name: kind.method for kind in request.identity.kinds}
    words = {factor.proven_by for factor in request.factors if kinds.get(factor.kind) in amr}
    known = [factor.proven_by for factor in request.factors if factor.proven_by in words]
    return listed(texts, [texts.gettext("Password"), *map(texts.gettext, known)] if PASSWORD in amr else list(map(texts.gettext, known)))


def _field(ended: str) -> str:
    """The name that the password has on the page, where every form has one."""
    return f"password-{ended}"


PAGES: Final[list[Page]] = [
    SignedInPage("GET", SESSIONS_PATH, Action.VIEW_ACCOUNT, show_sessions),
    SignedInPage("POST", f"{SESSIONS_PATH}/stay", Action.STAY_SIGNED_IN, stay, returns_to=SESSIONS_PATH),
    SignedInPage("POST", f"{SESSIONS_PATH}/end", Action.END_SESSION, end, hashes_at=SESSION, returns_to=SESSIONS_PATH),
    SignedInPage("POST", f"{SESSIONS_PATH}/end-others", Action.END_OTHER_SESSIONS, end_others, hashes_at=SESSION, returns_to=SESSIONS_PATH),
]
