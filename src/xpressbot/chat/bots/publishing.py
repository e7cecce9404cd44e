"""Publishing: a draft becomes a version that never changes, and an old version comes back under a new number."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from xpressbot.chat.actor import Actor
from xpressbot.chat.bots.draft_changes import script_of
from xpressbot.chat.bots.store import (
    Bot,
    Version,
    add_version,
    find_bot,
    find_bot_and_draft,
    find_draft,
    find_version,
    lock_bot,
    newest_version_number,
    save_bot,
)
from xpressbot.chat.bots.usage import has_channel, running_conversations
from xpressbot.chat.record import RecordKind, record
from xpressbot.chat.scripts.checks import Difference, differences
from xpressbot.chat.scripts.problems import Problem, problems_of
from xpressbot.chat.scripts.script import Script
from xpressbot.chat.scripts.state import OVER_AFTER
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Reading, Transactions, Writing


class PublishRefusal(StrEnum):
    """Why nothing was published."""

    NO_SUCH_BOT = "no_such_bot"
    ARCHIVED = "bot_archived"
    CHANGED_MEANWHILE = "bot_changed_meanwhile"
    """Somebody has changed the draft, or has published, since the person was shown it."""
    HAS_ERRORS = "script_has_errors"
    NOT_ACCEPTED = "warnings_not_accepted"
    """There are warnings, or checks that differ, and the person has not said that it is to be published all the same."""
    NOTHING_NEW = "nothing_new"
    """It is what is published."""
    NO_SUCH_VERSION = "no_such_version"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person was shown of a bot when they decided. newest: the number of its newest version; 0 before the first."""

    revision: int
    newest: int


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """A check whose script says something else now."""

    name: str
    differences: Sequence[Difference]


@dataclass(frozen=True, slots=True)
class Preview:
    """What publishing the draft would do. running: conversations that are in the middle of an older version."""

    bot: Bot
    shown: Shown
    script: Script
    is_new: bool
    problems: Sequence[Problem]
    failed_checks: Sequence[FailedCheck]
    running: int
    makes_channel: bool

    @property
    def has_errors(self) -> bool:
        """Whether it cannot be published."""
        return any(problem.is_error for problem in self.problems)

    @property
    def must_be_accepted(self) -> bool:
        """Whether the person is asked once more."""
        return bool(self.problems or self.failed_checks)


@dataclass(frozen=True, slots=True)
class OldVersion:
    """A published version that could come back, and how many conversations are in the middle of another one."""

    bot: Bot
    version: Version
    script: Script
    newest: int
    running: int


@dataclass(frozen=True, slots=True)
class Published:
    """The new version. channel_id: of the web chat that was made for it; None where the bot had a channel."""

    bot: Bot
    number: int
    channel_id: str | None = None


class MakeChannel(Protocol):
    """Makes a channel in which a bot answers, in the transaction of its caller; the channel's id."""

    def __call__(self, tx: Writing, system: System, actor: Actor, name: str, bot_id: str) -> str: ...


class Publishing:
    """The use cases. What a person decides travels with what they were shown: of two who publish at once, the second is told."""

    def __init__(self, transactions: Transactions, system: System, make_channel: MakeChannel) -> None:
        self._transactions = transactions
        self._system = system
        self._make_channel = make_channel

    def preview(self, bot_id: str) -> Preview | None:
        """What publishing the draft would do; None for a bot that there is not. Problems and checks are looked at anew."""
        with self._transactions.reading() as tx:
            found = find_bot_and_draft(tx, bot_id)
            if found is None:
                return None
            bot, draft = found
            newest = newest_version_number(tx, bot_id)
            live = None if bot.live is None else find_version(tx, bot_id, bot.live)
            running = self._running(tx, bot_id)
            makes_channel = newest == 0 and not has_channel(tx, bot_id)
        script = script_of(draft.document)
        return Preview(
            bot,
            Shown(bot.draft_revision, newest),
            script,
            live is None or live.document != draft.document,
            problems_of(script),
            [FailedCheck(check.name, differing) for check in script.checks if (differing := differences(script, check))],
            running,
            makes_channel,
        )

    def publish(self, actor: Actor, bot_id: str, shown: Shown, *, is_accepted: bool, restart: bool) -> Published | PublishRefusal:
        """Publish the draft that the person was shown, as a new version.

        is_accepted: whether warnings and checks that differ are no hindrance. restart: whether conversations that are in the middle of
        an older version start over at their next message; otherwise they end on it. The first version of a bot that no channel has
        comes with a web chat that is on.
        """
        preview = self.preview(bot_id)
        if (refusal := _refusal(preview, shown, is_accepted=is_accepted)) is not None:
            return refusal
        with self._transactions.writing() as tx:
            bot = _lock_in_use(tx, bot_id)
            if isinstance(bot, PublishRefusal):
                return bot
            draft = find_draft(tx, bot_id, shown.revision)
            if draft is None or Shown(bot.draft_revision, newest_version_number(tx, bot_id)) != shown:
                return PublishRefusal.CHANGED_MEANWHILE
            channel_id = None
            if shown.newest == 0 and not has_channel(tx, bot_id):
                channel_id = self._make_channel(tx, self._system, actor, bot.name, bot_id)
            published = self._add(tx, actor, bot, draft.document, shown.newest + 1, restart=restart)
            self._record(tx, actor, RecordKind.BOT_PUBLISHED, published, restart=restart)
            tx.commit()
        return replace(published, channel_id=channel_id)

    def old_version(self, bot_id: str, number: int) -> OldVersion | None:
        """A version as it would come back; None for one that there is not."""
        with self._transactions.reading() as tx:
            bot, version = find_bot(tx, bot_id), find_version(tx, bot_id, number)
            if bot is None or version is None:
                return None
            return OldVersion(bot, version, script_of(version.document), newest_version_number(tx, bot_id), self._running(tx, bot_id))

    def roll_back(self, actor: Actor, bot_id: str, number: int, newest: int, *, restart: bool) -> Published | PublishRefusal:
        """Publish an old version again, under a new number. The draft stays as it is. newest: as the person was shown it."""
        with self._transactions.writing() as tx:
            bot = _lock_in_use(tx, bot_id)
            if isinstance(bot, PublishRefusal):
                return bot
            version = find_version(tx, bot_id, number)
            if version is None:
                return PublishRefusal.NO_SUCH_VERSION
            if newest_version_number(tx, bot_id) != newest:
                return PublishRefusal.CHANGED_MEANWHILE
            if number == bot.live:
                return PublishRefusal.NOTHING_NEW
            published = self._add(tx, actor, bot, version.document, newest + 1, restart=restart)
            self._record(tx, actor, RecordKind.BOT_ROLLED_BACK, published, restart=restart, to=str(number))
            tx.commit()
        return published

    def _running(self, tx: Reading, bot_id: str) -> int:
        return running_conversations(tx, bot_id, since=self._system.now() - OVER_AFTER)

    def _add(self, tx: Writing, actor: Actor, bot: Bot, document: str, number: int, *, restart: bool) -> Published:
        add_version(tx, Version(bot.id, number, document, actor, self._system.now()))
        language = script_of(document).language
        changed = replace(bot, live=number, language=language, restart_below=number if restart else bot.restart_below)
        save_bot(tx, changed)
        return Published(changed, number)

    def _record(self, tx: Writing, actor: Actor, kind: RecordKind, published: Published, *, restart: bool, **details: str) -> None:
        bot = published.bot
        running = "restart" if restart else "finish"
        record(tx, self._system, actor, kind, bot.id, name=bot.name, version=str(published.number), running=running, **details)


def _refusal(preview: Preview | None, shown: Shown, *, is_accepted: bool) -> PublishRefusal | None:
    if preview is None:
        return PublishRefusal.NO_SUCH_BOT
    if preview.bot.archived_at is not None:
        return PublishRefusal.ARCHIVED
    if preview.shown != shown:
        return PublishRefusal.CHANGED_MEANWHILE
    if preview.has_errors:
        return PublishRefusal.HAS_ERRORS
    if not preview.is_new:
        return PublishRefusal.NOTHING_NEW
    return PublishRefusal.NOT_ACCEPTED if preview.must_be_accepted and not is_accepted else None


def _lock_in_use(tx: Writing, bot_id: str) -> Bot | PublishRefusal:
    bot = lock_bot(tx, bot_id)
    if bot is None:
        return PublishRefusal.NO_SUCH_BOT
    return PublishRefusal.ARCHIVED if bot.archived_at is not None else bot
