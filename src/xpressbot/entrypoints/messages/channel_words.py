"""Channels in words: why one was not made or changed."""

from collections.abc import Set as AbstractSet
from typing import assert_never

from xpressbot.chat.channels.administration import MOST_NAME, ChannelRefusal
from xpressbot.chat.channels.web.settings import MOST_GREETING, MOST_URL, SettingsProblem
from xpressbot.entrypoints.messages.formatting import number
from xpressbot.entrypoints.messages.translation import Texts


def settings_problems(texts: Texts, problems: AbstractSet[SettingsProblem]) -> dict[str, str]:
    """Why settings cannot be kept, by the field of the form."""
    return dict(_problem(texts, problem) for problem in SettingsProblem if problem in problems)


def channel_refused(texts: Texts, reason: ChannelRefusal) -> str:
    """Why a channel was not made or changed, and what to do."""
    match reason:
        case ChannelRefusal.NO_CHANNEL:
            return texts.gettext("This channel is gone: somebody has archived it.")
        case ChannelRefusal.NO_BOT:
            return texts.gettext("This bot was archived meanwhile. Choose another one.")
        case ChannelRefusal.NAME:
            return texts.gettext("A name is 1 to %(most)s characters in one line.") % {"most": number(texts, MOST_NAME)}
        case ChannelRefusal.SETTINGS:
            return texts.gettext("Look at the fields below. Nothing was saved.")
        case unknown:
            assert_never(unknown)


def _problem(texts: Texts, problem: SettingsProblem) -> tuple[str, str]:
    match problem:
        case SettingsProblem.GREETING_TOO_LONG:
            said = texts.gettext("A greeting has at most %(most)s characters.")
            return "greeting", said % {"most": number(texts, MOST_GREETING)}
        case SettingsProblem.ACCENT:
            return "accent", texts.gettext("Write a colour as # and six digits or letters from a to f, like #3b5bdb.")
        case SettingsProblem.PRIVACY_URL:
            said = texts.gettext("Write an address that begins with https:// and has at most %(most)s characters, or leave it empty.")
            return "privacy_url", said % {"most": number(texts, MOST_URL)}
        case unknown:
            assert_never(unknown)
