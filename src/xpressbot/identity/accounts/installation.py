"""Statements on the installation's own row, which is the team's."""

from sqlalchemy import select, update

from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.identity.tables import INSTALLATION

_LOCK = select(INSTALLATION.c.id).with_for_update()


def is_claimed(tx: Reading) -> bool:
    """Whether there is, or was, an owner. The welcome link makes one only before."""
    return tx.select(select(INSTALLATION.c.claimed_by)).scalar_one() is not None


def lock(tx: Writing) -> None:
    """Keep every other transaction off that depends on more than one account. It comes before the lock of any account."""
    tx.execute(_LOCK)


def claim(tx: Writing, account_id: str) -> bool:
    """Note that this account is the first; False when there was one before."""
    claimed = tx.execute(update(INSTALLATION).where(INSTALLATION.c.claimed_by.is_(None)).values(claimed_by=account_id))
    return claimed.rowcount == 1


def hide_first_steps(tx: Writing, now: int) -> None:
    """Note that an owner has put away the list of first steps."""
    tx.execute(update(INSTALLATION).values(first_steps_hidden_at=now))
