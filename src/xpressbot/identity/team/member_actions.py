"""What one member may do to another, or to their own role, as far as roles and status decide it."""

from typing import Final

from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.roles import Role, may_act_on, may_give, permits
from xpressbot.identity.outcomes import Reason


class MemberRefusal(Reason):
    """Why nothing was done to a member."""

    NO_OTHER_OWNER = "no_other_owner"
    """The only active owner would not be one any more, and nobody could make another."""
    ONES_OWN_ACCOUNT = "ones_own_account"
    """What is done to others is not done to oneself: Account Settings have it, or nobody does."""
    ALREADY_DONE = "already_done"
    """By somebody else, or by the first half of a double click."""
    MEMBER_SUSPENDED = "member_suspended"
    """They could not act as the owner that they are to become."""
    NOT_ONES_TO_GIVE = "not_ones_to_give"
    """Only owners make owners and admins, and reinstating one makes one."""


MEMBER_ACTIONS: Final = (
    Action.CHANGE_ROLE,
    Action.HAND_OVER_OWNERSHIP,
    Action.SUSPEND_MEMBER,
    Action.REINSTATE_MEMBER,
    Action.REMOVE_MEMBER,
    Action.END_MEMBER_SESSION,
    Action.END_MEMBER_SESSIONS,
)
"""What is done to one member, in the order in which their page offers it."""


def offers(actor: Account, member: Account, action: Action) -> bool:
    """Whether the page of a member offers this to another. The use case decides it again, under the locks."""
    return permits(actor.role, action) and may_act_on(actor.role, member.role) and refuse(actor, member, action) is None


def refuse(actor: Account, member: Account, action: Action) -> MemberRefusal | None:
    """Why this action is not for this member, whatever the actor's role permits; None where it is.

    Both must be in the team, and the member's role not above the actor's.
    """
    if actor.id == member.id:
        return None if action is Action.CHANGE_ROLE else MemberRefusal.ONES_OWN_ACCOUNT
    is_active = member.status is AccountStatus.ACTIVE
    if action is Action.SUSPEND_MEMBER and not is_active:
        return MemberRefusal.ALREADY_DONE
    if action is Action.REINSTATE_MEMBER:
        return _refuse_reinstating(actor, member)
    if action is Action.HAND_OVER_OWNERSHIP:
        if member.role is Role.OWNER:
            return MemberRefusal.ALREADY_DONE
        return None if is_active else MemberRefusal.MEMBER_SUSPENDED
    return None


def _refuse_reinstating(actor: Account, member: Account) -> MemberRefusal | None:
    if member.status is AccountStatus.ACTIVE:
        return MemberRefusal.ALREADY_DONE
    is_ones_to_give = member.role is not None and may_give(actor.role, member.role)
    return None if is_ones_to_give else MemberRefusal.NOT_ONES_TO_GIVE
