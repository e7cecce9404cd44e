"""The team's roster: who is in it, how each is protected, who is invited; and reminding those without 2FA."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final, assert_never
from urllib.parse import urlencode

from starlette.responses import Response

from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import TEAM_PATH
from xpressbot.entrypoints.http.routing import Page, SignedInOutcome, SignedInPage
from xpressbot.entrypoints.messages.email_addresses import listed_address
from xpressbot.entrypoints.messages.formatting import Text, listed, number
from xpressbot.entrypoints.messages.refusals import reason_text
from xpressbot.entrypoints.messages.roles import role_name
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.foundation.text import is_printable, normalise_line
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.address import MAX_EMAIL_LENGTH
from xpressbot.identity.outcomes import Denied, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.team.invitation_store import PendingInvitation
from xpressbot.identity.team.invitations import can_change
from xpressbot.identity.team.reminders import MOST_REMINDED, Reminded, ReminderRefusal
from xpressbot.identity.team.roster import Member, RosterPage
from xpressbot.identity.team.rules.roster import MOST_SEARCHED, MemberState, RosterFilter
from xpressbot.identity.team.store import TeamCounts

_TEXT, _STATE, _AFTER = "q", "state", "after"
_STATE_NAMES: Final = {
    MemberState.PROTECTED: N_("With 2FA"),
    MemberState.UNPROTECTED: N_("Without 2FA"),
    MemberState.MUST_ENROL: N_("2FA was reset"),
    MemberState.EXEMPT: N_("Exempt from 2FA"),
    MemberState.UNCONFIRMED: N_("Address not confirmed"),
    MemberState.SUSPENDED: N_("Suspended"),
    MemberState.INVITED: N_("Invited"),
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the address asks for, as far as it could be understood, and what is to be said of the rest."""

    filter: RosterFilter
    after: str
    form: dict[str, str]
    errors: dict[str, Text]

    def address(self, after: str | None) -> str | None:
        """Of the page that begins there; None where there is none."""
        if after is None:
            return None
        state = "" if self.filter.state is None else self.filter.state.value
        asked = {name: value for name, value in ((_TEXT, self.filter.text), (_STATE, state), (_AFTER, after)) if value}
        return "?".join(filter(None, (TEAM_PATH, urlencode(asked))))


def show_roster(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Who is in the team, and how each is protected. What of the address is malformed is left out, and said so with 422."""
    asked = _asked(request)
    return _page(request, caller, asked, status=422 if asked.errors else 200)


def remind(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Let reminders to the members without 2FA wait; the roster says how many were reminded."""
    outcome = request.identity.reminders.remind(caller)
    match outcome:
        case Reminded():
            return redirect(TEAM_PATH)
        case StepUpRequired():
            return outcome
        case Denied():
            return _not_reminded(request, caller, outcome)
        case unknown:
            assert_never(unknown)


def _not_reminded(request: PageRequest, caller: Caller, denied: Denied[SessionRefusal | ReminderRefusal]) -> SignedInOutcome:
    match denied.reason:
        case SessionRefusal() as reason:
            return denied.narrowed(reason)
        case ReminderRefusal() as reason:
            return _page(request, caller, _asked(request), status=409, message=reason_text(request.texts, reason))
        case unknown:
            assert_never(unknown)


def _asked(request: PageRequest) -> _Asked:
    texts, typed = request.texts, {name: request.query(name) for name in (_TEXT, _STATE, _AFTER)}
    errors: dict[str, Text] = {}
    text = normalise_line(typed[_TEXT], max_length=MOST_SEARCHED) if typed[_TEXT].strip() else ""
    if text is None:
        errors[_TEXT] = texts.gettext("No name or address looks like this, so all are shown.")
    state = next((state for state in MemberState if state.value == typed[_STATE]), None)
    if typed[_STATE] and state is None:
        errors[_STATE] = texts.gettext("There is no such state, so all members are shown. Choose one from the list.")
    is_key = len(typed[_AFTER]) <= MAX_EMAIL_LENGTH and is_printable(typed[_AFTER])
    form = {_TEXT: text or "", _STATE: "" if state is None else state.value}
    return _Asked(RosterFilter(text or "", state), typed[_AFTER] if is_key else "", form, errors)


def _page(request: PageRequest, caller: Caller, asked: _Asked, *, status: int, message: Text | None = None) -> SignedInOutcome:
    found = request.identity.roster.look(caller, asked.filter, asked.after)
    if isinstance(found, Denied):
        return found
    return _rendered(request, caller, asked, found, status=status, message=message)


def _rendered(request: PageRequest, caller: Caller, asked: _Asked, found: RosterPage, *, status: int, message: Text | None) -> Response:
    texts, counts = request.texts, found.counts
    return request.page(
        "team.html",
        caller.account,
        status=status,
        message=message,
        errors=asked.errors,
        form=asked.form,
        states=[{"value": state.value, "name": texts.gettext(_STATE_NAMES[state])} for state in MemberState],
        filtered=not asked.filter.is_for_all,
        only_invitations=asked.filter.state is MemberState.INVITED,
        counts=counts,
        protected_percent=100 * counts.protected // max(1, counts.active),
        reminder=_reminder_button(texts, counts),
        sends_mail=request.identity.invitations.sends_mail,
        members=[_member(request, caller, one) for one in found.members],
        invitations=[_invitation(request, caller, one) for one in found.invitations],
        more_members=asked.address(found.next_members),
        more_invitations=_further_invitations(asked, found),
        first=asked.address("") if asked.after else None,
        wide=True,
    )


def _further_invitations(asked: _Asked, found: RosterPage) -> str | None:
    """Beside all members stand the first invitations; the others have pages of their own."""
    return _Asked(RosterFilter("", MemberState.INVITED), "", asked.form, {}).address(found.next_invitations)


def _reminder_button(texts: Texts, counts: TeamCounts) -> str | None:
    if counts.to_remind == 0:
        return None
    reached = min(counts.to_remind, MOST_REMINDED)
    return texts.ngettext("Remind %(count)s person", "Remind %(count)s people", reached) % {"count": number(texts, reached)}


def _member(request: PageRequest, caller: Caller, one: Member) -> dict[str, Any]:
    account = one.account
    return {
        "id": account.id,
        "name": account.name,
        "address": listed_address(account.email),
        "role": role_name(request.texts, account.role),
        "is_viewer": account.id == caller.account.id,
        "is_suspended": account.status is not AccountStatus.ACTIVE,
        "is_unconfirmed": account.email_confirmed_at is None,
        "must_enrol": account.must_enrol,
        "protected_by": _protected_by(request, one),
        "protected_since": one.protection.since,
        "backups_left": one.backups_left,
        "last_signed_in_at": one.last_signed_in_at,
        "exempt_until": one.exempt_until,
        "exempt_reason": one.exempt_reason,
    }


def _protected_by(request: PageRequest, one: Member) -> str:
    """What is in force, each kind once, with how many there are of it where there are several."""
    texts, labels = request.texts, {factor.kind: factor.label for factor in request.factors}
    words = []
    for kind, count in Counter(authenticator.kind for authenticator in one.protection.authenticators).items():
        label = texts.gettext(labels[kind]) if kind in labels else kind
        words.append(label if count == 1 else f"{label} ({number(texts, count)})")
    return listed(texts, words)


def _invitation(request: PageRequest, caller: Caller, pending: PendingInvitation) -> dict[str, Any]:
    invitation = pending.invitation
    return {
        "id": invitation.id,
        "address": listed_address(invitation.email),
        "role": role_name(request.texts, invitation.role),
        "by_operator": invitation.invited_by is None,
        "inviter": "" if pending.inviter is None else pending.inviter.name,
        "invited_at": invitation.invited_at,
        "expires_at": invitation.expires_at,
        "is_over": not invitation.is_open(request.now()),
        "stands": invitation.stands(pending.inviter),
        "can_change": can_change(caller.account.role, invitation),
    }


PAGES: Final[list[Page]] = [
    SignedInPage("GET", TEAM_PATH, Action.VIEW_TEAM, show_roster),
    SignedInPage("POST", f"{TEAM_PATH}/remind", Action.REMIND_MEMBERS, remind, returns_to=TEAM_PATH),
]
