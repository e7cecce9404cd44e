"""The policy of the team: whether its members need 2FA, whom that affects, and changing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from xpressbot.foundation.database.transaction import Reading
from xpressbot.identity.accounts import installation as installation_store
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.two_factor_policy import TeamPolicy, TwoFactorPolicy, can_begin_at
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.outcomes import Denied, Done, Reason, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.operation import ChangedTeam, Entry, Unchanged
from xpressbot.identity.team import policy_store

MOST_NAMED: Final = 10
"""So many of the members without 2FA are named where the policy is changed."""


class PolicyRefusal(Reason):
    """Why the policy stays as it is."""

    POLICY_CHANGED_MEANWHILE = "policy_changed_meanwhile"
    """It is not the one any more that was shown."""
    DATE_OUT_OF_RANGE = "date_out_of_range"
    """2FA cannot be required from a date in the past, nor from one further ahead than FURTHEST_AHEAD."""


@dataclass(frozen=True, slots=True)
class PolicyOverview:
    """The policy as it is, and whom it concerns.

    affected: how many active members have no 2FA and are not exempt, and the first of them by address. exempt: how many have none
    and are.
    """

    policy: TeamPolicy
    affected: int
    named: Sequence[Account]
    exempt: int
    protected: int


class PolicyChange:
    """For owners. A change acts at the next request of each member."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def overview(self, caller: Caller) -> PolicyOverview | Denied[SessionRefusal]:
        """The policy, and whom it concerns: the same number of statements for a team of any size."""

        def look(tx: Reading, now: int) -> PolicyOverview:
            counts = policy_store.count(tx, now)
            named = policy_store.affected(tx, now, MOST_NAMED)
            return PolicyOverview(installation_store.policy(tx), counts.affected, named, counts.exempt, counts.protected)

        return self._gate.view(caller, Action.VIEW_POLICY, look)

    def change(
        self, caller: Caller, before: TeamPolicy, kind: TwoFactorPolicy, required_from: int | None
    ) -> Done | Denied[SessionRefusal | PolicyRefusal] | StepUpRequired:
        """Change the policy from the one that was shown. required_from: with REQUIRED, None for at once."""

        def operation(entry: Entry) -> ChangedTeam[Done] | Unchanged[Done | Denied[PolicyRefusal]]:
            begins_at = (entry.now if required_from is None else required_from) if kind is TwoFactorPolicy.REQUIRED else None
            policy = TeamPolicy(kind, begins_at)
            is_new_date = begins_at is not None and begins_at != before.required_from
            if is_new_date and not can_begin_at(begins_at or 0, entry.now):
                return Unchanged(Denied(PolicyRefusal.DATE_OUT_OF_RANGE))
            if not installation_store.set_policy(entry.tx, before, policy):
                return Unchanged(Denied(PolicyRefusal.POLICY_CHANGED_MEANWHILE))
            if policy == before:
                return Unchanged(Done())
            event = caller.event(EventKind.POLICY_CHANGED, policy=kind, policy_before=before.kind, required_from=begins_at)
            return ChangedTeam(Done(), event)

        return self._gate.run(caller, Action.CHANGE_POLICY, operation)
