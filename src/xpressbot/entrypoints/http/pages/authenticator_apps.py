"""The authenticator apps of an account: the list, one more, another name, one less."""

from collections.abc import Sequence
from typing import Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.pages.set_up import SETUP_PATH
from xpressbot.entrypoints.http.paths import SETTINGS_PATH
from xpressbot.entrypoints.http.routing import Page, SignedInOutcome, SignedInPage, not_protected
from xpressbot.entrypoints.messages.formatting import Text, number
from xpressbot.entrypoints.messages.redirect_reasons import apps_notice
from xpressbot.entrypoints.messages.refusals import reason_text
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.foundation.text import as_seen
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.factors.authenticators import AddRefusal, ListedAuthenticator, NameRefusal, RemoveRefusal
from xpressbot.identity.factors.protection import AuthenticatorRefusal, ProtectionRefusal
from xpressbot.identity.factors.rules import MAX_NAME_LENGTH, MOST_PER_ACCOUNT, normalise_authenticator_name
from xpressbot.identity.outcomes import Denied, Done, SessionRenewed, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import SessionRefusal

APPS_PATH: Final = "/account/2fa/apps"
_ADD_PATH: Final = f"{APPS_PATH}/add"


def show_apps(request: PageRequest, caller: Caller) -> Response:
    """All apps, and what can be done with each."""
    return _list(request, caller, message=apps_notice(request.texts, request.query("reason")))


def show_add(request: PageRequest, caller: Caller) -> Response:
    """Ask what the new app is to be called."""
    return _add_page(request, caller)


def add(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Prepare a secret for one app more."""
    name = normalise_authenticator_name(request.form["name"])
    if name is None or _is_reserved(request, name):
        return _add_page(request, caller, problem=_name_problem(request.texts, name))
    outcome = request.identity.authenticators.add(caller, request.chosen_kind.kind, name)
    match outcome:
        case Done():
            return redirect(SETUP_PATH)
        case StepUpRequired():
            return outcome
        case Denied():
            return _not_added(request, caller, outcome)
        case unknown:
            assert_never(unknown)


def _not_added(
    request: PageRequest, caller: Caller, denied: Denied[SessionRefusal | ProtectionRefusal | AddRefusal | NameRefusal]
) -> SignedInOutcome:
    match denied.reason:
        case NameRefusal() as reason:
            return _add_page(request, caller, problem=_name_refused(request.texts, reason))
        case AddRefusal() as reason:
            return _refused(reason)
        case SessionRefusal() | ProtectionRefusal() as reason:
            return not_protected(denied.narrowed(reason))
        case unknown:
            assert_never(unknown)


def rename(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Give an app another name."""
    app_id, name = request.form["app"], normalise_authenticator_name(request.form["name"])
    if name is None or _is_reserved(request, name):
        return _list(request, caller, renamed=app_id, problem=_name_problem(request.texts, name))
    outcome = request.identity.authenticators.rename(caller, app_id, name)
    match outcome:
        case Done():
            return redirect(APPS_PATH)
        case StepUpRequired():
            return outcome
        case Denied():
            return _not_renamed(request, caller, app_id, outcome)
        case unknown:
            assert_never(unknown)


def _not_renamed(
    request: PageRequest, caller: Caller, app_id: str, denied: Denied[SessionRefusal | AuthenticatorRefusal | NameRefusal]
) -> SignedInOutcome:
    match denied.reason:
        case NameRefusal() as reason:
            return _list(request, caller, renamed=app_id, problem=_name_refused(request.texts, reason))
        case AuthenticatorRefusal() as reason:
            return _refused(reason)
        case SessionRefusal() as reason:
            return denied.narrowed(reason)
        case unknown:
            assert_never(unknown)


def remove(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Let one app go."""
    outcome = request.identity.authenticators.remove(caller, request.form["app"])
    match outcome:
        case SessionRenewed():
            return request.renewed(outcome, APPS_PATH)
        case StepUpRequired():
            return outcome
        case Denied():
            return _not_removed(outcome)
        case unknown:
            assert_never(unknown)


def _not_removed(denied: Denied[SessionRefusal | ProtectionRefusal | AuthenticatorRefusal | RemoveRefusal]) -> SignedInOutcome:
    match denied.reason:
        case AuthenticatorRefusal() | RemoveRefusal() as reason:
            return _refused(reason)
        case SessionRefusal() | ProtectionRefusal() as reason:
            return not_protected(denied.narrowed(reason))
        case unknown:
            assert_never(unknown)


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
    settings = request.identity.account_page.settings(caller)
    apps = settings.apps
    if not apps:
        return redirect(SETTINGS_PATH)
    if problem and renamed not in {app.id for app in apps}:
        return _refused(AuthenticatorRefusal.NO_SUCH_AUTHENTICATOR)
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
        other_sessions=settings.other_sessions,
        message=message,
        errors={f"name-{renamed}": problem} if problem else {},
    )


def _add_page(request: PageRequest, caller: Caller, *, problem: Text | None = None) -> Response:
    apps = request.identity.authenticators.listed(caller)
    if not apps:
        return redirect(SETTINGS_PATH)
    if len(apps) >= MOST_PER_ACCOUNT:
        return _refused(AddRefusal.TOO_MANY_AUTHENTICATORS)
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


def _refused(reason: AddRefusal | AuthenticatorRefusal | RemoveRefusal) -> Response:
    """What is wrong is the list that the person has seen, so that they get it anew."""
    match reason:
        case AddRefusal.TOO_MANY_AUTHENTICATORS | AuthenticatorRefusal.NO_SUCH_AUTHENTICATOR | RemoveRefusal.LAST_AUTHENTICATOR:
            return redirect(f"{APPS_PATH}?reason={reason}")
        case unknown:
            assert_never(unknown)


def _name_refused(texts: Texts, reason: NameRefusal) -> str:
    match reason:
        case NameRefusal.NAME_TAKEN:
            return reason_text(texts, reason)
        case unknown:
            assert_never(unknown)


PAGES: Final[list[Page]] = [
    SignedInPage("GET", APPS_PATH, Action.VIEW_ACCOUNT, show_apps),
    SignedInPage("GET", _ADD_PATH, Action.VIEW_ACCOUNT, show_add, leads_to=Action.ADD_AUTHENTICATOR),
    SignedInPage("POST", _ADD_PATH, Action.ADD_AUTHENTICATOR, add),
    SignedInPage("POST", f"{APPS_PATH}/rename", Action.RENAME_AUTHENTICATOR, rename, returns_to=APPS_PATH),
    SignedInPage("POST", f"{APPS_PATH}/remove", Action.REMOVE_AUTHENTICATOR, remove, returns_to=APPS_PATH),
]
