"""Bots in words: why something was not done, and when a topic starts."""

from typing import assert_never

from xpressbot.chat.bots.administration import BotRefusal
from xpressbot.chat.bots.kept_checks import CheckRefusal
from xpressbot.chat.bots.missed_texts import PhraseRefusal
from xpressbot.chat.bots.publishing import PublishRefusal
from xpressbot.chat.scripts.script import MAX_LINE_LENGTH, MAX_TYPED_LENGTH, MOST_BYTES, MOST_CHECKS, MOST_PHRASES, MOST_TURNS, On
from xpressbot.entrypoints.messages.formatting import number
from xpressbot.entrypoints.messages.script_words import ON_NAMES
from xpressbot.entrypoints.messages.translation import Texts


def bot_refused(texts: Texts, reason: BotRefusal) -> str:
    """Why a bot was not made or changed, and what to do."""
    match reason:
        case BotRefusal.NO_SUCH_BOT:
            return _no_such_bot(texts)
        case BotRefusal.ARCHIVED:
            return _archived(texts)
        case BotRefusal.NAME_UNUSABLE:
            return _name_unusable(texts)
        case unknown:
            assert_never(unknown)


def publish_refused(texts: Texts, reason: PublishRefusal) -> str:
    """Why nothing was published, and what to do."""
    match reason:
        case PublishRefusal.NO_SUCH_BOT:
            said = _no_such_bot(texts)
        case PublishRefusal.ARCHIVED:
            said = _archived(texts)
        case PublishRefusal.CHANGED_MEANWHILE:
            said = texts.gettext(
                "Somebody has changed or published this bot since you opened the page, so nothing was published. Look at what is below now,"
                " then decide again."
            )
        case PublishRefusal.HAS_ERRORS:
            said = texts.gettext("The draft has errors, so it was not published. Mend what is listed below.")
        case PublishRefusal.NOT_ACCEPTED:
            said = texts.gettext("Nothing was published. Read what is below, and say that it is to be published all the same.")
        case PublishRefusal.NOTHING_NEW:
            said = texts.gettext("This is what is published already, so nothing was done.")
        case PublishRefusal.NO_SUCH_VERSION:
            said = texts.gettext("This bot has no such version.")
        case unknown:
            assert_never(unknown)
    return said


def check_refused(texts: Texts, reason: CheckRefusal) -> str:
    """Why a check was not kept, and what to do."""
    match reason:
        case CheckRefusal.NO_SUCH_BOT:
            said = _gone_or_archived(texts)
        case CheckRefusal.CHANGED_MEANWHILE:
            said = texts.gettext("The draft was changed since you tried it. Read what the bot says now, then keep it as a check.")
        case CheckRefusal.NAME_UNUSABLE:
            said = _name_unusable(texts)
        case CheckRefusal.NAME_TAKEN:
            said = texts.gettext("This bot has a check of this name already. Choose another name, or remove that one first.")
        case CheckRefusal.NOTHING_TYPED:
            said = texts.gettext("Write at least one message first: a check is what was written and what the bot said to it.")
        case CheckRefusal.TYPED_UNUSABLE:
            said = texts.gettext("A check has at most %(turns)s messages of at most %(length)s characters, without control characters.") % {
                "turns": number(texts, MOST_TURNS),
                "length": number(texts, MAX_TYPED_LENGTH),
            }
        case CheckRefusal.TOO_MANY:
            said = texts.gettext("This bot has %(count)s checks already. Remove one first.") % {"count": number(texts, MOST_CHECKS)}
        case CheckRefusal.TOO_LARGE:
            said = _too_large(texts)
        case unknown:
            assert_never(unknown)
    return said


def phrase_refused(texts: Texts, reason: PhraseRefusal) -> str:
    """Why a phrase was not added, and what to do."""
    match reason:
        case PhraseRefusal.NO_SUCH_BOT:
            return _gone_or_archived(texts)
        case PhraseRefusal.NO_SUCH_TOPIC:
            return texts.gettext("Choose a topic from the list. Only topics that start on phrases can get one more.")
        case PhraseRefusal.UNUSABLE:
            said = texts.gettext("A phrase has at least one word, at most %(count)s characters, and no control characters.")
            return said % {"count": number(texts, MAX_LINE_LENGTH)}
        case PhraseRefusal.TOO_MANY:
            return texts.gettext("This topic has %(count)s phrases already. Remove one first.") % {"count": number(texts, MOST_PHRASES)}
        case PhraseRefusal.TOO_LARGE:
            return _too_large(texts)
        case unknown:
            assert_never(unknown)


def starts_text(texts: Texts, on: On) -> str:
    """When a topic starts. Those that start on phrases show these beside it."""
    return texts.gettext("When somebody writes:") if on is On.PHRASES else texts.gettext(ON_NAMES[on])


def _no_such_bot(texts: Texts) -> str:
    return texts.gettext("There is no such bot.")


def _gone_or_archived(texts: Texts) -> str:
    return texts.gettext("This bot is gone or archived.")


def _archived(texts: Texts) -> str:
    return texts.gettext("This bot is archived. Bring it back first.")


def _name_unusable(texts: Texts) -> str:
    said = texts.gettext("A name has 1 to %(count)s characters and no control characters.")
    return said % {"count": number(texts, MAX_LINE_LENGTH)}


def _too_large(texts: Texts) -> str:
    said = texts.gettext("The script would be larger than %(size)s KiB with it. Shorten the script, or remove checks.")
    return said % {"size": number(texts, MOST_BYTES // 1024)}
