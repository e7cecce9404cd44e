"""The texts that a published script missed, and adding one to the draft as a phrase."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from xpressbot.chat.actor import Actor
from xpressbot.chat.bots.draft_changes import Change, ChangeKind, lock_draft, save_script, script_of
from xpressbot.chat.bots.store import Bot, find_bot_and_draft
from xpressbot.chat.bots.usage import MissedText, missed_texts
from xpressbot.chat.scripts.json_values import Refused
from xpressbot.chat.scripts.lookup import topic_by_id
from xpressbot.chat.scripts.matching import matching_topic, words
from xpressbot.chat.scripts.script import MAX_LINE_LENGTH, MOST_PHRASES, On, Script, Topic
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.text import normalise_line


class PhraseRefusal(StrEnum):
    """Why a phrase was not added."""

    NO_SUCH_BOT = "no_such_bot"
    """There is none of this id, or it is archived."""
    NO_SUCH_TOPIC = "no_such_topic"
    """There is none of this id, or it does not start on phrases."""
    UNUSABLE = "phrase_unusable"
    """It has no words, is too long, or has control characters."""
    TOO_MANY = "too_many_phrases"
    TOO_LARGE = "script_too_large"


@dataclass(frozen=True, slots=True)
class Missed:
    """A text that the published script missed, and the topic of the draft that would answer it now."""

    text: MissedText
    matched_by: Topic | None


@dataclass(frozen=True, slots=True)
class MissedOfBot:
    """What a bot missed, the newest first, beside its draft."""

    bot: Bot
    script: Script
    missed: Sequence[Missed]


class MissedTexts:
    """The use cases."""

    def __init__(self, transactions: Transactions, system: System) -> None:
        self._transactions = transactions
        self._system = system

    def of_bot(self, bot_id: str) -> MissedOfBot | None:
        """What a bot missed; None for a bot that there is not."""
        with self._transactions.reading() as tx:
            found = find_bot_and_draft(tx, bot_id)
            if found is None:
                return None
            bot, draft = found
            texts = missed_texts(tx, bot_id)
        script = script_of(draft.document)
        return MissedOfBot(bot, script, [Missed(text, matching_topic(script.topics, text.text)) for text in texts])

    def add_phrase(self, actor: Actor, bot_id: str, topic_id: str, phrase: str) -> Bot | PhraseRefusal:
        """Have a topic of the draft start on a phrase. One that it starts on already changes nothing."""
        line = normalise_line(phrase, max_length=MAX_LINE_LENGTH)
        if line is None or not words(line):
            return PhraseRefusal.UNUSABLE
        with self._transactions.writing() as tx:
            locked = lock_draft(tx, bot_id)
            if locked is None:
                return PhraseRefusal.NO_SUCH_BOT
            bot, script = locked
            after = _with_phrase(script, topic_id, line)
            if isinstance(after, PhraseRefusal):
                return after
            if after == script:
                return bot
            changed = save_script(tx, self._system, actor, bot, after, Change(ChangeKind.PHRASE_ADDED, line))
            if isinstance(changed, Refused):
                return PhraseRefusal.TOO_LARGE
            tx.commit()
        return changed


def _with_phrase(script: Script, topic_id: str, phrase: str) -> Script | PhraseRefusal:
    topic = topic_by_id(script, topic_id)
    if topic is None or topic.starts.on is not On.PHRASES:
        return PhraseRefusal.NO_SUCH_TOPIC
    if words(phrase) in map(words, topic.starts.phrases):
        return script
    if len(topic.starts.phrases) >= MOST_PHRASES:
        return PhraseRefusal.TOO_MANY
    starts = replace(topic.starts, phrases=(*topic.starts.phrases, phrase))
    return replace(script, topics=tuple(replace(one, starts=starts) if one.id == topic_id else one for one in script.topics))
