"""What becomes of mails: those that were sent and dead letters go some time later, and hardly one that waits comes back with a restore."""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import and_, or_

from xpressbot.foundation.database.expiry import ExpiringRows
from xpressbot.foundation.database.rows_at_restore import AtRestore, EndsAtRestore
from xpressbot.foundation.mail.claims import LOW_WINDOW
from xpressbot.foundation.mail.outbox import OUTBOX, MailState, Priority
from xpressbot.foundation.times import DAY

SENT_KEPT: Final = 7 * DAY
LOW_KEPT: Final = LOW_WINDOW
"""They hold what a stranger has typed into a form. So they stay for as long as the counts of sent mails need them, and no longer."""
DEAD_KEPT: Final = 30 * DAY
_TABLE = OUTBOX.c
_IS_LOW: Final = _TABLE.priority == Priority.LOW.value
_ENDED_WELL: Final = _TABLE.state.in_([MailState.SENT.value, MailState.VOID.value])
_IS_WAITING: Final = _TABLE.state == MailState.WAITING.value
_IS_DEAD: Final = _TABLE.state == MailState.DEAD.value

EXPIRING_ROWS: Final = (
    ExpiringRows("sent_mails", _TABLE.id, _TABLE.ended_at, SENT_KEPT, lifetime=0, where=and_(_ENDED_WELL, ~_IS_LOW)),
    ExpiringRows("low_priority_mails", _TABLE.id, _TABLE.ended_at, LOW_KEPT, lifetime=0, where=and_(_ENDED_WELL, _IS_LOW)),
    ExpiringRows("dead_letters", _TABLE.id, _TABLE.ended_at, DEAD_KEPT, lifetime=0, where=_IS_DEAD),
)


def at_restore(kinds_that_stay: Collection[str]) -> Sequence[AtRestore]:
    """Mails that were not sent end: they may have been sent since the copy was made.

    kinds_that_stay: those that wait go on waiting. What they offer takes power away only, and the copy holds no link for them.
    """
    ends = or_(_IS_DEAD, and_(_IS_WAITING, _TABLE.kind.not_in(sorted(kinds_that_stay))))
    return (EndsAtRestore("mails not sent", OUTBOX, ends),)
