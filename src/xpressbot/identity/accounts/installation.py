"""Statements on the installation's own row, which is the team's."""

from typing import Any, Final

from sqlalchemy import ColumnElement, select, update

from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.foundation.database.unknown_enum_values import member_or_none
from xpressbot.identity.accounts.rules.two_factor_policy import TeamPolicy, TwoFactorPolicy
from xpressbot.identity.tables import INSTALLATION

IS_THE_ROW: Final = INSTALLATION.c.id == 1
POLICY: Final = (INSTALLATION.c.two_factor_policy, INSTALLATION.c.two_factor_required_from)
"""The columns of the policy, for statements that read it beside something else."""
_LOCK = select(INSTALLATION.c.id).with_for_update()
_POLICY = select(*POLICY)


def is_claimed(tx: Reading) -> bool:
    """Whether there is, or was, an owner. The welcome link makes one only before."""
    return tx.select(select(INSTALLATION.c.claimed_by)).scalar_one() is not None


def lock(tx: Writing) -> None:
    """Keep every other transaction off that depends on more than one account. It comes before the lock of any account."""
    tx.execute(_LOCK)


def policy(tx: Reading) -> TeamPolicy:
    """What the team asks of its members."""
    return policy_from(tx.select(_POLICY).one())


def set_policy(tx: Writing, before: TeamPolicy, policy: TeamPolicy) -> bool:
    """Set the policy; False, and nothing written, where it is not the one that was before."""
    values = _stored(policy)
    is_as_before = [_is(INSTALLATION.c[name], value) for name, value in _stored(before).items()]
    return tx.execute(update(INSTALLATION).where(*is_as_before).values(values)).rowcount == 1


def policy_from(row: Any) -> TeamPolicy:
    """Read the policy's columns of a row."""
    return TeamPolicy(member_or_none(TwoFactorPolicy, row.two_factor_policy), row.two_factor_required_from)


def claim(tx: Writing, account_id: str) -> bool:
    """Note that this account is the first; False when there was one before."""
    claimed = tx.execute(update(INSTALLATION).where(INSTALLATION.c.claimed_by.is_(None)).values(claimed_by=account_id))
    return claimed.rowcount == 1


def hide_first_steps(tx: Writing, now: int) -> None:
    """Note that an owner has put away the list of first steps."""
    tx.execute(update(INSTALLATION).values(first_steps_hidden_at=now))


def _stored(policy: TeamPolicy) -> dict[str, Any]:
    return {
        "two_factor_policy": None if policy.kind is None else policy.kind.value,
        "two_factor_required_from": policy.required_from,
    }


def _is(column: ColumnElement[Any], value: Any) -> ColumnElement[bool]:
    return column.is_(None) if value is None else column == value
