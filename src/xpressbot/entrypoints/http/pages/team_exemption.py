"""A member's exemption from the team's requirement of 2FA."""

from typing import Final, assert_never

from starlette.exceptions import HTTPException
from starlette.responses import Response

from xpressbot.entrypoints.http.page_paths import path_with
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import EXEMPTION_PATH
from xpressbot.entrypoints.http.routing import Page, SignedInOutcome, SignedInPage
from xpressbot.entrypoints.http.whole_numbers import whole_number
from xpressbot.entrypoints.messages.formatting import Text
from xpressbot.entrypoints.messages.policy import days_problem, exemption_refusal_text, reason_problem
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.outcomes import Denied, Done, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.team.exemptions import MAX_REASON_LENGTH, MOST_DAYS, ExemptionRefusal, normalise_reason

_TEMPLATE: Final = "team_exemption.html"
_Outcome = Done | Denied[SessionRefusal | ExemptionRefusal] | StepUpRequired


def show_exemption(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Until when the member is exempt and why, and the form."""
    return _page(request, caller)


def exempt(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Exempt the member, or exempt them anew."""
    days, reason, shown = _days(request.form["days"]), normalise_reason(request.form["reason"]), _shown(request)
    errors: dict[str, Text] = {}
    if days is None:
        errors["days"] = days_problem(request.texts)
    if reason is None:
        errors["reason"] = reason_problem(request.texts)
    if days is None or reason is None:
        return _page(request, caller, status=422, errors=errors)
    return _conclude(request, caller, request.identity.exemptions.exempt(caller, request.id_in_path("member"), shown, days, reason))


def end_exemption(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """End the exemption."""
    return _conclude(request, caller, request.identity.exemptions.end(caller, request.id_in_path("member"), _shown(request)))


def _conclude(request: PageRequest, caller: Caller, outcome: _Outcome) -> SignedInOutcome:
    match outcome:
        case Done():
            return redirect(path_with(EXEMPTION_PATH, request.starlette.path_params))
        case StepUpRequired():
            return outcome
        case Denied():
            return _refused(request, caller, outcome)
        case unknown:
            assert_never(unknown)


def _refused(request: PageRequest, caller: Caller, denied: Denied[SessionRefusal | ExemptionRefusal]) -> SignedInOutcome:
    match denied.reason:
        case ExemptionRefusal() as reason:
            return _page(request, caller, status=409, message=exemption_refusal_text(request.texts, reason))
        case SessionRefusal() as reason:
            return denied.narrowed(reason)
        case unknown:
            assert_never(unknown)


def _page(
    request: PageRequest, caller: Caller, *, status: int = 200, errors: dict[str, Text] | None = None, message: Text | None = None
) -> Response | Denied[SessionRefusal]:
    exemption = request.identity.exemptions.of(caller, request.id_in_path("member"))
    if isinstance(exemption, Denied):
        return exemption
    return request.page(
        _TEMPLATE,
        caller.account,
        status=status,
        errors=errors or {},
        message=message,
        exemption=exemption,
        is_own=exemption.member.id == caller.account.id,
        most_days=MOST_DAYS,
        longest_reason=MAX_REASON_LENGTH,
        form={"days": request.form["days"], "reason": request.form["reason"]},
        path=path_with(EXEMPTION_PATH, request.starlette.path_params),
    )


def _days(text: str) -> int | None:
    return whole_number(text, MOST_DAYS) or None


def _shown(request: PageRequest) -> int | None:
    """The exemption that the form was shown with. Anything else than a moment or nothing is 422."""
    text = request.form["shown"]
    if text and not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise HTTPException(422)
    return int(text) if text else None


PAGES: Final[list[Page]] = [
    SignedInPage("GET", EXEMPTION_PATH, Action.VIEW_POLICY, show_exemption, leads_to=Action.EXEMPT_MEMBER),
    SignedInPage("POST", EXEMPTION_PATH, Action.EXEMPT_MEMBER, exempt),
    SignedInPage("POST", f"{EXEMPTION_PATH}/end", Action.END_EXEMPTION, end_exemption, returns_to=EXEMPTION_PATH),
]
