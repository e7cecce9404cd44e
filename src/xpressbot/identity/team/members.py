"""What owners and admins do to one member: role, suspending, removing, signing out. Each is one operation of the gate."""

from collections.abc import Callable

from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.administration.leaving import end_account
from xpressbot.identity.audit.rules.event import EventKind, NewEvent
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.outcomes import Denied, Done, StepUpRequired
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.listing import ListingRefusal, SessionsEnded
from xpressbot.identity.sessions.operation import ChangedTeam, Entry, Unchanged
from xpressbot.identity.sessions.security_version import end_step_up, raise_security_version
from xpressbot.identity.team import member_store
from xpressbot.identity.team.member_actions import MemberRefusal, refuse

Refused = Denied[SessionRefusal | MemberRefusal] | StepUpRequired
"""What is said where nothing was done."""
_Result = ChangedTeam[Done] | Unchanged[Denied[MemberRefusal]]


class Members:
    """Acts on members. Of two who do so at the same moment one comes first, and the other is decided on what the first has left."""

    def __init__(self, gate: Gate, kinds: Kinds) -> None:
        self._gate = gate
        self._kinds = kinds

    def change_role(self, caller: Caller, member_id: str, role: Role) -> Done | Refused:
        """Give a member another role, or step down as an owner.

        It acts at their next request, and their sessions go on without what they had lately proven. Refused for the only active owner.
        """

        def operation(entry: Entry, member: Account) -> _Result:
            if member.role is role:
                return Unchanged(Denied(MemberRefusal.ALREADY_DONE))
            if member.id == entry.account.id and not account_store.has_other_owner(entry.tx, member.id):
                return Unchanged(Denied(MemberRefusal.NO_OTHER_OWNER))
            before = member.role
            _give(entry, member.id, role)
            event = caller.event(EventKind.MEMBER_ROLE_CHANGED, target=member.id, email=member.email, role=role, role_before=before)
            return ChangedTeam(Done(), event, {member.id: _role_event(caller, member, role)})

        return self._run(caller, Action.CHANGE_ROLE, member_id, operation)

    def hand_over_ownership(self, caller: Caller, member_id: str) -> Done | Refused:
        """Make a member an owner, and be an admin oneself from then on. Both or neither."""

        def operation(entry: Entry, member: Account) -> _Result:
            _give(entry, member.id, Role.OWNER)
            _give(entry, entry.account.id, Role.ADMIN)
            event = caller.event(EventKind.OWNERSHIP_HANDED_OVER, target=member.id, email=member.email, role_before=member.role)
            of_members = {
                member.id: _role_event(caller, member, Role.OWNER),
                entry.account.id: _role_event(caller, entry.account, Role.ADMIN),
            }
            return ChangedTeam(Done(), event, of_members)

        return self._run(caller, Action.HAND_OVER_OWNERSHIP, member_id, operation)

    def suspend(self, caller: Caller, member_id: str) -> Done | Refused:
        """Let a member do nothing until they are reinstated: their sessions and pending sign-ins end, and so do links that give power."""

        def operation(entry: Entry, member: Account) -> _Result:
            _set_status(entry, member.id, AccountStatus.DISABLED)
            event = caller.event(EventKind.MEMBER_SUSPENDED, target=member.id, email=member.email)
            return ChangedTeam(Done(), event, {member.id: _told(EventKind.ACCOUNT_DISABLED, caller)})

        return self._run(caller, Action.SUSPEND_MEMBER, member_id, operation)

    def reinstate(self, caller: Caller, member_id: str) -> Done | Refused:
        """Let a suspended member sign in again, with the role and the factors that they had."""

        def operation(entry: Entry, member: Account) -> _Result:
            _set_status(entry, member.id, AccountStatus.ACTIVE)
            event = caller.event(EventKind.MEMBER_REINSTATED, target=member.id, email=member.email)
            return ChangedTeam(Done(), event, {member.id: _told(EventKind.ACCOUNT_ENABLED, caller)})

        return self._run(caller, Action.REINSTATE_MEMBER, member_id, operation)

    def remove(self, caller: Caller, member_id: str) -> Done | Refused:
        """Remove a member for good.

        All by which they sign in goes, and what they had begun: requests of a reset by them or for them, and open invitations that they
        gave. Their address is free for another account. The row and the record of events stay.
        """

        def operation(entry: Entry, member: Account) -> _Result:
            end_account(entry.tx, self._kinds, member.id, AccountStatus.REMOVED)
            member_store.take_back_invitations(entry.tx, member.id, entry.now)
            event = caller.event(EventKind.MEMBER_REMOVED, target=member.id, email=member.email, role=member.role)
            return ChangedTeam(Done(), event, {member.id: _told(EventKind.ACCOUNT_REMOVED, caller)})

        return self._run(caller, Action.REMOVE_MEMBER, member_id, operation)

    def end_session(
        self, caller: Caller, member_id: str, session_id: str
    ) -> SessionsEnded | Denied[SessionRefusal | MemberRefusal | ListingRefusal] | StepUpRequired:
        """End one session of a member (ASVS 7.4.5). What was decided on their account stays."""

        def operation(entry: Entry, member: Account) -> ChangedTeam[SessionsEnded] | Unchanged[Denied[MemberRefusal | ListingRefusal]]:
            refusal = refuse(entry.account, member, Action.END_MEMBER_SESSION)
            if refusal is not None:
                return Unchanged(Denied(refusal))
            listed = {one.session.id for one in session_store.list_open(entry.tx, member.id, entry.now)}
            if session_id not in listed or not session_store.end(entry.tx, session_id):
                return Unchanged(Denied(ListingRefusal.NO_SUCH_SESSION))
            return _sessions_ended(caller, member, 1)

        return self._gate.run_on_member(caller, Action.END_MEMBER_SESSION, member_id, operation)

    def end_sessions(self, caller: Caller, member_id: str) -> SessionsEnded | Refused:
        """End all sessions of a member."""

        def operation(
            entry: Entry, member: Account
        ) -> ChangedTeam[SessionsEnded] | Unchanged[SessionsEnded] | Unchanged[Denied[MemberRefusal]]:
            refusal = refuse(entry.account, member, Action.END_MEMBER_SESSIONS)
            if refusal is not None:
                return Unchanged(Denied(refusal))
            count = session_store.count_open(entry.tx, member.id, entry.now)
            session_store.end_others(entry.tx, member.id, keep=None)
            return _sessions_ended(caller, member, count) if count else Unchanged(SessionsEnded(0))

        return self._gate.run_on_member(caller, Action.END_MEMBER_SESSIONS, member_id, operation)

    def _run(self, caller: Caller, action: Action, member_id: str, operation: Callable[[Entry, Account], _Result]) -> Done | Refused:
        def decided(entry: Entry, member: Account) -> _Result:
            refusal = refuse(entry.account, member, action)
            return operation(entry, member) if refusal is None else Unchanged(Denied(refusal))

        return self._gate.run_on_member(caller, action, member_id, decided)


def _give(entry: Entry, account_id: str, role: Role) -> None:
    account_store.set_role(entry.tx, account_id, role, entry.account.id, entry.now)
    end_step_up(entry.tx, account_id)


def _set_status(entry: Entry, account_id: str, status: AccountStatus) -> None:
    account_store.set_status(entry.tx, account_id, status)
    raise_security_version(entry.tx, account_id, keep_session=None)


def _told(kind: EventKind, caller: Caller) -> NewEvent:
    """An event in the member's own record. Browser and address are the actor's, and none of the member's business."""
    return NewEvent(kind, {}, actor=caller.account.id)


def _role_event(caller: Caller, member: Account, role: Role) -> NewEvent:
    if member.id == caller.account.id:
        return caller.event(EventKind.ROLE_CHANGED, role=role, role_before=member.role)
    return NewEvent(EventKind.ROLE_CHANGED, {"role": role, "role_before": member.role}, actor=caller.account.id)


def _sessions_ended(caller: Caller, member: Account, count: int) -> ChangedTeam[SessionsEnded]:
    event = caller.event(EventKind.MEMBER_SESSIONS_ENDED, target=member.id, email=member.email, sessions_ended=count)
    told = NewEvent(EventKind.SESSIONS_ENDED_BY_TEAM, {"sessions_ended": count}, actor=caller.account.id)
    return ChangedTeam(SessionsEnded(count), event, {member.id: told})
