"""The authenticator apps of an account: the list, one more, another name, one less."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.pages.set_up import SETUP_PATH
from xpressbot.entrypoints.http.paths import SETTINGS_PATH
from xpressbot.entrypoints.http.routing import Page, SignedInPage
from xpressbot.entrypoints.messages.formatting import Text, number
from xpressbot.entrypoints.messages.redirect_reasons import apps_notice
from xpressbot.entrypoints.messages.refusals import refusal_text
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.foundation.text import as_seen
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.factors.authenticators import ListedAuthenticator
from xpressbot.identity.factors.rules import MAX_NAME_LENGTH, MOST_PER_ACCOUNT, normalise_authenticator_name
from xpressbot.identity.outcomes import Denied, Done, Reason, SessionRenewed, StepUpRequired
from xpressbot.identity.sessions.caller import Caller

APPS_PATH: Final = "/account/2fa/apps"
_ADD_PATH: Final = f"{APPS_PATH}/add"
_STAYS_ON_THE_LIST: Final = frozenset({Reason.TOO_MANY_AUTHENTICATORS, Reason.NO_SUCH_AUTHENTICATOR, Reason.LAST_AUTHENTICATOR})


def show_apps(request: PageRequest, caller: Caller) -> Response:
    """All apps, and what can be done with each."""
    return _list(request, caller, message=apps_notice(request.texts, request.query("reason")))


def show_add(request: PageRequest, caller: Caller) -> Response:
    """Ask what the new app is to be called."""
    return _add_page(request, caller)


def add(request: PageRequest, caller: Caller) -> Response | Denied | StepUpRequired:
    """Prepare a secret for one app more."""
    name = normalise_authenticator_name(request.form["name"])
    if name is None or _is_reserved(request, name):
        return _add_page(request, caller, problem=_name_problem(request.texts, name))
    outcome = request.identity.authenticators.add(caller, request.chosen_kind.kind, name)
    match outcome:
        case Done():
            return redirect(SETUP_PATH)
        case Denied(Reason.NAME_TAKEN):
            return _add_page(request, caller, problem=refusal_text(request.texts, outcome, request.now()))
        case Denied(reason) if reason in _STAYS_ON_THE_LIST:
            return _refused(reason)
        case _:
            return outcome


def rename(request: PageRequest, caller: Caller) -> Response | Denied | StepUpRequired:
    """Give an app another name."""
    app_id, name = request.form["app"], normalise_authenticator_name(request.form["name"])
    if name is None or _is_reserved(request, name):
        return _list(request, caller, renamed=app_id, problem=_name_problem(request.texts, name))
    outcome = request.identity.authenticators.rename(caller, app_id, name)
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
    outcome = request.identity.authenticators.remove(caller, request.form["app"])
    match outcome:
        case SessionRenewed():
            return request.renewed(outcome, APPS_PATH)
        case Denied(reason) if reason in _STAYS_ON_THE_LIST:
            return _refused(reason)
        case _:
            return outcome


def app_choices(request: PageRequest, apps: Sequence[ListedAuthenticator]) -> list[dict[str, str]]:
    """Ids and names as a page offers them; an app without a name gets a word for it."""
    return [{"id": app.id, "name": _called(request, app)} for app in apps]


def kind_choices(request: PageRequest) -> list[dict[str, str]]:
    """The kinds of authenticators that a page offers to set up; none where there is only one."""
    kinds = request.factors.primary
    return [{"kind": one.kind, "text": request.texts.gettext(one.set_up_choice)} for one in kinds] if len(kinds) > 1 else []


def _called(request: PageRequest, app: ListedAuthenticator) -> str:
    factor = request.factors.find_primary(app.kind) if app.is_usable else None
    return app.name or request.texts.gettext(N_("Something else") if factor is None else factor.label)


def _list(request: PageRequest, caller: Caller, *, renamed: str = "", problem: Text | None = None, message: Text | None = None) -> Response:
    apps = request.identity.authenticators.listed(caller)
    if not apps:
        return redirect(SETTINGS_PATH)
    if problem and renamed not in {app.id for app in apps}:
        return _refused(Reason.NO_SUCH_AUTHENTICATOR)
    rows = [
        {
            "id": app.id,
            "name": _called(request, app),
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
        other_sessions=request.identity.account_page.other_sessions(caller),
        message=message,
        errors={f"name-{renamed}": problem} if problem else {},
    )


def _add_page(request: PageRequest, caller: Caller, *, problem: Text | None = None) -> Response:
    apps = request.identity.authenticators.listed(caller)
    if not apps:
        return redirect(SETTINGS_PATH)
    if len(apps) >= MOST_PER_ACCOUNT:
        return _refused(Reason.TOO_MANY_AUTHENTICATORS)
    form, errors = {"name": request.form["name"]}, {"name": problem} if problem else {}
    kinds = kind_choices(request)
    return request.page("app_add.html", caller.account, status=422 if problem else 200, form=form, errors=errors, kinds=kinds)


def _is_reserved(request: PageRequest, name: str) -> bool:
    """Whether a name is what those are called that have none."""
    return as_seen(name) in {as_seen(request.texts.gettext(factor.label)) for factor in request.factors.primary}


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
    SignedInPage("GET", APPS_PATH, Action.VIEW_ACCOUNT, show_apps),
    SignedInPage("GET", _ADD_PATH, Action.VIEW_ACCOUNT, show_add, leads_to=Action.ADD_AUTHENTICATOR),
    SignedInPage("POST", _ADD_PATH, Action.ADD_AUTHENTICATOR, add),
    SignedInPage("POST", f"{APPS_PATH}/rename", Action.RENAME_AUTHENTICATOR, rename, returns_to=APPS_PATH),
    SignedInPage("POST", f"{APPS_PATH}/remove", Action.REMOVE_AUTHENTICATOR, remove, returns_to=APPS_PATH),
]
