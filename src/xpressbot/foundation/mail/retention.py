"""What becomes of mails: those that were sent and dead letters go some time later, and none that waits comes back with a restore."""

from typing import Final

from xpressbot.foundation.database.expiry import ExpiringRows
from xpressbot.foundation.database.rows_at_restore import AtRestore, EndsAtRestore
from xpressbot.foundation.mail.outbox import OUTBOX, MailState
from xpressbot.foundation.times import DAY

SENT_KEPT: Final = 7 * DAY
DEAD_KEPT: Final = 30 * DAY
_ENDED_WELL: Final = OUTBOX.c.state.in_([MailState.SENT.value, MailState.VOID.value])
_NOT_SENT: Final = OUTBOX.c.state.in_([MailState.WAITING.value, MailState.DEAD.value])

EXPIRING_ROWS: Final = (
    ExpiringRows("sent_mails", OUTBOX.c.id, OUTBOX.c.ended_at, SENT_KEPT, lifetime=0, where=_ENDED_WELL),
    ExpiringRows("dead_letters", OUTBOX.c.id, OUTBOX.c.ended_at, DEAD_KEPT, lifetime=0, where=OUTBOX.c.state == MailState.DEAD.value),
)
AT_RESTORE: Final[tuple[AtRestore, ...]] = (EndsAtRestore("mails not sent", OUTBOX, _NOT_SENT),)
"""They may have been sent since the backup was made."""
