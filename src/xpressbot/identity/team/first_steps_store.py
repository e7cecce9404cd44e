"""What the list of first steps is decided by: one statement, of which no part reads a whole table."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from xpressbot.foundation.database.transaction import Reading
from xpressbot.identity.tables import ACCOUNT, INSTALLATION
from xpressbot.identity.team.tables import INVITATION

# In the order of an index: with EXISTS, PostgreSQL would take any order, and read the table.
_SECOND_MEMBER = (
    select(ACCOUNT.c.id).where(ACCOUNT.c.email_key > "").order_by(ACCOUNT.c.email_key).limit(1).offset(1).scalar_subquery().label("member")
)
_INVITATION = (
    select(INVITATION.c.id)
    .where(INVITATION.c.email_key > "", INVITATION.c.expires_at > bindparam("now"))
    .order_by(INVITATION.c.email_key)
    .limit(1)
    .scalar_subquery()
    .label("invitation")
)
_STATE = select(INSTALLATION.c.first_steps_hidden_at, _SECOND_MEMBER, _INVITATION)


@dataclass(frozen=True, slots=True)
class FirstStepsState:
    """is_hidden: an owner has put the list away. has_colleague: somebody else is in the team, or is invited."""

    is_hidden: bool
    has_colleague: bool


def state(tx: Reading, now: int) -> FirstStepsState:
    """How far the installation is."""
    row = tx.select(_STATE, {"now": now}).one()
    return FirstStepsState(row.first_steps_hidden_at is not None, row.member is not None or row.invitation is not None)
