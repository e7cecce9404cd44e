"""The authenticator apps of an account: the list, one more, another name, one less."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.pages.set_up import SETUP_PATH
from xpressbot.entrypoints.http.paths import SETTINGS_PATH
from xpressbot.entrypoints.http.routing import Page, SignedInPage
from xpressbot.entrypoints.messages.formatting import Text, number
from xpressbot.entrypoints.messages.reasons import apps_notice
from xpressbot.entrypoints.messages.refusals import refusal_text
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.foundation.text import as_seen
from xpressbot.identity.factors.rules import MAX_NAME_LENGTH, MOST_PER_ACCOUNT, normalise_app_name
from xpressbot.identity.factors.totp.apps import AuthenticatorApp
from xpressbot.identity.outcomes import Denied, Done, Reason, SessionRenewed, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.rules.assurance import Action

APPS_PATH: Final = "/account/2fa/apps"
_ADD_PATH: Final = f"{APPS_PATH}/add"
_STAYS_ON_THE_LIST: Final = frozenset({Reason.TOO_MANY_AUTHENTICATORS, Reason.NO_SUCH_AUTHENTICATOR, Reason.LAST_AUTHENTICATOR})


def show_apps(request: PageRequest, caller: Caller) -> Response:
    """All apps, and what can be done with each."""
    return _list(request, caller, message=apps_notice(request.texts, request.query("reason")))


def show_add(request: PageRequest, caller: Caller) -> Response | StepUpRequired:
    """Ask what the new app is to be called."""
    if request.identity.reauthentication.needed_for(caller, Action.ADD_AUTHENTICATOR):
        return StepUpRequired()
    return _add_page(request, caller)


def add(request: PageRequest, caller: Caller) -> Response | Denied | StepUpRequired:
    """Prepare a secret for one app more."""
    name = normalise_app_name(request.form["name"])
    if name is None or _is_reserved(request.texts, name):
        return _add_page(request, caller, problem=_name_problem(request.texts, name))
    outcome = request.identity.authenticator_apps.add(caller, name)
    match outcome:
        case Done():
            return redirect(SETUP_PATH)
        case Denied(Reason.NAME_TAKEN):
            return _add_page(request, caller, problem=refusal_text(request.texts, outcome, request.now()))
        case Denied(reason) if reason in _STAYS_ON_THE_LIST:
            return _refused(reason)
        case _:
            return outcome


def rename(request: PageRequest, caller: Caller) -> Response | Denied:
    """Give an app another name."""
    app_id, name = request.form["app"], normalise_app_name(request.form["name"])
    if name is None or _is_reserved(request.texts, name):
        return _list(request, caller, renamed=app_id, problem=_name_problem(request.texts, name))
    outcome = request.identity.authenticator_apps.rename(caller, app_id, name)
    match outcome:
        case Done():
            return redirect(APPS_PATH)
        case Denied(Reason.NAME_TAKEN):
            return _list(request, caller, renamed=app_id, problem=refusal_text(request.texts, outcome, request.now()))
        case Denied(reason) if reason in _STAYS_ON_THE_LIST:
            return _refused(reason)
        case _:
            return outcome


def remove(request: PageRequest, caller: Caller) -> Response | Denied | StepUpRequired:
    """Let one app go."""
    outcome = request.identity.authenticator_apps.remove(caller, request.form["app"])
    match outcome:
        case SessionRenewed():
            return request.renewed(outcome, APPS_PATH)
        case Denied(reason) if reason in _STAYS_ON_THE_LIST:
            return _refused(reason)
        case _:
            return outcome


def app_choices(texts: Texts, apps: Sequence[AuthenticatorApp]) -> list[dict[str, str]]:
    """Ids and names as a page offers them; an app without a name gets a word for it."""
    return [{"id": app.id, "name": app_label(texts, app.name, is_usable=app.is_usable)} for app in apps]


def app_label(texts: Texts, name: str, *, is_usable: bool = True) -> str:
    """What an app is called on a page."""
    return name or (texts.gettext("Authenticator app") if is_usable else texts.gettext("Something else"))


def _list(request: PageRequest, caller: Caller, *, renamed: str = "", problem: Text | None = None, message: Text | None = None) -> Response:
    settings = request.identity.account_page.settings(caller)
    apps = settings.apps
    if not apps:
        return redirect(SETTINGS_PATH)
    if problem and renamed not in {app.id for app in apps}:
        return _refused(Reason.NO_SUCH_AUTHENTICATOR)
    rows = [
        {
            "id": app.id,
            "name": app_label(request.texts, app.name, is_usable=app.is_usable),
            "is_usable": app.is_usable,
            "typed": request.form["name"] if app.id == renamed else app.name,
            "added_at": app.added_at,
            "last_used_at": app.last_used_at,
        }
        for app in apps
    ]
    return request.page(
        "apps.html",
        caller.account,
        status=422 if problem else 200,
        apps=rows,
        most=MOST_PER_ACCOUNT,
        other_sessions=settings.other_sessions,
        message=message,
        errors={f"name-{renamed}": problem} if problem else {},
    )


def _add_page(request: PageRequest, caller: Caller, *, problem: Text | None = None) -> Response:
    apps = request.identity.authenticator_apps.list_apps(caller)
    if not apps:
        return redirect(SETTINGS_PATH)
    if len(apps) >= MOST_PER_ACCOUNT:
        return _refused(Reason.TOO_MANY_AUTHENTICATORS)
    form, errors = {"name": request.form["name"]}, {"name": problem} if problem else {}
    return request.page("app_add.html", caller.account, status=422 if problem else 200, form=form, errors=errors)


def _is_reserved(texts: Texts, name: str) -> bool:
    return as_seen(name) == as_seen(app_label(texts, ""))


def _name_problem(texts: Texts, name: str | None) -> str:
    if name is not None:
        return texts.gettext("Apps without a name are called that. Choose another name, so that you can tell them apart.")
    sentence = texts.ngettext(
        "Give it a name of up to %(count)s character, without control characters.",
        "Give it a name of up to %(count)s characters, without control characters.",
        MAX_NAME_LENGTH,
    )
    return sentence % {"count": number(texts, MAX_NAME_LENGTH)}


def _refused(reason: Reason) -> Response:
    return redirect(f"{APPS_PATH}?reason={reason}")


PAGES: Final[list[Page]] = [
    SignedInPage("GET", APPS_PATH, show_apps),
    SignedInPage("GET", _ADD_PATH, show_add),
    SignedInPage("POST", _ADD_PATH, add),
    SignedInPage("POST", f"{APPS_PATH}/rename", rename, returns_to=APPS_PATH),
    SignedInPage("POST", f"{APPS_PATH}/remove", remove, returns_to=APPS_PATH),
]
