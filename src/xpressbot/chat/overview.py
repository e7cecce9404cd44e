"""What chat looks like from outside: how many bots there are, how many of them answer, and who waits for a person. Reads only."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import exists, func, select

from xpressbot.chat.conversations.inbox import COUNT_WAITING
from xpressbot.chat.tables import BOT, CHANNEL
from xpressbot.foundation.database.transaction import ReadTransactions

_IN_USE: Final = select(func.count()).select_from(BOT).where(BOT.c.archived_at.is_(None))
_RUNNING: Final = _IN_USE.where(
    BOT.c.live.is_not(None), exists().where(CHANNEL.c.bot_id == BOT.c.id, CHANNEL.c.is_on, CHANNEL.c.archived_at.is_(None))
)
_OVERVIEW: Final = select(
    _IN_USE.scalar_subquery().label("bots"), _RUNNING.scalar_subquery().label("running"), COUNT_WAITING.scalar_subquery().label("waiting")
)


@dataclass(frozen=True, slots=True)
class Overview:
    """bots: those in use. running: of these, the published ones that answer in a channel which is on.

    waiting: in how many conversations somebody waits for a person.
    """

    bots: int
    running: int
    waiting: int


class ChatOverview:
    """Counts for the pages that are not about chat."""

    def __init__(self, transactions: ReadTransactions) -> None:
        self._transactions = transactions

    def look(self) -> Overview:
        """All of it, in one statement."""
        with self._transactions.reading() as tx:
            row = tx.select(_OVERVIEW).one()
            return Overview(row.bots, row.running, row.waiting)

    def running_bots(self) -> int:
        """How many bots answer people, whoever of the team is signed in or not."""
        with self._transactions.reading() as tx:
            count: int = tx.select(_RUNNING).scalar_one()
            return count
