"""The policy of the team: what it is, whom a change would affect, and the change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, assert_never

from starlette.exceptions import HTTPException
from starlette.responses import Response

from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import POLICY_PATH
from xpressbot.entrypoints.http.routing import Page, SignedInOutcome, SignedInPage
from xpressbot.entrypoints.messages.formatting import Text, day_field
from xpressbot.entrypoints.messages.policy import date_problem, policy_changed_text
from xpressbot.foundation.database.unknown_enum_values import member_or_none
from xpressbot.foundation.times import DAY
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.two_factor_policy import FURTHEST_AHEAD, TeamPolicy, TwoFactorPolicy, can_begin_at
from xpressbot.identity.audit.rules.history import beginning_of_day
from xpressbot.identity.outcomes import Denied, Done, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.team.policy_change import PolicyOverview, PolicyRefusal

_TEMPLATE: Final = "team_policy.html"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a form asks for. required_from: None for at once."""

    kind: TwoFactorPolicy
    required_from: int | None


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the page says besides the policy. wanted: the change whose effects it shows before it is saved."""

    status: int = 200
    fields: Mapping[str, str] | None = None
    errors: Mapping[str, Text] = field(default_factory=dict)
    message: Text | None = None
    wanted: _Wanted | None = None


def show_policy(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """The policy and the form; with the form's fields in the address, also whom the change would affect. Nothing is changed by it."""
    overview = request.identity.policy_change.overview(caller)
    if isinstance(overview, Denied):
        return overview
    if not request.query("policy"):
        return _page(request, caller, overview, _Answer())
    fields = {name: request.query(name) for name in ("policy", "from")}
    wanted = _wanted(request, fields, overview.policy)
    if isinstance(wanted, dict):
        return _page(request, caller, overview, _Answer(422, fields, wanted))
    return _page(request, caller, overview, _Answer(fields=fields, wanted=wanted))


def change_policy(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Change the policy from the one that the page showed."""
    fields, before = {name: request.form[name] for name in ("policy", "from")}, _before(request)
    wanted = _wanted(request, fields, before)
    if isinstance(wanted, dict):
        return _again(request, caller, _Answer(422, fields, wanted))
    outcome = request.identity.policy_change.change(caller, before, wanted.kind, wanted.required_from)
    match outcome:
        case Done():
            return redirect(POLICY_PATH)
        case StepUpRequired():
            return outcome
        case Denied():
            return _not_changed(request, caller, outcome, fields)
        case unknown:
            assert_never(unknown)


def _not_changed(
    request: PageRequest, caller: Caller, denied: Denied[SessionRefusal | PolicyRefusal], fields: Mapping[str, str]
) -> SignedInOutcome:
    match denied.reason:
        case PolicyRefusal.POLICY_CHANGED_MEANWHILE:
            return _again(request, caller, _Answer(409, message=policy_changed_text(request.texts)))
        case PolicyRefusal.DATE_OUT_OF_RANGE:
            return _again(request, caller, _Answer(422, fields, {"from": date_problem(request.texts)}))
        case SessionRefusal() as reason:
            return denied.narrowed(reason)
        case unknown:
            assert_never(unknown)


def _wanted(request: PageRequest, fields: Mapping[str, str], before: TeamPolicy) -> _Wanted | dict[str, Text]:
    """What the fields ask for, or what is wrong with the date. A policy that there is not is 422."""
    kind = member_or_none(TwoFactorPolicy, fields["policy"])
    if kind is None:
        raise HTTPException(422)
    if kind is not TwoFactorPolicy.REQUIRED:
        return _Wanted(kind, None)
    at = beginning_of_day(fields["from"])
    if at is not None and before.required_from is not None and at == before.required_from // DAY * DAY:
        return _Wanted(kind, before.required_from)
    if at == request.now() // DAY * DAY:
        return _Wanted(kind, None)
    is_possible = at is not None and can_begin_at(at, request.now())
    return _Wanted(kind, at) if is_possible else {"from": date_problem(request.texts)}


def _before(request: PageRequest) -> TeamPolicy:
    """The policy that the form was shown with."""
    kind, required_from = member_or_none(TwoFactorPolicy, request.form["before"]), request.form["before_from"]
    if kind is None or not (required_from == "" or (required_from.isascii() and required_from.isdigit() and len(required_from) <= 18)):
        raise HTTPException(422)
    return TeamPolicy(kind, int(required_from) if required_from else None)


def _again(request: PageRequest, caller: Caller, answer: _Answer) -> SignedInOutcome:
    overview = request.identity.policy_change.overview(caller)
    return overview if isinstance(overview, Denied) else _page(request, caller, overview, answer)


def _page(request: PageRequest, caller: Caller, overview: PolicyOverview, answer: _Answer) -> Response:
    policy, now, wanted = overview.policy, request.now(), answer.wanted
    begins_at = policy.required_from
    changes = wanted is not None and TeamPolicy(wanted.kind, wanted.required_from) != policy
    return request.page(
        _TEMPLATE,
        caller.account,
        status=answer.status,
        errors=answer.errors,
        message=answer.message,
        form=answer.fields or {"policy": policy.kind or "", "from": "" if begins_at is None else day_field(begins_at)},
        overview=overview,
        in_force=begins_at is not None and begins_at <= now,
        preview=wanted if changes else None,
        first_day=day_field(now),
        last_day=day_field(now + FURTHEST_AHEAD),
        running_bots=request.running_bots,
        without_mail=not request.site.services.settings.smtp_url,
    )


PAGES: Final[list[Page]] = [
    SignedInPage("GET", POLICY_PATH, Action.VIEW_POLICY, show_policy, leads_to=Action.CHANGE_POLICY),
    SignedInPage("POST", POLICY_PATH, Action.CHANGE_POLICY, change_policy),
]
