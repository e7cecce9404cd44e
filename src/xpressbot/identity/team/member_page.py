"""What owners and admins see of one member: an allow-list (ASVS 15.3.1)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from xpressbot.foundation.database.transaction import Reading
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.roles import Role, may_act_on
from xpressbot.identity.audit import store as event_store
from xpressbot.identity.audit.rules.event import OPERATOR, TEAM, SecurityEvent
from xpressbot.identity.audit.rules.history import MOST_LOOKED_THROUGH
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.factors.protection import protection_of
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.store import ListedSession
from xpressbot.identity.team import member_store
from xpressbot.identity.team.member_actions import MEMBER_ACTIONS, offers

EVENTS_SHOWN: Final = 25


@dataclass(frozen=True, slots=True)
class MemberPage:
    """A member as the team sees them: nothing secret, and no event of their own record.

    authenticators: how many of each kind are in force. given_by: who gave the role, where it was somebody in the team and not the operator.
    sessions: none where the role is above the viewer's. events: those of the team's record that are about this member, newest first.
    people: those who did them. actions: what this viewer may do to the member.
    """

    id: str
    email: str
    is_email_confirmed: bool
    name: str
    role: Role | None
    role_since: int
    status: AccountStatus | None
    joined_at: int
    last_signed_in_at: int | None
    protected_since: int | None
    must_enrol: bool
    authenticators: Mapping[str, int]
    backups_left: int
    is_viewer: bool
    may_be_acted_on: bool
    sessions: Sequence[ListedSession]
    events: Sequence[SecurityEvent]
    people: Mapping[str, Account]
    actions: frozenset[Action]

    @property
    def can_be_reset(self) -> bool:
        """Whether the viewer can ask for a reset of the member's 2FA, or hand over the link that follows one."""
        has_2fa = self.protected_since is not None or self.must_enrol
        return self.may_be_acted_on and self.status is AccountStatus.ACTIVE and has_2fa

    @property
    def can_be_exempted(self) -> bool:
        """Whether there is something that an owner could exempt the member from."""
        return self.protected_since is None and not self.must_enrol


class MemberPages:
    """Looks at members, and changes nothing."""

    def __init__(self, gate: Gate, kinds: Kinds) -> None:
        self._gate = gate
        self._kinds = kinds

    def view(self, caller: Caller, member_id: str) -> MemberPage | Denied[SessionRefusal]:
        """One member, suspended or not. The same number of statements however many members and events there are."""

        def look(tx: Reading, now: int) -> MemberPage | Denied[SessionRefusal]:
            member = member_store.by_id(tx, member_id)
            return Denied(SessionRefusal.NO_SUCH_MEMBER) if member is None else self._page(tx, caller.account, member, now)

        return self._gate.view(caller, Action.VIEW_TEAM, look)

    def _page(self, tx: Reading, viewer: Account, member: member_store.MemberRecord, now: int) -> MemberPage:
        account, is_viewer = member.account, viewer.id == member.account.id
        may_be_acted_on = not is_viewer and may_act_on(viewer.role, account.role)
        in_force = protection_of(tx, account.id)
        events = event_store.about(tx, TEAM, account.id, MOST_LOOKED_THROUGH, EVENTS_SHOWN)
        return MemberPage(
            id=account.id,
            email=account.email,
            is_email_confirmed=account.email_confirmed_at is not None,
            name=account.name,
            role=account.role,
            role_since=member.role_since,
            status=account.status,
            joined_at=member.joined_at,
            last_signed_in_at=member.last_signed_in_at,
            protected_since=in_force.since,
            must_enrol=account.must_enrol,
            authenticators=Counter(one.kind for one in in_force.authenticators),
            backups_left=self._kinds.count_backups_left(tx, account.id) if in_force.is_on else 0,
            is_viewer=is_viewer,
            may_be_acted_on=may_be_acted_on,
            sessions=session_store.list_open(tx, account.id, now) if may_be_acted_on else (),
            events=events,
            people=account_store.by_ids(tx, {event.actor for event in events if event.actor not in {None, OPERATOR}}),
            actions=frozenset(action for action in MEMBER_ACTIONS if offers(viewer, account, action)),
        )
