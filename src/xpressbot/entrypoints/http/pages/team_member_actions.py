"""What is done to a member: each action is asked for on a page that says what it will do, and done by its form."""

from collections.abc import Callable
from typing import Any, Final

from starlette.responses import Response

from xpressbot.entrypoints.http.page_paths import path_with
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.pages.team_member import ACTION_PATHS, answered
from xpressbot.entrypoints.http.paths import MEMBER_PATH, SETTINGS_PATH, TEAM_PATH
from xpressbot.entrypoints.http.routing import Handler, Page, SignedInOutcome, SignedInPage
from xpressbot.entrypoints.messages.formatting import Text
from xpressbot.entrypoints.messages.member_actions import ACTION_WORDS, action_effects
from xpressbot.entrypoints.messages.roles import role_meaning, role_name
from xpressbot.foundation.database.unknown_enum_values import member_or_none
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.roles import Role, permits
from xpressbot.identity.outcomes import Denied, Done
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.team.member_page import MemberPage
from xpressbot.identity.team.members import Members, Refused

Operation = Callable[[Members, Caller, str], Done | Refused]


def show_role(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """The roles, what each may do, and what a change will do."""
    found = _member_for(request, caller, Action.CHANGE_ROLE)
    return _role_page(request, caller, found) if isinstance(found, MemberPage) else found


def change_role(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Take the role that was chosen."""
    role, member_id = member_or_none(Role, request.form["role"]), request.id_in_path("member")
    if role is None:
        found = request.identity.member_pages.view(caller, member_id)
        if isinstance(found, Denied):
            return found
        return _role_page(request, caller, found, status=422, errors={"role": request.texts.gettext("Choose one of these roles.")})
    outcome = request.identity.members.change_role(caller, member_id, role)
    is_out_of_the_team_pages = member_id == caller.account.id and not permits(role, Action.VIEW_TEAM)
    return answered(request, caller, outcome, SETTINGS_PATH if is_out_of_the_team_pages else MEMBER_PATH)


def _role_page(
    request: PageRequest, caller: Caller, member: MemberPage, *, status: int = 200, errors: dict[str, Text] | None = None
) -> Response:
    texts = request.texts
    roles = [role for role in Role if not (member.is_viewer and role is Role.OWNER)]
    return request.page(
        "team_role.html",
        caller.account,
        status=status,
        errors=errors or {},
        member=member,
        roles=[{"value": role.value, "name": role_name(texts, role), "meaning": role_meaning(texts, role)} for role in roles],
        **_paths(member, Action.CHANGE_ROLE),
    )


def _show(action: Action) -> Handler:
    def show(request: PageRequest, caller: Caller) -> SignedInOutcome:
        found = _member_for(request, caller, action)
        if not isinstance(found, MemberPage):
            return found
        words = ACTION_WORDS[action]
        return request.page(
            "team_member_action.html",
            caller.account,
            member=found,
            title=request.texts.gettext(words.title),
            effects=action_effects(request.texts, words, found),
            takes_away=words.takes_away,
            lacks_protection=action is Action.HAND_OVER_OWNERSHIP and found.protected_since is None,
            **_paths(found, action),
        )

    return show


def _do(operation: Operation, after: str) -> Handler:
    def do(request: PageRequest, caller: Caller) -> SignedInOutcome:
        return answered(request, caller, operation(request.identity.members, caller, request.id_in_path("member")), after)

    return do


def _member_for(request: PageRequest, caller: Caller, action: Action) -> MemberPage | Response | Denied[SessionRefusal]:
    """The member, where this may be done to them; else the way to their page, which shows what may."""
    found = request.identity.member_pages.view(caller, request.id_in_path("member"))
    if isinstance(found, Denied) or action in found.actions:
        return found
    if not permits(caller.account.role, action):
        return Denied(SessionRefusal.NOT_PERMITTED)
    return redirect(path_with(MEMBER_PATH, {"member": found.id}))


def _paths(member: MemberPage, action: Action) -> dict[str, Any]:
    ids = {"member": member.id}
    return {"path": path_with(ACTION_PATHS[action], ids), "back": path_with(MEMBER_PATH, ids)}


def _confirmed(action: Action, operation: Operation, after: str = MEMBER_PATH) -> list[Page]:
    """The page that asks for it, with step-up before anything is decided, and the form."""
    path = ACTION_PATHS[action]
    return [
        SignedInPage("GET", path, Action.VIEW_TEAM, _show(action), leads_to=action),
        SignedInPage("POST", path, action, _do(operation, after)),
    ]


PAGES: Final[list[Page]] = [
    SignedInPage("GET", ACTION_PATHS[Action.CHANGE_ROLE], Action.VIEW_TEAM, show_role, leads_to=Action.CHANGE_ROLE),
    SignedInPage("POST", ACTION_PATHS[Action.CHANGE_ROLE], Action.CHANGE_ROLE, change_role),
    *_confirmed(Action.HAND_OVER_OWNERSHIP, Members.hand_over_ownership),
    *_confirmed(Action.SUSPEND_MEMBER, Members.suspend),
    *_confirmed(Action.REINSTATE_MEMBER, Members.reinstate),
    *_confirmed(Action.REMOVE_MEMBER, Members.remove, TEAM_PATH),
]
