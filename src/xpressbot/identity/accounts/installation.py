"""Statements on the installation's own row."""

from sqlalchemy import bindparam, case, func, select, update

from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.identity.tables import ACCOUNT, INSTALLATION

_LOCK = select(INSTALLATION.c.id).with_for_update()
_UNCONFIRMED = select(func.count()).select_from(ACCOUNT).where(ACCOUNT.c.email_confirmed_at.is_(None), ACCOUNT.c.email_key.is_not(None))
_UNCONFIRMED_FOR_OWNER = select(case((INSTALLATION.c.owner == bindparam("asks"), _UNCONFIRMED.scalar_subquery())))
"""Engines count only where the condition holds, so that nobody else's page pays for it."""


def owner(tx: Reading) -> str | None:
    """The id of the owner's account; None before the first run."""
    owner: str | None = tx.select(select(INSTALLATION.c.owner)).scalar_one()
    return owner


def unconfirmed_addresses(tx: Reading, account_id: str) -> int | None:
    """How many accounts have an address that no mailed link has confirmed, closed ones aside; None where another account is the owner's."""
    count: int | None = tx.select(_UNCONFIRMED_FOR_OWNER, {"asks": account_id}).scalar_one()
    return count


def lock(tx: Writing) -> None:
    """Keep every other transaction off that depends on more than one account. It comes before the lock of any account."""
    tx.execute(_LOCK)


def claim(tx: Writing, account_id: str) -> bool:
    """Make this account the owner; False when there is one already."""
    claimed = tx.execute(update(INSTALLATION).where(INSTALLATION.c.owner.is_(None)).values(owner=account_id))
    return claimed.rowcount == 1
