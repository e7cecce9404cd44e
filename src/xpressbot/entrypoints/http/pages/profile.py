"""The name, the copy of one's data, and closing the account."""

from typing import Final, assert_never

from starlette.responses import Response, StreamingResponse

from xpressbot.entrypoints.http.account_document import account_document
from xpressbot.entrypoints.http.cookies import Cookie
from xpressbot.entrypoints.http.name_and_password_fields import name_problem
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.pages.account import SETTINGS_TEMPLATE, settings_context
from xpressbot.entrypoints.http.paths import SETTINGS_PATH, SIGN_IN_PATH
from xpressbot.entrypoints.http.routing import Page, SignedInOutcome, SignedInPage
from xpressbot.entrypoints.messages.redirect_reasons import ACCOUNT_CLOSED
from xpressbot.entrypoints.messages.refusals import refusal_text
from xpressbot.foundation.installation_name import InstallationName
from xpressbot.identity.accounts.rules.account import normalise_name
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.outcomes import Denied, Done, StepUpRequired
from xpressbot.identity.profile.closing import ClosingRefusal
from xpressbot.identity.profile.export import AccountData
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.throttling.charges import ThrottleRefusal

_PROFILE_PATH: Final = "/account/profile"
_EXPORT_PATH: Final = "/account/export"
_CLOSE_PATH: Final = "/account/close"


def show_profile(request: PageRequest, caller: Caller) -> Response:
    """The form for another name."""
    return request.page("profile.html", caller.account, form={"name": caller.account.name})


def change_name(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Take the name, and go back to the settings, which show it."""
    name = normalise_name(request.form["name"])
    if name is None:
        errors = {"name": name_problem(request.texts)}
        return request.invalid("profile.html", caller.account, errors, form={"name": request.form["name"]})
    outcome = request.identity.name_change.change(caller, name)
    return redirect(SETTINGS_PATH) if isinstance(outcome, Done) else outcome


def show_close(request: PageRequest, caller: Caller) -> Response:
    """What closing the account will do."""
    others = request.identity.account_page.other_sessions(caller)
    return request.page("close_account.html", caller.account, stays_open=False, other_sessions=others)


def close(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Close the account, and say so on the sign-in page."""
    outcome = request.identity.account_closing.close(caller)
    match outcome:
        case Done():
            response = redirect(f"{SIGN_IN_PATH}?reason={ACCOUNT_CLOSED}")
            request.site.cookies.clear(response, Cookie.SESSION)
            return response
        case StepUpRequired():
            return outcome
        case Denied():
            return _not_closed(request, caller, outcome)
        case unknown:
            assert_never(unknown)


def _not_closed(request: PageRequest, caller: Caller, denied: Denied[SessionRefusal | ClosingRefusal]) -> SignedInOutcome:
    match denied.reason:
        case SessionRefusal() as reason:
            return denied.narrowed(reason)
        case ClosingRefusal() as reason:
            message = refusal_text(request.texts, denied.narrowed(reason))
            return request.page("close_account.html", caller.account, status=409, message=message, stays_open=True)
        case unknown:
            assert_never(unknown)


def export(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """What is kept about the person, as a file that is sent while it is read."""
    use_case, services = request.identity.account_export, request.site.services
    outcome = use_case.export(caller)
    match outcome:
        case AccountData():
            place = InstallationName.of(services.settings)
            as_file = {"Content-Disposition": f'attachment; filename="xpressbot-account{place.in_files}.json"'}
            document = account_document(outcome, place.address, use_case, services.pools.page)
            return StreamingResponse(document, media_type="application/json", headers=as_file)
        case StepUpRequired():
            return outcome
        case Denied():
            return _not_exported(request, caller, outcome)
        case unknown:
            assert_never(unknown)


def _not_exported(request: PageRequest, caller: Caller, denied: Denied[SessionRefusal | ThrottleRefusal]) -> SignedInOutcome:
    match denied.reason:
        case SessionRefusal() as reason:
            return denied.narrowed(reason)
        case ThrottleRefusal() as reason:
            return request.throttled(SETTINGS_TEMPLATE, caller.account, denied.narrowed(reason), **settings_context(request, caller))
        case unknown:
            assert_never(unknown)


PAGES: Final[list[Page]] = [
    SignedInPage("GET", _PROFILE_PATH, Action.VIEW_ACCOUNT, show_profile, leads_to=Action.CHANGE_NAME),
    SignedInPage("POST", _PROFILE_PATH, Action.CHANGE_NAME, change_name),
    SignedInPage("POST", _EXPORT_PATH, Action.EXPORT_DATA, export, returns_to=SETTINGS_PATH),
    SignedInPage("GET", _CLOSE_PATH, Action.VIEW_ACCOUNT, show_close),
    SignedInPage("POST", _CLOSE_PATH, Action.CLOSE_ACCOUNT, close),
]
