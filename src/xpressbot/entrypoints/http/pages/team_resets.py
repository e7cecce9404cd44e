"""Resets of members' 2FA: asking for one, approving or stopping it, the link to hand over; and a member's own button that stops one."""

from typing import Any, Final, assert_never

from xpressbot.entrypoints.http.page_paths import path_with
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import HOME_PATH, RESET_PATH, RESETS_PATH
from xpressbot.entrypoints.http.routing import Page, SignedInOutcome, SignedInPage
from xpressbot.entrypoints.messages.formatting import Text, number
from xpressbot.entrypoints.messages.links import link_address, works_once
from xpressbot.entrypoints.messages.reset_words import approval_text, nobody_yet_text, reset_refusal_text, without_approval_text
from xpressbot.foundation.text import normalise_line
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.administration.two_factor_reset import MAX_REASON_LENGTH
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied, Done, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.team.reset_decisions import LinkOutcome, ReEnrolmentLink
from xpressbot.identity.team.reset_refusals import ResetRefusal
from xpressbot.identity.team.reset_requests import AskOutcome
from xpressbot.identity.team.resets import MemberReset, WaitingReset
from xpressbot.identity.throttling.charges import ThrottleRefusal

_TEMPLATE: Final = "team_reset.html"


def show_resets(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """What waits in the team."""
    found = request.identity.resets.waiting(caller)
    if isinstance(found, Denied):
        return found
    waiting = [_described(request, one) for one in found.waiting]
    shown: dict[str, Any] = {"waiting": waiting, "without_link": found.without_link, "running_bots": request.running_bots}
    return request.page("team_resets.html", caller.account, **shown)


def show_member(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """What can be done about one member's 2FA."""
    return _member_page(request, caller)


def ask(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Let a request wait."""
    reason = normalise_line(request.form["reason"], max_length=MAX_REASON_LENGTH)
    if reason is None:
        most = number(request.texts, MAX_REASON_LENGTH)
        problem = request.texts.gettext("Say why in one line of at most %(count)s characters.") % {"count": most}
        return _member_page(request, caller, status=422, errors={"reason": problem})
    return _after(request, caller, request.identity.reset_requests.ask(caller, _member_id(request), reason))


def withdraw(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Stop a request, as an owner or admin."""
    outcome = request.identity.reset_requests.withdraw(caller, _member_id(request), request.form["request"])
    return _after(request, caller, outcome)


def approve(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Carry a request out, and show the link this once."""
    return _link_page(request, caller, request.identity.reset_decisions.approve(caller, _member_id(request), request.form["request"]))


def show_link(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Make a fresh link for a member whose 2FA was reset, and show it this once."""
    return _link_page(request, caller, request.identity.reset_decisions.show_link(caller, _member_id(request)))


def stop_own(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """The member stops the reset. Where it is over already there is nothing left to stop: the notice says what became of it."""
    outcome = request.identity.reset_requests.stop(caller)
    match outcome:
        case Done():
            return redirect(HOME_PATH)
        case StepUpRequired():
            return outcome
        case Denied():
            return _not_stopped(outcome)
        case unknown:
            assert_never(unknown)


def _not_stopped(denied: Denied[SessionRefusal | ResetRefusal]) -> SignedInOutcome:
    match denied.reason:
        case SessionRefusal() as reason:
            return denied.narrowed(reason)
        case ResetRefusal():
            return redirect(HOME_PATH)
        case unknown:
            assert_never(unknown)


def _after(request: PageRequest, caller: Caller, outcome: AskOutcome) -> SignedInOutcome:
    match outcome:
        case Done():
            return redirect(path_with(RESET_PATH, {"member": _member_id(request)}))
        case StepUpRequired():
            return outcome
        case Denied():
            return _refused(request, caller, outcome)
        case unknown:
            assert_never(unknown)


def _link_page(request: PageRequest, caller: Caller, outcome: LinkOutcome) -> SignedInOutcome:
    match outcome:
        case ReEnrolmentLink():
            link = link_address(str(request.site.services.settings.public_url), LinkKind.RE_ENROLMENT, outcome.token)
            works = works_once(request.texts, LinkKind.RE_ENROLMENT)
            return request.page("team_reset_link.html", caller.account, member=outcome.member, link=link, works=works)
        case StepUpRequired():
            return outcome
        case Denied():
            return _refused(request, caller, outcome)
        case unknown:
            assert_never(unknown)


def _refused(request: PageRequest, caller: Caller, denied: Denied[SessionRefusal | ResetRefusal | ThrottleRefusal]) -> SignedInOutcome:
    match denied.reason:
        case SessionRefusal() as reason:
            return denied.narrowed(reason)
        case ThrottleRefusal() as reason:
            return _throttled(request, caller, denied.narrowed(reason))
        case ResetRefusal() as reason:
            return _member_page(request, caller, status=409, message=reset_refusal_text(request.texts, reason))
        case unknown:
            assert_never(unknown)


def _throttled(request: PageRequest, caller: Caller, denied: Denied[ThrottleRefusal]) -> SignedInOutcome:
    request.metrics.throttled(denied)
    found = request.identity.resets.of_member(caller, _member_id(request))
    if isinstance(found, Denied):
        return found
    return request.refused(_TEMPLATE, caller.account, denied, **_context(request, caller, found, keeps_reason=True))


def _member_page(
    request: PageRequest, caller: Caller, *, status: int = 200, message: Text | None = None, errors: dict[str, Text] | None = None
) -> SignedInOutcome:
    found = request.identity.resets.of_member(caller, _member_id(request))
    if isinstance(found, Denied):
        return found
    context = _context(request, caller, found, keeps_reason=bool(errors))
    return request.page(_TEMPLATE, caller.account, status=status, message=message, errors=errors or {}, **context)


def _context(request: PageRequest, caller: Caller, shown: MemberReset, *, keeps_reason: bool) -> dict[str, Any]:
    return {
        "form": {"reason": request.form["reason"]} if keeps_reason else {},
        "shown": shown,
        "is_own": shown.member.id == caller.account.id,
        "waiting": None if shown.waiting is None else _described(request, shown.waiting),
        "most": MAX_REASON_LENGTH,
        "running_bots": request.running_bots,
        "nobody_yet": nobody_yet_text(request.texts),
        "without_approval": without_approval_text(request.texts),
    }


def _described(request: PageRequest, one: WaitingReset) -> dict[str, Any]:
    return {
        "id": one.request.id,
        "member": one.member,
        "asker": one.asker,
        "reason": one.request.reason,
        "asked_at": one.request.asked_at,
        "due_at": one.request.due_at,
        "expires_at": one.request.expires_at,
        "may_approve": one.approval is None,
        "why_not": None if one.approval is None else approval_text(request.texts, one.approval),
        "may_stop": one.may_stop,
        "path": path_with(RESET_PATH, {"member": one.member.id}),
    }


def _member_id(request: PageRequest) -> str:
    return request.id_in_path("member")


PAGES: Final[list[Page]] = [
    SignedInPage("GET", RESETS_PATH, Action.VIEW_RESETS, show_resets),
    SignedInPage("GET", RESET_PATH, Action.VIEW_RESETS, show_member, leads_to=Action.ASK_FOR_RESET),
    SignedInPage("POST", RESET_PATH, Action.ASK_FOR_RESET, ask),
    SignedInPage("POST", f"{RESET_PATH}/approve", Action.APPROVE_RESET, approve, returns_to=RESET_PATH),
    SignedInPage("POST", f"{RESET_PATH}/stop", Action.WITHDRAW_RESET, withdraw, returns_to=RESET_PATH),
    SignedInPage("POST", f"{RESET_PATH}/link", Action.SHOW_RESET_LINK, show_link, returns_to=RESET_PATH),
    SignedInPage("POST", "/account/reset/stop", Action.STOP_RESET, stop_own, returns_to=HOME_PATH),
]
