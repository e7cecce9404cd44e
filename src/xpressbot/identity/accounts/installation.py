"""Statements on the installation's own row."""

from sqlalchemy import select, update

from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.identity.tables import INSTALLATION

_LOCK = select(INSTALLATION.c.id).with_for_update()


def owner(tx: Reading) -> str | None:
    """The id of the owner's account; None before the first run."""
    owner: str | None = tx.select(select(INSTALLATION.c.owner)).scalar_one()
    return owner


def lock(tx: Writing) -> None:
    """Keep every other transaction off that depends on more than one account. It comes before the lock of any account."""
    tx.execute(_LOCK)


def claim(tx: Writing, account_id: str) -> bool:
    """Make this account the owner; False when there is one already."""
    claimed = tx.execute(update(INSTALLATION).where(INSTALLATION.c.owner.is_(None)).values(owner=account_id))
    return claimed.rowcount == 1
