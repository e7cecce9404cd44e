"""The page of one member, and signing them out."""

from collections.abc import Sequence
from typing import Any, Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.page_paths import path_with
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import EXEMPTION_PATH, MEMBER_PATH, RESET_PATH, SESSIONS_PATH, SETTINGS_PATH
from xpressbot.entrypoints.http.routing import Page, SignedInOutcome, SignedInPage
from xpressbot.entrypoints.messages.event_facts import Reader, event_facts
from xpressbot.entrypoints.messages.event_words import event_title
from xpressbot.entrypoints.messages.formatting import Text, as_is, browser_name
from xpressbot.entrypoints.messages.member_actions import ACTION_WORDS
from xpressbot.entrypoints.messages.refusals import reason_text
from xpressbot.entrypoints.messages.roles import role_name
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.roles import permits
from xpressbot.identity.audit.rules.event import SecurityEvent
from xpressbot.identity.outcomes import Denied, Done, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.sessions.listing import ListingRefusal, SessionsEnded
from xpressbot.identity.sessions.store import ListedSession
from xpressbot.identity.team.member_actions import MemberRefusal
from xpressbot.identity.team.member_page import MemberPage

ACTION_PATHS: Final = {
    Action.CHANGE_ROLE: f"{MEMBER_PATH}/role",
    Action.HAND_OVER_OWNERSHIP: f"{MEMBER_PATH}/ownership",
    Action.SUSPEND_MEMBER: f"{MEMBER_PATH}/suspend",
    Action.REINSTATE_MEMBER: f"{MEMBER_PATH}/reinstate",
    Action.REMOVE_MEMBER: f"{MEMBER_PATH}/remove",
}
"""The page on which each action is confirmed."""


def show_member(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """One member: role, protection, sessions, and what of the team's record is about them."""
    found = request.identity.member_pages.view(caller, request.id_in_path("member"))
    return found if isinstance(found, Denied) else member_page(request, caller, found)


def end_session(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Sign a member out of one browser."""
    return answered(request, caller, request.identity.members.end_session(caller, request.id_in_path("member"), request.form["session"]))


def end_sessions(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Sign a member out everywhere."""
    return answered(request, caller, request.identity.members.end_sessions(caller, request.id_in_path("member")))


def answered(
    request: PageRequest,
    caller: Caller,
    outcome: Done | SessionsEnded | Denied[SessionRefusal | MemberRefusal | ListingRefusal] | StepUpRequired,
    after: str = MEMBER_PATH,
) -> SignedInOutcome:
    """What follows an action on a member: the page to go on with, or why nothing was done."""
    member_id = request.id_in_path("member")
    match outcome:
        case Done() | SessionsEnded():
            return redirect(path_with(after, {"member": member_id}))
        case StepUpRequired():
            return outcome
        case Denied():
            return _not_done(request, caller, member_id, outcome)
        case unknown:
            assert_never(unknown)


def _not_done(
    request: PageRequest, caller: Caller, member_id: str, denied: Denied[SessionRefusal | MemberRefusal | ListingRefusal]
) -> SignedInOutcome:
    """The member's page as it is now, and why nothing was done. What the gate said goes on."""
    match denied.reason:
        case SessionRefusal() as reason:
            return denied.narrowed(reason)
        case ListingRefusal.NO_SUCH_SESSION as reason:
            status = 404
        case MemberRefusal() as reason:
            status = 409
        case unknown:
            assert_never(unknown)
    found = request.identity.member_pages.view(caller, member_id)
    if isinstance(found, Denied):
        return found
    return member_page(request, caller, found, status=status, message=reason_text(request.texts, reason))


def member_page(request: PageRequest, caller: Caller, member: MemberPage, *, status: int = 200, message: Text | None = None) -> Response:
    """The page of a member. Each thing that can be done is a link in `actions`."""
    return request.page(
        "team_member.html",
        caller.account,
        status=status,
        message=message,
        member=member,
        path=path_with(MEMBER_PATH, {"member": member.id}),
        role=role_name(request.texts, member.role),
        is_suspended=member.status is AccountStatus.DISABLED,
        authenticators=_authenticators(request, member),
        sessions=[_session(request, one) for one in member.sessions],
        events=[_event(request, caller, member, event) for event in member.events],
        actions=_actions(request, caller, member),
    )


def _actions(request: PageRequest, caller: Caller, member: MemberPage) -> Sequence[dict[str, Any]]:
    """What this viewer may do to the member. What else a page of its own offers to do to a member has its line here."""
    texts, ids = request.texts, {"member": member.id}
    actions = []
    if Action.CHANGE_ROLE in member.actions:
        title = texts.gettext("Step down as an owner") if member.is_viewer else texts.gettext("Change role")
        actions.append({"href": path_with(ACTION_PATHS[Action.CHANGE_ROLE], ids), "title": title, "takes_away": False})
    if member.can_be_reset:
        actions.append({"href": path_with(RESET_PATH, ids), "title": texts.gettext("Reset 2FA"), "takes_away": False})
    if member.can_be_exempted and permits(caller.account.role, Action.EXEMPT_MEMBER):
        actions.append({"href": path_with(EXEMPTION_PATH, ids), "title": texts.gettext("Exemption from 2FA"), "takes_away": False})
    actions += [
        {"href": path_with(ACTION_PATHS[action], ids), "title": texts.gettext(words.title), "takes_away": words.takes_away}
        for action, words in ACTION_WORDS.items()
        if action in member.actions
    ]
    if member.is_viewer:
        actions.append({"href": SETTINGS_PATH, "title": texts.gettext("Account Settings"), "takes_away": False})
        actions.append({"href": SESSIONS_PATH, "title": texts.gettext("View sessions"), "takes_away": False})
    return actions


def _authenticators(request: PageRequest, member: MemberPage) -> Sequence[dict[str, Any]]:
    labels = {factor.kind: request.texts.gettext(factor.label) for factor in request.factors}
    return [{"label": labels.get(kind) or as_is(kind), "count": count} for kind, count in member.authenticators.items()]


def _session(request: PageRequest, one: ListedSession) -> dict[str, Any]:
    session = one.session
    return {
        "id": session.id,
        "browser": browser_name(request.texts, one.user_agent),
        "address": one.address,
        "began_at": session.authenticated_at,
        "last_used_at": session.last_used_at,
        "is_locked": session.is_locked(request.now()),
    }


def _event(request: PageRequest, caller: Caller, member: MemberPage, event: SecurityEvent) -> dict[str, Any]:
    reader = Reader(caller.account.id, caller.session.id, {factor.kind: factor.label for factor in request.factors}, member.people)
    return {"title": event_title(request.texts, event.kind), "at": event.at, "facts": event_facts(request.texts, event, reader)}


PAGES: Final[list[Page]] = [
    SignedInPage("GET", MEMBER_PATH, Action.VIEW_TEAM, show_member),
    SignedInPage("POST", f"{MEMBER_PATH}/sessions/end", Action.END_MEMBER_SESSION, end_session, returns_to=MEMBER_PATH),
    SignedInPage("POST", f"{MEMBER_PATH}/sessions/end-all", Action.END_MEMBER_SESSIONS, end_sessions, returns_to=MEMBER_PATH),
]
