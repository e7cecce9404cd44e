"""What there is of bots: all of them, one with its draft, and its versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from xpressbot.chat.bots.draft_changes import script_of
from xpressbot.chat.bots.store import Bot, VersionSummary, all_bots, find_bot, find_bot_and_draft, version_summaries
from xpressbot.chat.bots.undoing import LastChange, last_change
from xpressbot.chat.bots.usage import (
    ChannelOfBot,
    StoppedConversation,
    bots_with_changes,
    channels_by_bot,
    missed_counts,
    stopped_conversation,
)
from xpressbot.chat.scripts.problems import Problem, problems_of
from xpressbot.chat.scripts.script import Script
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Reading, Transactions
from xpressbot.foundation.times import DAY

MISSED_WITHIN: Final = 7 * DAY
"""Texts that were missed are counted so far back; those that are shown may be older."""
STOPPED_WITHIN: Final = 7 * DAY
"""So long the author of a script is told that it was stopped at a limit."""


@dataclass(frozen=True, slots=True)
class ListedBot:
    """A bot and what it does. has_changes: whether its draft is another script than what is published. missed: within MISSED_WITHIN."""

    bot: Bot
    has_changes: bool
    channels: Sequence[ChannelOfBot]
    missed: int


@dataclass(frozen=True, slots=True)
class BotHome:
    """One bot with its draft. stopped: the newest conversation in which what is published was stopped, within STOPPED_WITHIN."""

    listed: ListedBot
    script: Script
    problems: Sequence[Problem]
    last: LastChange
    stopped: StoppedConversation | None

    @property
    def bot(self) -> Bot:
        """The bot."""
        return self.listed.bot


class BotOverview:
    """Reads, and changes nothing."""

    def __init__(self, transactions: Transactions, system: System) -> None:
        self._transactions = transactions
        self._system = system

    def bots(self, *, archived: bool = False) -> Sequence[ListedBot]:
        """The bots in use, or the archived ones, by name."""
        with self._transactions.reading() as tx:
            return self._listed(tx, all_bots(tx, archived=archived))

    def home(self, bot_id: str) -> BotHome | None:
        """One bot with its draft, archived or not."""
        with self._transactions.reading() as tx:
            found = find_bot_and_draft(tx, bot_id)
            if found is None:
                return None
            bot, draft = found
            (listed,), last = self._listed(tx, [bot]), last_change(tx, draft)
            since = self._system.now() - STOPPED_WITHIN
            stopped = None if bot.live is None else stopped_conversation(tx, bot_id, bot.live, since)
        script = script_of(draft.document)
        return BotHome(listed, script, problems_of(script), last, stopped)

    def versions(self, bot_id: str, before: int | None = None) -> tuple[Bot, Sequence[VersionSummary]] | None:
        """A bot and its newest versions, older than the number `before` where one is given."""
        with self._transactions.reading() as tx:
            bot = find_bot(tx, bot_id)
            return None if bot is None else (bot, version_summaries(tx, bot_id, before))

    def _listed(self, tx: Reading, bots: Sequence[Bot]) -> Sequence[ListedBot]:
        ids = [bot.id for bot in bots]
        changed, channels = bots_with_changes(tx, ids), channels_by_bot(tx, ids)
        missed = missed_counts(tx, ids, self._system.now() - MISSED_WITHIN)
        return [ListedBot(bot, bot.id in changed, channels.get(bot.id, ()), missed[bot.id]) for bot in bots]
