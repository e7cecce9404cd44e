"""Exempting a member from the team's requirement of 2FA, for a reason and a while, and ending it."""

from dataclasses import dataclass
from typing import Final

from xpressbot.foundation.database.transaction import Reading
from xpressbot.foundation.text import normalise_line
from xpressbot.foundation.times import DAY
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.two_factor_policy import LONGEST_EXEMPTION, exempt_until
from xpressbot.identity.audit.rules.event import EventKind, NewEvent
from xpressbot.identity.outcomes import Denied, Done, Reason, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.operation import ChangedTeam, Entry, Unchanged
from xpressbot.identity.team import policy_store

MAX_REASON_LENGTH: Final = 200
MOST_DAYS: Final = LONGEST_EXEMPTION // DAY


class ExemptionRefusal(Reason):
    """Why nothing changes about a member's exemption."""

    OWN_EXEMPTION = "own_exemption"
    """Nobody exempts themselves."""
    IS_PROTECTED = "is_protected"
    """2FA is on."""
    MEMBER_MUST_ENROL = "member_must_enrol"
    """2FA was reset, and comes before anything else, whatever the policy."""
    EXEMPTION_CHANGED_MEANWHILE = "exemption_changed_meanwhile"
    """It is not the one any more that was shown."""


@dataclass(frozen=True, slots=True)
class Exemption:
    """A member, and until when and why they are exempt. shown: what a change must still find."""

    member: Account
    until: int | None
    reason: str | None
    shown: int | None


class Exemptions:
    """For owners. An exemption acts at the member's next request, and so does its end."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def of(self, caller: Caller, member_id: str) -> Exemption | Denied[SessionRefusal]:
        """What a member is exempted from."""

        def look(tx: Reading, now: int) -> Exemption | Denied[SessionRefusal]:
            member = account_store.by_id(tx, member_id)
            if member is None or not member.is_member:
                return Denied(SessionRefusal.NO_SUCH_MEMBER)
            until = exempt_until(member, now)
            reason = None if until is None else policy_store.exempt_reason(tx, member_id)
            return Exemption(member, until, reason, member.exempt_until)

        return self._gate.view(caller, Action.VIEW_POLICY, look)

    def exempt(
        self, caller: Caller, member_id: str, shown: int | None, days: int, reason: str
    ) -> Done | Denied[SessionRefusal | ExemptionRefusal] | StepUpRequired:
        """Exempt a member for so many days, from 1 to MOST_DAYS; in the place of an exemption that there is.

        reason: normalised, as `normalise_reason` gives it. Raises ValueError for another number of days.
        """
        if not 1 <= days <= MOST_DAYS:
            raise ValueError(f"an exemption lasts from 1 to {MOST_DAYS} days")

        def operation(entry: Entry, member: Account) -> ChangedTeam[Done] | Unchanged[Denied[ExemptionRefusal]]:
            refusal = _refuse(entry, member, shown)
            if refusal is not None:
                return Unchanged(Denied(refusal))
            until = entry.now + days * DAY
            account_store.set_exemption(entry.tx, member.id, until, reason)
            of_team = caller.event(EventKind.MEMBER_EXEMPTED, target=member.id, email=member.email, until=until, reason=reason)
            of_member = NewEvent(EventKind.EXEMPTED, {"until": until, "reason": reason}, actor=caller.account.id)
            return ChangedTeam(Done(), of_team, {member.id: of_member})

        return self._gate.run_on_member(caller, Action.EXEMPT_MEMBER, member_id, operation)

    def end(self, caller: Caller, member_id: str, shown: int | None) -> Done | Denied[SessionRefusal | ExemptionRefusal] | StepUpRequired:
        """End the exemption that was shown. One that is over already needs no end."""

        def operation(entry: Entry, member: Account) -> ChangedTeam[Done] | Unchanged[Done | Denied[ExemptionRefusal]]:
            if member.exempt_until != shown:
                return Unchanged(Denied(ExemptionRefusal.EXEMPTION_CHANGED_MEANWHILE))
            account_store.set_exemption(entry.tx, member.id, None, None)
            if exempt_until(member, entry.now) is None:
                return Unchanged(Done())
            of_team = caller.event(EventKind.MEMBER_EXEMPTION_ENDED, target=member.id, email=member.email)
            of_member = NewEvent(EventKind.EXEMPTION_ENDED, {}, actor=caller.account.id)
            return ChangedTeam(Done(), of_team, {member.id: of_member})

        return self._gate.run_on_member(caller, Action.END_EXEMPTION, member_id, operation)


def normalise_reason(text: str) -> str | None:
    """Return the reason as it is kept, or None if it is empty, longer than MAX_REASON_LENGTH or not printable."""
    return normalise_line(text, max_length=MAX_REASON_LENGTH)


def _refuse(entry: Entry, member: Account, shown: int | None) -> ExemptionRefusal | None:
    if member.id == entry.account.id:
        return ExemptionRefusal.OWN_EXEMPTION
    if member.protected_since is not None:
        return ExemptionRefusal.IS_PROTECTED
    if member.must_enrol:
        return ExemptionRefusal.MEMBER_MUST_ENROL
    return None if member.exempt_until == shown else ExemptionRefusal.EXEMPTION_CHANGED_MEANWHILE
