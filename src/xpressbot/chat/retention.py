"""What becomes of chat's rows with time, and when an older copy of the database takes the place of a newer one."""

from typing import Final

from xpressbot.chat import tables
from xpressbot.foundation.database.expiry import ExpiringRows
from xpressbot.foundation.database.rows_at_restore import AtRestore, StaysAtRestore

EXPIRING_ROWS: Final[tuple[ExpiringRows, ...]] = ()
AT_RESTORE: Final[tuple[AtRestore, ...]] = tuple(
    StaysAtRestore(table)
    for table in (
        tables.BOT,
        tables.BOT_DRAFT,
        tables.BOT_VERSION,
        tables.CHANNEL,
        tables.CONTACT,
        tables.CONVERSATION,
        tables.CHAT_EVENT,
        tables.MESSAGE,
        tables.CHAT_RECORD,
    )
)
