"""What becomes of chat's rows with time, and when an older copy of the database takes the place of a newer one."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import and_, select

from xpressbot.chat import tables
from xpressbot.chat.tables import CHAT_EVENT, CONTACT, CONVERSATION, IS_PENDING
from xpressbot.foundation.database.expiry import ExpiringRows
from xpressbot.foundation.database.rows_at_restore import AtRestore, StaysAtRestore
from xpressbot.foundation.times import DAY

CHAT_EVENT_KEPT: Final = 30 * DAY
"""By its row an event is known that comes again: platforms repeat for days what they believe was not taken."""
# For EXISTS among what is selected, PostgreSQL may read all conversations and all events into a hash table, at each stretch.
_HAS_NOTHING: Final = and_(
    *(
        select(rows.c.id).where(rows.c.contact_id == CONTACT.c.id).limit(1).correlate(CONTACT).scalar_subquery().is_(None)
        for rows in (CONVERSATION, CHAT_EVENT)
    )
)
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


def expiring_rows(keep_conversations_days: int) -> Sequence[ExpiringRows]:
    """Conversations that were closed so many days ago, with their messages; then the contacts that nothing is left of; and events.

    A contact that is blocked stays, since the block is in its row.
    """
    kept = keep_conversations_days * DAY
    conversation, contact, event = CONVERSATION.c, CONTACT.c, CHAT_EVENT.c
    return (
        ExpiringRows("chat_events", event.id, event.received_at, CHAT_EVENT_KEPT, lifetime=0, where=~IS_PENDING),
        ExpiringRows("conversations", conversation.id, conversation.closed_at, kept, lifetime=0),
        ExpiringRows("contacts", contact.id, contact.changed_at, kept, lifetime=0, where=and_(_HAS_NOTHING, contact.blocked_at.is_(None))),
    )
