"""A reset of 2FA that one member asks for another: when it is due, what makes it void, and who may approve it (docs/adr/0020)."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from xpressbot.foundation.times import DAY, HOUR, MINUTE, is_from_the_future
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.roles import may_act_on, permits

STOPPABLE_FOR: Final = 24 * HOUR
"""So long a member can stop a reset that nobody approves, from when the mail server has taken the mail that tells them."""
COUNTED_EVERY: Final = 10 * MINUTE
"""How often the periodic job takes what has passed from the time that the member has."""
COUNTED_AT_MOST: Final = 15 * MINUTE
"""It takes no more at once. Where more has passed by the clock, the clock was set, or nothing ran and the member could stop nothing."""
REQUEST_LIFETIME: Final = 7 * DAY
"""The member's mail may wait two days for its server; what nobody approves by then is asked for anew."""
ROLE_HELD_FOR: Final = 7 * DAY
"""Who approves has held the role for so long at least."""
INDEPENDENT_AFTER: Final = 30 * DAY
"""For so long nobody approves what the one asks for who invited them, or gave them the role."""


class VoidCause(StrEnum):
    """Why a request came to nothing by itself."""

    SECOND_FACTOR_PROVEN = "second_factor_proven"
    """The member signed in, or confirmed who they are, with a second factor: not everything is lost."""
    ACCOUNT_CHANGED = "account_changed"
    """The member's password, factors, address, role or status changed, as by a password that was set with a mailed link."""
    ASKER_CHANGED = "asker_changed"
    """The same of the one who asked: somebody else may have been in their place."""
    ASKER_NOT_PERMITTED = "asker_not_permitted"
    """The one who asked may not ask for it any more."""
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class ResetRequest:
    """A request that waits. Only one waits for a member.

    security_version, asker_version: of the member and of the one who asks, as they were then; on these alone it is carried out.
    counted_at: until when the time that has passed was counted; None as long as no mail server has taken the mail that tells the member.
    time_left: what the member still has then to stop it, in microseconds.
    """

    id: str
    account_id: str
    security_version: int
    asked_by: str
    asker_version: int
    asked_at: int
    reason: str
    counted_at: int | None = None
    time_left: int = STOPPABLE_FOR

    @property
    def due_at(self) -> int | None:
        """When it is carried out unless somebody stops it; None as long as only another member can let it happen."""
        return None if self.counted_at is None else self.counted_at + self.time_left

    @property
    def expires_at(self) -> int:
        """When it comes to nothing."""
        return self.asked_at + REQUEST_LIFETIME

    def is_due(self, now: int) -> bool:
        """Whether the member had the time to stop it."""
        return self.counted(now).time_left == 0

    def counts_at(self, now: int) -> bool:
        """Whether what has passed is to be counted now. So it is, too, where the clock was set back."""
        return self.counted_at is not None and abs(now - self.counted_at) >= COUNTED_EVERY

    def counted(self, now: int) -> "ResetRequest":
        """The request once what has passed was counted.

        Counted in steps, never as the distance from a moment that was written down: a clock that is put right by days must not
        take the member's day away.
        """
        if self.counted_at is None:
            return self
        passed = min(max(0, now - self.counted_at), COUNTED_AT_MOST)
        return replace(self, counted_at=now, time_left=max(0, self.time_left - passed))


@dataclass(frozen=True, slots=True)
class Tenure:
    """Since when an account has its role, and whom it has that from; None where the operator gave it, or it is the first."""

    role_since: int
    role_given_by: str | None
    created_at: int
    invited_by: str | None


def void_cause(request: ResetRequest, member: Account, asker: Account, now: int) -> VoidCause | None:
    """Why a request is void, whoever approves it; None while it waits."""
    if member.security_version != request.security_version or member.status is not AccountStatus.ACTIVE:
        return VoidCause.ACCOUNT_CHANGED
    if member.reset_request_id != request.id:
        return VoidCause.SECOND_FACTOR_PROVEN
    if not may_still_ask(asker, member):
        return VoidCause.ASKER_NOT_PERMITTED
    if asker.security_version != request.asker_version:
        return VoidCause.ASKER_CHANGED
    is_credible = not is_from_the_future(request.asked_at, now)
    return None if is_credible and now < request.expires_at else VoidCause.EXPIRED


def may_still_ask(asker: Account, member: Account) -> bool:
    """Whether the role and the status of one let them have the other's 2FA reset. Nobody asks for themselves."""
    is_permitted = asker.status is AccountStatus.ACTIVE and permits(asker.role, Action.ASK_FOR_RESET)
    return is_permitted and asker.id != member.id and may_act_on(asker.role, member.role)


def has_held_role(tenure: Tenure, now: int) -> bool:
    """Whether somebody has had the role for long enough to approve."""
    return tenure.role_since + ROLE_HELD_FOR <= now


def are_independent(one_id: str, one: Tenure, other_id: str, other: Tenure, now: int) -> bool:
    """Whether of two people neither has lately invited or promoted the other, so that each is a second pair of eyes.

    Both ways: an owner who could approve what somebody asks for whom they have just invited would reset anybody alone.
    """
    return not (_comes_from(one, other_id, now) or _comes_from(other, one_id, now))


def _comes_from(tenure: Tenure, giver_id: str, now: int) -> bool:
    invited = tenure.invited_by == giver_id and now < tenure.created_at + INDEPENDENT_AFTER
    return invited or (tenure.role_given_by == giver_id and now < tenure.role_since + INDEPENDENT_AFTER)
