"""Leases: what one process at a time may do, of all that share a database. Its holder keeps it as long as it renews it."""

from typing import Final

from sqlalchemy import BigInteger, Column, String, Table, delete, or_

from xpressbot.foundation.database.engine import METADATA
from xpressbot.foundation.database.transaction import Writing

LEASE: Final = Table(
    "lease",
    METADATA,
    Column("name", String(32), primary_key=True),
    Column("holder", String(32), nullable=False),
    Column("held_until", BigInteger, nullable=False),
)


def take_lease(tx: Writing, name: str, holder: str, now: int, term: int) -> bool:
    """Hold a lease for `term` from now on; False while another holder does.

    It saves work that would be done twice, and guards nothing: a holder that was held up may still be busy when the next
    one begins. A lease that runs for more than two terms can only come from a clock that was ahead, and counts for nothing.
    """
    statement = tx.insert(LEASE).values(name=name, holder=holder, held_until=now + term)
    is_free = or_(LEASE.c.holder == holder, LEASE.c.held_until <= now, LEASE.c.held_until > now + 2 * term)
    taken = statement.on_conflict_do_update(
        index_elements=[LEASE.c.name],
        set_={"holder": statement.excluded.holder, "held_until": statement.excluded.held_until},
        where=is_free,
    ).returning(LEASE.c.name)
    return tx.execute(taken).one_or_none() is not None


def give_lease_back(tx: Writing, name: str, holder: str) -> None:
    """Let another holder take a lease at once; one that is another's by now stays."""
    tx.execute(delete(LEASE).where(LEASE.c.name == name, LEASE.c.holder == holder))
