"""Whether the team requires 2FA of its members, of whom, and from when: pure rules, asked at each look-up of a session and sign-in."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from xpressbot.foundation.times import DAY, latest_credible
from xpressbot.identity.accounts.rules.account import Account

FURTHEST_AHEAD: Final = 90 * DAY
"""No later may a requirement begin."""
LONGEST_EXEMPTION: Final = 30 * DAY
REMINDER_PUT_OFF_FOR: Final = 7 * DAY


class TwoFactorPolicy(StrEnum):
    """What the team asks of its members."""

    OPTIONAL = "optional"
    ASKED = "asked"
    """The dashboard reminds those without 2FA, who can put it off."""
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class TeamPolicy:
    """The policy of the team. required_from: where 2FA is required, from when.

    kind: None for one that a newer version of this program gave; the date counts all the same.
    """

    kind: TwoFactorPolicy | None = TwoFactorPolicy.OPTIONAL
    required_from: int | None = None


def exempt_until(account: Account, now: int) -> int | None:
    """Until when an account is exempt; None where it is not.

    One that would last longer than any may was given by a clock that was ahead, or the clock is behind now: it counts for nothing.
    """
    until = account.exempt_until
    return until if until is not None and now < until <= latest_credible(now) + LONGEST_EXEMPTION else None


def enrolment_due_at(account: Account, policy: TeamPolicy, now: int) -> int | None:
    """From when the person of an account gets no further without 2FA; None where 2FA is on, or is not required.

    A date further ahead than any may be was set by a clock that was ahead, or the clock is behind now: the requirement is in force.
    """
    if account.protected_since is not None or policy.required_from is None:
        return None
    required_from = min(policy.required_from, now) if policy.required_from > latest_credible(now) + FURTHEST_AHEAD else policy.required_from
    return max(required_from, exempt_until(account, now) or 0)


def owes_enrolment(account: Account, policy: TeamPolicy, now: int) -> bool:
    """Whether the person gets no further now."""
    due_at = enrolment_due_at(account, policy, now)
    return due_at is not None and due_at <= now


def must_keep_two_factor(account: Account, policy: TeamPolicy, now: int) -> bool:
    """Whether the person would get no further if they turned 2FA off now."""
    return owes_enrolment(replace(account, protected_since=None), policy, now)


def is_reminded(account: Account, policy: TeamPolicy, now: int) -> bool:
    """Whether the dashboard asks the person for 2FA. What is put off for longer than it can be is not put off."""
    put_off_until = account.reminder_put_off_until
    is_put_off = put_off_until is not None and now < put_off_until <= latest_credible(now) + REMINDER_PUT_OFF_FOR
    return policy.kind is TwoFactorPolicy.ASKED and account.protected_since is None and not is_put_off


def can_begin_at(required_from: int, now: int) -> bool:
    """Whether a requirement may begin then: neither in the past nor further ahead than any may."""
    return now <= required_from <= now + FURTHEST_AHEAD
