"""The tables of chat. Times are microseconds since 1970 UTC. Who did something is a plain value: no key leads to an account."""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)

from xpressbot.foundation.database.engine import METADATA

_ID = String(32)


def _of(table: str, *, nullable: bool = False) -> Column[Any]:
    return Column(f"{table}_id", _ID, ForeignKey(f"{table}.id"), nullable=nullable)


def _partial(name: str, of: ColumnElement[bool], *columns: ColumnElement[Any], unique: bool = False) -> None:
    """An index of those rows of a table alone that the condition is true of. The same condition in a statement has the engine use it."""
    Index(name, *columns, unique=unique, sqlite_where=of, postgresql_where=of)


def _state(table: Table, *names: str) -> ColumnElement[bool]:
    """Whether a row is in one of these states. Not as parameters: an engine would not see that a partial index has all these rows."""
    values = [literal_column(f"'{name}'", table.c.state.type) for name in names]
    return table.c.state == values[0] if len(values) == 1 else table.c.state.in_(values)


BOT: Final = Table(
    "bot",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("name", Text, nullable=False),
    Column("language", String(35), nullable=False),
    # The number of the published version; none before the first.
    Column("live", Integer),
    # Conversations of a version below this one start over at their next message.
    Column("restart_below", Integer, nullable=False, server_default=text("0")),
    Column("draft_revision", Integer, nullable=False),
    Column("archived_at", BigInteger),
)

BOT_DRAFT: Final = Table(
    "bot_draft",
    METADATA,
    _of("bot"),
    Column("revision", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("by_id", _ID),
    Column("by_name", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    # What was done to get here from the draft before, as "Undo" names it: a kind of change and what it was done to, as JSON.
    Column("change", Text, nullable=False),
    PrimaryKeyConstraint("bot_id", "revision"),
)

BOT_VERSION: Final = Table(
    "bot_version",
    METADATA,
    _of("bot"),
    Column("number", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("by_id", _ID),
    Column("by_name", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("bot_id", "number"),
)

CHANNEL: Final = Table(
    "channel",
    METADATA,
    Column("id", _ID, primary_key=True),
    # What addresses have: whoever knows one channel's cannot guess another's.
    Column("public_id", String(32), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("name", Text, nullable=False),
    _of("bot", nullable=True),
    Column("is_on", Boolean, nullable=False),
    Column("settings", Text, nullable=False),
    Column("archived_at", BigInteger),
)

CONTACT: Final = Table(
    "contact",
    METADATA,
    Column("id", _ID, primary_key=True),
    _of("channel"),
    # Who it is to the channel. None once the person was erased.
    Column("external_id", Text),
    Column("name", Text, nullable=False),
    Column("search", Text, nullable=False),
    Column("fields", Text, nullable=False),
    # The number of its newest message. Its row is the lock of the lane: numbers are given under it.
    Column("last_seq", Integer, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("blocked_at", BigInteger),
    Column("erased_at", BigInteger),
    UniqueConstraint("channel_id", "external_id"),
    Index(None, "search"),
    Index(None, "changed_at"),
)

CONVERSATION: Final = Table(
    "conversation",
    METADATA,
    Column("id", _ID, primary_key=True),
    _of("contact"),
    Column("state", String(16), nullable=False),
    Column("owner_id", _ID),
    Column("owner_name", Text),
    Column("waiting_since", BigInteger),
    _of("bot", nullable=True),
    Column("version", Integer),
    Column("script_state", Text),
    Column("note", Text),
    # The step before which its script was last stopped at a limit: a note to the script's author.
    Column("stopped_step", String(32)),
    # When nobody has come for so long that the script says so.
    Column("due_at", BigInteger),
    Column("opened_at", BigInteger, nullable=False),
    Column("last_event_at", BigInteger, nullable=False),
    Column("last_message_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Index(None, "contact_id"),
    Index(None, "state", "last_message_at", "id"),
    Index(None, "last_message_at", "id"),
)

IS_OPEN: Final = ~_state(CONVERSATION, "closed")
IS_BOTS: Final = _state(CONVERSATION, "bot")
IS_FOR_A_PERSON: Final = CONVERSATION.c.waiting_since.is_not(None) & _state(CONVERSATION, "waiting", "person")
"""Somebody waits for a person: the bot is silent, and their last message has no answer."""
IS_TIMED: Final = CONVERSATION.c.due_at.is_not(None)
IS_STOPPED: Final = CONVERSATION.c.stopped_step.is_not(None)
_partial("uq_conversation_open", IS_OPEN, CONVERSATION.c.contact_id, unique=True)
_partial("ix_conversation_for_a_person", IS_FOR_A_PERSON, CONVERSATION.c.waiting_since, CONVERSATION.c.id)
_partial("ix_conversation_open_last_message_at", IS_OPEN, CONVERSATION.c.last_message_at)
_partial("ix_conversation_stopped", IS_STOPPED, CONVERSATION.c.bot_id, CONVERSATION.c.last_event_at)
_partial("ix_conversation_timed", IS_TIMED, CONVERSATION.c.due_at)

CHAT_EVENT: Final = Table(
    "chat_event",
    METADATA,
    Column("id", _ID, primary_key=True),
    _of("channel"),
    Column("external_id", Text, nullable=False),
    _of("contact"),
    Column("kind", String(16), nullable=False),
    # Emptied in the transaction that handles it.
    Column("body", LargeBinary),
    Column("received_at", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    # Of the log line that tells why it failed.
    Column("reference", String(32)),
    UniqueConstraint("channel_id", "external_id"),
    Index(None, "contact_id"),
)

IS_PENDING: Final = _state(CHAT_EVENT, "pending")
IS_FAILED: Final = _state(CHAT_EVENT, "failed")
_partial("ix_chat_event_failed", IS_FAILED, CHAT_EVENT.c.received_at)
_partial("ix_chat_event_pending", IS_PENDING, CHAT_EVENT.c.contact_id, CHAT_EVENT.c.received_at, CHAT_EVENT.c.id)

MESSAGE: Final = Table(
    "message",
    METADATA,
    _of("contact"),
    Column("seq", Integer, nullable=False),
    # A conversation goes with all that was said in it.
    Column("conversation_id", _ID, ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
    Column("author", String(16), nullable=False),
    Column("author_id", _ID),
    Column("author_name", Text),
    Column("text", Text, nullable=False),
    Column("options", Text),
    # Of an agent's form: the same form sent twice is one message.
    Column("client_id", String(64)),
    # The bot in whose script nothing matched this text.
    Column("missed_by", _ID, ForeignKey("bot.id")),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("contact_id", "seq"),
    UniqueConstraint("contact_id", "client_id"),
    Index(None, "conversation_id", "seq"),
)

IS_MISSED: Final = MESSAGE.c.missed_by.is_not(None)
_partial("ix_message_missed", IS_MISSED, MESSAGE.c.missed_by, MESSAGE.c.at)

CHAT_RECORD: Final = Table(
    "chat_record",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("actor_id", _ID),
    Column("actor_name", Text, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("subject", _ID, nullable=False),
    Column("details", Text, nullable=False),
    Index(None, "at"),
)
