"""Inviting somebody to the team, inviting them again, and taking an invitation back. The link is shown once, to hand over."""

from typing import Any, Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.errors import ExplainedError, NextLink
from xpressbot.entrypoints.http.page_paths import path_with
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import INVITATION_PATH, INVITE_PATH, TEAM_PATH
from xpressbot.entrypoints.http.routing import Page, SignedInOutcome, SignedInPage
from xpressbot.entrypoints.messages.formatting import Text
from xpressbot.entrypoints.messages.links import link_address, works_once
from xpressbot.entrypoints.messages.refusals import address_problem_text, reason_text
from xpressbot.entrypoints.messages.roles import role_meaning, role_name
from xpressbot.foundation.database.unknown_enum_values import member_or_none
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.address import AddressProblem, normalise_email
from xpressbot.identity.accounts.rules.roles import Role, may_give
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied, Done, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.team.invitation_store import PendingInvitation
from xpressbot.identity.team.invitations import InvitationRefusal, Invited, can_change
from xpressbot.identity.throttling.charges import ThrottleRefusal

_TEMPLATE: Final = "team_invite.html"
_NOT_INVITED = Denied[SessionRefusal | InvitationRefusal | ThrottleRefusal]


def show_form(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Ask for address and role."""
    return _page(request, caller)


def show_again(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """The invitation that is to be replaced, with its role."""
    pending = _pending(request, caller)
    return _page(request, caller, again=pending) if isinstance(pending, PendingInvitation) else pending


def invite(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Invite, and show the link."""
    email = normalise_email(request.form["email"])
    if isinstance(email, AddressProblem):
        return _page(request, caller, status=422, errors={"email": address_problem_text(request.texts, email)})
    return _invite(request, caller, email)


def invite_again(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Replace an invitation: its links end, and the new one is shown."""
    pending = _pending(request, caller)
    return _invite(request, caller, pending.invitation.email, pending) if isinstance(pending, PendingInvitation) else pending


def revoke(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Take an invitation back."""
    outcome = request.identity.invitations.revoke(caller, request.id_in_path("invitation"))
    match outcome:
        case Done():
            return redirect(TEAM_PATH)
        case StepUpRequired():
            return outcome
        case Denied():
            return _not_revoked(request, outcome)
        case unknown:
            assert_never(unknown)


def _not_revoked(request: PageRequest, denied: Denied[SessionRefusal | InvitationRefusal]) -> SignedInOutcome:
    match denied.reason:
        case SessionRefusal() as reason:
            return denied.narrowed(reason)
        case InvitationRefusal():
            raise _gone(request)
        case unknown:
            assert_never(unknown)


def _gone(request: PageRequest) -> ExplainedError:
    texts = request.texts
    return ExplainedError(
        404,
        title=texts.gettext("This invitation is gone"),
        detail=reason_text(texts, InvitationRefusal.NO_SUCH_INVITATION),
        action=NextLink(TEAM_PATH, texts.gettext("Go to the team")),
    )


def _pending(request: PageRequest, caller: Caller) -> PendingInvitation | Denied[SessionRefusal]:
    """The invitation that the page is about. Raises ExplainedError 404 where there is none that the person may change."""
    pending = request.identity.invitations.find(caller, request.id_in_path("invitation"))
    if pending is None:
        raise _gone(request)
    return pending


def _invite(request: PageRequest, caller: Caller, email: str, again: PendingInvitation | None = None) -> SignedInOutcome:
    role = member_or_none(Role, request.form["role"])
    if role is None:
        said = request.texts.gettext("Choose a role from the list.")
        return _page(request, caller, status=422, again=again, errors={"role": said})
    replaces = "" if again is None else again.invitation.id
    outcome = request.identity.invitations.invite(caller, email, role, request.texts.tag, replaces=replaces)
    match outcome:
        case Invited():
            return _invited(request, caller, outcome)
        case StepUpRequired():
            return outcome
        case Denied():
            return _not_invited(request, caller, outcome, email, again)
        case unknown:
            assert_never(unknown)


def _invited(request: PageRequest, caller: Caller, outcome: Invited) -> Response:
    """The one page that shows the link."""
    return request.page(
        "team_invited.html",
        caller.account,
        email=outcome.invitation.email,
        role=role_name(request.texts, outcome.invitation.role),
        link=link_address(str(request.site.services.settings.public_url), LinkKind.INVITE, outcome.token),
        expires_at=outcome.invitation.expires_at,
        is_mailed=outcome.is_mailed,
    )


def _not_invited(
    request: PageRequest, caller: Caller, denied: _NOT_INVITED, email: str, again: PendingInvitation | None
) -> SignedInOutcome:
    match denied.reason:
        case SessionRefusal() as reason:
            return denied.narrowed(reason)
        case ThrottleRefusal() as reason:
            return request.throttled(_TEMPLATE, caller.account, denied.narrowed(reason), **_context(request, caller, again))
        case InvitationRefusal.ALREADY_INVITED as reason:
            there = request.identity.invitations.to_address(caller, email)
            if isinstance(there, Denied):
                return there
            return _page(request, caller, status=409, message=reason_text(request.texts, reason), there=there)
        case InvitationRefusal() as reason:
            return _page(request, caller, status=409, again=again, message=reason_text(request.texts, reason))
        case unknown:
            assert_never(unknown)


def _page(
    request: PageRequest,
    caller: Caller,
    *,
    status: int = 200,
    again: PendingInvitation | None = None,
    there: PendingInvitation | None = None,
    message: Text | None = None,
    errors: dict[str, Text] | None = None,
) -> Response:
    context = _context(request, caller, again, there)
    return request.page(_TEMPLATE, caller.account, status=status, message=message, errors=errors or {}, **context)


def _context(
    request: PageRequest, caller: Caller, again: PendingInvitation | None, there: PendingInvitation | None = None
) -> dict[str, Any]:
    """again: the invitation that is to be replaced. there: one that was found in the way of a new one."""
    texts = request.texts
    given = request.form["role"] or (again.invitation.role if again is not None and again.invitation.role else Role.AGENT)
    roles = [role for role in reversed(Role) if may_give(caller.account.role, role)]
    return {
        "action": INVITE_PATH if again is None else path_with(INVITATION_PATH, {"invitation": again.invitation.id}),
        "again": None if again is None else _described(request, caller, again),
        "there": None if there is None else _described(request, caller, there),
        "form": {"email": request.form["email"]},
        "roles": [
            {"value": role.value, "name": role_name(texts, role), "meaning": role_meaning(texts, role), "is_chosen": role == given}
            for role in roles
        ],
        "sends_mail": request.identity.invitations.sends_mail,
        "works_once": works_once(texts, LinkKind.INVITE),
    }


def _described(request: PageRequest, caller: Caller, pending: PendingInvitation) -> dict[str, Any]:
    invitation = pending.invitation
    return {
        "path": path_with(INVITATION_PATH, {"invitation": invitation.id}),
        "email": invitation.email,
        "role": role_name(request.texts, invitation.role),
        "inviter": None if pending.inviter is None else pending.inviter.name,
        "invited_at": invitation.invited_at,
        "expires_at": invitation.expires_at,
        "can_change": can_change(caller.account.role, invitation),
    }


PAGES: Final[list[Page]] = [
    SignedInPage("GET", INVITE_PATH, Action.VIEW_TEAM, show_form, leads_to=Action.INVITE_MEMBER),
    SignedInPage("POST", INVITE_PATH, Action.INVITE_MEMBER, invite),
    SignedInPage("GET", INVITATION_PATH, Action.VIEW_TEAM, show_again, leads_to=Action.INVITE_MEMBER),
    SignedInPage("POST", INVITATION_PATH, Action.INVITE_MEMBER, invite_again),
    SignedInPage("POST", f"{INVITATION_PATH}/revoke", Action.REVOKE_INVITATION, revoke, returns_to=TEAM_PATH),
]
