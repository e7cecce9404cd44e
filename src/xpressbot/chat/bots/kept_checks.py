"""Checks that are kept with a bot: dialogues that its script is expected to have. They are part of the draft, and undone with it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from xpressbot.chat.actor import Actor
from xpressbot.chat.bots.draft_changes import Change, ChangeKind, lock_draft, save_script, script_of
from xpressbot.chat.bots.store import Bot, find_bot_and_draft
from xpressbot.chat.scripts.checks import Difference, differences, recorded
from xpressbot.chat.scripts.json_values import Refused, Unreadable
from xpressbot.chat.scripts.script import MAX_LINE_LENGTH, MOST_CHECKS, Check, Script
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.text import normalise_line


class CheckRefusal(StrEnum):
    """Why a check was not kept or removed."""

    NO_SUCH_BOT = "no_such_bot"
    """There is none of this id, or it is archived."""
    CHANGED_MEANWHILE = "bot_changed_meanwhile"
    """The draft is not the one any more whose answers the person is shown."""
    NAME_UNUSABLE = "check_name_unusable"
    NAME_TAKEN = "check_name_taken"
    NOTHING_TYPED = "nothing_typed"
    TYPED_UNUSABLE = "typed_unusable"
    """What was typed is too long or too much, or has control characters."""
    TOO_MANY = "too_many_checks"
    TOO_LARGE = "script_too_large"


@dataclass(frozen=True, slots=True)
class KeptCheck:
    """A check, and in which turns the draft says something else now."""

    check: Check
    differences: Sequence[Difference]


@dataclass(frozen=True, slots=True)
class ChecksOfBot:
    """A bot with its checks, in the order in which they were kept."""

    bot: Bot
    checks: Sequence[KeptCheck]


class KeptChecks:
    """The use cases."""

    def __init__(self, transactions: Transactions, system: System) -> None:
        self._transactions = transactions
        self._system = system

    def of_bot(self, bot_id: str) -> ChecksOfBot | None:
        """The checks of a bot, replayed with its draft; None for a bot that there is not."""
        with self._transactions.reading() as tx:
            found = find_bot_and_draft(tx, bot_id)
        if found is None:
            return None
        bot, draft = found
        script = script_of(draft.document)
        return ChecksOfBot(bot, [KeptCheck(check, differences(script, check)) for check in script.checks])

    def keep(self, actor: Actor, bot_id: str, revision: int, name: str, typed: Sequence[str]) -> Check | CheckRefusal:
        """Keep what was typed, with what the draft says to it. revision: of the draft that the person is shown beside it."""
        with self._transactions.writing() as tx:
            locked = lock_draft(tx, bot_id)
            if locked is None:
                return CheckRefusal.NO_SUCH_BOT
            bot, script = locked
            if bot.draft_revision != revision:
                return CheckRefusal.CHANGED_MEANWHILE
            check = _new_check(script, name, typed)
            if isinstance(check, CheckRefusal):
                return check
            with_check = replace(script, checks=(*script.checks, check))
            changed = save_script(tx, self._system, actor, bot, with_check, Change(ChangeKind.CHECK_KEPT, check.name))
            if isinstance(changed, Refused):
                return CheckRefusal.TOO_LARGE if changed.problem is Unreadable.TOO_LARGE else CheckRefusal.TYPED_UNUSABLE
            tx.commit()
        return check

    def remove(self, actor: Actor, bot_id: str, name: str) -> Bot | CheckRefusal:
        """Remove the check of this name. One that is gone already changes nothing."""
        with self._transactions.writing() as tx:
            locked = lock_draft(tx, bot_id)
            if locked is None:
                return CheckRefusal.NO_SUCH_BOT
            bot, script = locked
            left = tuple(check for check in script.checks if check.name != name)
            if left == script.checks:
                return bot
            changed = save_script(tx, self._system, actor, bot, replace(script, checks=left), Change(ChangeKind.CHECK_REMOVED, name))
            if isinstance(changed, Refused):
                raise ValueError(f"a script without a check is refused: {changed}")  # noqa: TRY004  # a bug, not a type
            tx.commit()
        return changed


def _new_check(script: Script, name: str, typed: Sequence[str]) -> Check | CheckRefusal:
    line = normalise_line(name, max_length=MAX_LINE_LENGTH)
    if line is None:
        return CheckRefusal.NAME_UNUSABLE
    if not typed:
        return CheckRefusal.NOTHING_TYPED
    if any(check.name == line for check in script.checks):
        return CheckRefusal.NAME_TAKEN
    return CheckRefusal.TOO_MANY if len(script.checks) >= MOST_CHECKS else recorded(script, line, typed)
