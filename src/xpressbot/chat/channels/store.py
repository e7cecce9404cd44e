"""Statements over channels. Their settings are texts here: the package of a kind knows what stands in them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Row, bindparam, insert, select, update

from xpressbot.chat.tables import CHANNEL
from xpressbot.foundation.database.transaction import Reading, Writing

_C: Final = CHANNEL.c
_CHANNEL: Final = select(CHANNEL).where(_C.id == bindparam("channel"))
# FOR UPDATE would make each new contact of the channel wait at its foreign key.
_LOCK: Final = _CHANNEL.with_for_update(key_share=True)
_OPEN: Final = select(CHANNEL).where(_C.public_id == bindparam("public"), _C.is_on, _C.archived_at.is_(None))
_IN_USE: Final = select(CHANNEL).where(_C.archived_at.is_(None)).order_by(_C.name, _C.id)
_SAVE: Final = update(CHANNEL).where(_C.id == bindparam("row"))


@dataclass(frozen=True, slots=True)
class Channel:
    """A place where people write to a bot, as the columns of its row.

    public_id: its name in addresses, 16 random bytes in hexadecimal. kind: as its kind is registered. bot_id: None while no bot answers
    in it, so that every conversation waits for a person. settings: JSON of its kind. archived_at: None while it is in use.
    """

    id: str
    public_id: str
    kind: str
    name: str
    bot_id: str | None
    is_on: bool
    settings: str
    archived_at: int | None


def open_channel(tx: Reading, public_id: str) -> Channel | None:
    """The channel of this address; None for one that is unknown, off or archived, so that nobody can tell these apart."""
    row = tx.select(_OPEN, {"public": public_id}).one_or_none()
    return None if row is None else _channel_from(row)


def find_channel(tx: Reading, channel_id: str) -> Channel | None:
    """The channel of this id: on or off, archived or not."""
    row = tx.select(_CHANNEL, {"channel": channel_id}).one_or_none()
    return None if row is None else _channel_from(row)


def lock_channel(tx: Writing, channel_id: str) -> Channel | None:
    """The same with its row locked: of two people who change a channel, the second sees what the first has done."""
    row = tx.execute(_LOCK, {"channel": channel_id}).one_or_none()
    return None if row is None else _channel_from(row)


def all_channels(tx: Reading) -> Sequence[Channel]:
    """The channels in use, by name."""
    return [_channel_from(row) for row in tx.select(_IN_USE).all()]


def add_channel(tx: Writing, channel: Channel) -> None:
    """Insert a channel."""
    tx.execute(insert(CHANNEL), asdict(channel))


def save_channel(tx: Writing, channel: Channel) -> None:
    """Write what has become of a channel. Its row is locked."""
    tx.execute(_SAVE, asdict(channel) | {"row": channel.id})


def _channel_from(row: Row[Any]) -> Channel:
    """Read a channel from a row with its columns."""
    return Channel(row.id, row.public_id, row.kind, row.name, row.bot_id, row.is_on, row.settings, row.archived_at)
