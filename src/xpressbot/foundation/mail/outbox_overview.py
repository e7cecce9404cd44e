"""What the operator is told of the outbox, and what becomes of dead letters.

Nothing that strangers can bring about is told: they may ask for mails of low priority, as many as they like.
"""

from dataclasses import dataclass

from sqlalchemy import bindparam, func, literal_column, or_, select, update

from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.foundation.mail.outbox import OUTBOX, WAITS, MailState, Priority
from xpressbot.foundation.mail.transport import OF_ONE_MAIL

_TABLE = OUTBOX.c
_IS_DEAD = _TABLE.state == literal_column("'dead'")
_TELLS_SOMETHING = or_(_TABLE.priority != Priority.LOW.value, _TABLE.last_failure.not_in(sorted(OF_ONE_MAIL)))
"""What has a low priority may wait because many were asked for, or because its recipient is refused: only what failed otherwise tells."""
_OLDEST = (
    select(_TABLE.wanted_at, _TABLE.last_failure)
    .where(WAITS, _TABLE.wanted_at <= bindparam("now"), _TELLS_SOMETHING)
    .order_by(_TABLE.wanted_at)
    .limit(1)
)
_COUNTS = select(
    *(select(func.count()).where(which).scalar_subquery().label(name) for name, which in (("waiting", WAITS), ("dead", _IS_DEAD)))
)
_HAS_DEAD = select(_TABLE.id).where(_IS_DEAD).limit(1)


@dataclass(frozen=True, slots=True)
class Outbox:
    """What is in it. oldest: when the mail that has waited longest was to be sent; None where none is late. failure: of its last try."""

    waiting: int
    dead: int
    oldest: int | None = None
    failure: str | None = None


def look(tx: Reading, now: int) -> Outbox:
    """What is in the outbox."""
    counts, oldest = tx.select(_COUNTS).one(), tx.select(_OLDEST, {"now": now}).first()
    if oldest is None:
        return Outbox(counts.waiting, counts.dead)
    return Outbox(counts.waiting, counts.dead, oldest.wanted_at, oldest.last_failure)


def has_dead_letters(tx: Reading) -> bool:
    """Whether any mail is tried no more."""
    return tx.select(_HAS_DEAD).first() is not None


def revive(tx: Writing, now: int) -> int:
    """Let all dead letters wait again, as if they had been written now; how many."""
    again = {"state": MailState.WAITING.value, "wanted_at": now, "due_at": now, "tries": 0, "about": None, "ended_at": None}
    return tx.execute(update(OUTBOX).where(_IS_DEAD).values(again)).rowcount
