"""What owners and admins see of resets: the requests that wait, what each of them may do about one, and who still needs a link."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from xpressbot.foundation.database.transaction import Reading
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.roles import may_act_on
from xpressbot.identity.outcomes import Denied, Reason
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.team import reset_store
from xpressbot.identity.team.reset_decisions import refuse_approval
from xpressbot.identity.team.reset_requests import ResetRequests, needs_reset, others_for
from xpressbot.identity.team.rules.reset import ResetRequest, Tenure, are_independent, has_held_role, void_cause

MOST_SHOWN: Final = 100
"""Of requests, and of members without a link, on one page."""


@dataclass(frozen=True, slots=True)
class WaitingReset:
    """A request that waits. approval: why the caller may not approve it; None where they may. may_stop: whether they may stop it."""

    request: ResetRequest
    member: Account
    asker: Account
    approval: Reason | None
    may_stop: bool


@dataclass(frozen=True, slots=True)
class Resets:
    """All that waits: requests, and members whose 2FA was reset and who need a link that somebody hands over."""

    waiting: Sequence[WaitingReset]
    without_link: Sequence[Account]


@dataclass(frozen=True, slots=True)
class MemberReset:
    """A member, and what can be done about their 2FA.

    waiting: the request that waits. may_ask: whether the caller can ask for a reset. approvers: who could approve it now.
    others: how many others might at some time. is_told_by_mail: whether it would be carried out after a time without approval.
    """

    member: Account
    waiting: WaitingReset | None
    may_ask: bool
    approvers: Sequence[Account]
    others: int
    is_told_by_mail: bool

    @property
    def needs_link(self) -> bool:
        """Whether 2FA was reset, and is not set up again."""
        return self.member.must_enrol and self.member.status is AccountStatus.ACTIVE


class ResetViews:
    """Looks at resets for owners and admins."""

    def __init__(self, gate: Gate, requests: ResetRequests) -> None:
        self._gate = gate
        self._requests = requests

    def waiting(self, caller: Caller) -> Resets | Denied[SessionRefusal]:
        """What waits in the team. As many statements for many as for one."""

        def look(tx: Reading, now: int) -> Resets:
            requests = reset_store.after(tx, "", MOST_SHOWN)
            ids = {account_id for request in requests for account_id in (request.account_id, request.asked_by)}
            accounts = account_store.by_ids(tx, ids)
            tenures = reset_store.tenures(tx, {caller.account.id, *(request.asked_by for request in requests)})
            waiting = [
                _waiting(caller, tenures, request, accounts[request.account_id], accounts[request.asked_by], now) for request in requests
            ]
            may_act = (one for one in reset_store.must_enrol(tx, MOST_SHOWN) if may_act_on(caller.account.role, one.role))
            return Resets([one for one in waiting if one is not None], list(may_act))

        return self._gate.view(caller, Action.VIEW_RESETS, look)

    def of_member(self, caller: Caller, member_id: str) -> MemberReset | Denied[SessionRefusal]:
        """A member's reset page. Refused for nobody's id, and for a member whose role is above the caller's."""

        def look(tx: Reading, now: int) -> MemberReset | Denied[SessionRefusal]:
            member = account_store.by_id(tx, member_id)
            if member is None or not member.is_member:
                return Denied(SessionRefusal.NO_SUCH_MEMBER)
            if not may_act_on(caller.account.role, member.role):
                return Denied(SessionRefusal.NOT_PERMITTED)
            request = reset_store.of_member(tx, member.id)
            asker = None if request is None else account_store.by_id(tx, request.asked_by)
            my_id = caller.account.id
            tenures = reset_store.tenures(tx, {my_id} if asker is None else {my_id, asker.id})
            waiting, mine = None, tenures[my_id]
            if request is not None and asker is not None:
                waiting = _waiting(caller, tenures, request, member, asker, now)
            others = others_for(tx, caller.account, member)
            return MemberReset(
                member,
                waiting,
                waiting is None and needs_reset(member) and member.id != my_id,
                [one for one, theirs in others if has_held_role(theirs, now) and are_independent(one.id, theirs, my_id, mine, now)],
                len(others),
                self._requests.is_told_by_mail(tx, member, now),
            )

        return self._gate.view(caller, Action.VIEW_RESETS, look)


def _waiting(
    caller: Caller, tenures: Mapping[str, Tenure], request: ResetRequest, member: Account, asker: Account, now: int
) -> WaitingReset | None:
    if void_cause(request, member, asker, now) is not None:
        return None
    may_act = may_act_on(caller.account.role, member.role)
    bar: Reason | None = refuse_approval(request, member, asker, caller.account, tenures, now)
    return WaitingReset(request, member, asker, bar if may_act else SessionRefusal.NOT_PERMITTED, may_act)
