"""Where bots are used: the channels that have them, the conversations that run them or were stopped, and the texts that they missed."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import BindParameter, bindparam, exists, func, select

from xpressbot.chat.tables import BOT, BOT_DRAFT, BOT_VERSION, CHANNEL, CONVERSATION, IS_BOTS, IS_STOPPED, MESSAGE
from xpressbot.foundation.database.transaction import Reading

MOST_MISSED: Final = 50
"""Texts that a script missed, as they are shown: the newest."""
_C, _M, _V = CHANNEL.c, MESSAGE.c, CONVERSATION.c
_BOTS: Final[BindParameter[str]] = bindparam("bots", expanding=True)
_HAS_CHANNEL: Final = select(exists().where(_C.bot_id == bindparam("bot"), _C.archived_at.is_(None)))
_CHANNELS: Final = (
    select(_C.id, _C.public_id, _C.kind, _C.name, _C.is_on, _C.bot_id)
    .where(_C.bot_id.in_(_BOTS), _C.archived_at.is_(None))
    .order_by(_C.name, _C.id)
)
_RUNNING: Final = select(func.count()).where(IS_BOTS, _V.bot_id == bindparam("bot"), _V.last_event_at >= bindparam("since"))
_STOPPED: Final = (
    select(_V.id, _V.stopped_step)
    .where(IS_STOPPED, _V.bot_id == bindparam("bot"), _V.version == bindparam("version"), _V.last_event_at >= bindparam("since"))
    .order_by(_V.last_event_at.desc())
    .limit(1)
)
_CHANGED: Final = (
    select(BOT.c.id)
    .join(BOT_VERSION, (BOT_VERSION.c.bot_id == BOT.c.id) & (BOT_VERSION.c.number == BOT.c.live))
    .join(BOT_DRAFT, (BOT_DRAFT.c.bot_id == BOT.c.id) & (BOT_DRAFT.c.revision == BOT.c.draft_revision))
    .where(BOT.c.id.in_(_BOTS), BOT_VERSION.c.document != BOT_DRAFT.c.document)
)
_MISSED: Final = (
    select(_M.contact_id, _M.seq, _M.conversation_id, _M.text, _M.at)
    .where(_M.missed_by == bindparam("bot"))
    .order_by(_M.at.desc())
    .limit(MOST_MISSED)
)
_MISSED_COUNTS: Final = select(
    BOT.c.id,
    select(func.count()).where(_M.missed_by == BOT.c.id, _M.at >= bindparam("since")).correlate(BOT).scalar_subquery().label("missed"),
).where(BOT.c.id.in_(_BOTS))


@dataclass(frozen=True, slots=True)
class ChannelOfBot:
    """A channel in which a bot answers."""

    id: str
    public_id: str
    kind: str
    name: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class StoppedConversation:
    """A conversation whose script ran into its limit of steps or messages. step: the id of the step before which it was stopped."""

    conversation_id: str
    step: str


@dataclass(frozen=True, slots=True)
class MissedText:
    """What a customer wrote and nothing in the script matched. at: microseconds since 1970 UTC."""

    conversation_id: str
    text: str
    at: int


def has_channel(tx: Reading, bot_id: str) -> bool:
    """Whether a channel in use has the bot, on or off."""
    found: bool = tx.select(_HAS_CHANNEL, {"bot": bot_id}).scalar_one()
    return found


def channels_by_bot(tx: Reading, bots: Sequence[str]) -> Mapping[str, Sequence[ChannelOfBot]]:
    """The channels in use that have one of these bots, by their bot."""
    found = defaultdict[str, list[ChannelOfBot]](list)
    for row in tx.select(_CHANNELS, {"bots": bots}).all():
        found[row.bot_id].append(ChannelOfBot(row.id, row.public_id, row.kind, row.name, row.is_on))
    return found


def running_conversations(tx: Reading, bot_id: str, since: int) -> int:
    """How many conversations the bot answers whose last event is not before `since`."""
    count: int = tx.select(_RUNNING, {"bot": bot_id, "since": since}).scalar_one()
    return count


def stopped_conversation(tx: Reading, bot_id: str, version: int, since: int) -> StoppedConversation | None:
    """Of the conversations in which this version was stopped, and whose last event is not before `since`, the newest."""
    row = tx.select(_STOPPED, {"bot": bot_id, "version": version, "since": since}).one_or_none()
    return None if row is None else StoppedConversation(row.id, row.stopped_step)


def bots_with_changes(tx: Reading, bots: Sequence[str]) -> frozenset[str]:
    """The ids of those of these bots that are published, and whose draft is another script than what is published."""
    return frozenset(tx.select(_CHANGED, {"bots": bots}).scalars())


def missed_texts(tx: Reading, bot_id: str) -> Sequence[MissedText]:
    """The newest texts that the bot missed, at most MOST_MISSED."""
    return [MissedText(row.conversation_id, row.text, row.at) for row in tx.select(_MISSED, {"bot": bot_id}).all()]


def missed_counts(tx: Reading, bots: Sequence[str], since: int) -> Mapping[str, int]:
    """How many texts each of these bots has missed since then."""
    return {row.id: row.missed for row in tx.select(_MISSED_COUNTS, {"bots": bots, "since": since}).all()}
