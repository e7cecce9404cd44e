"""Why what somebody typed is no message, in words."""

from typing import assert_never

from xpressbot.chat.conversations.events import MAX_MESSAGE_LENGTH
from xpressbot.chat.conversations.typed import TypedProblem
from xpressbot.entrypoints.messages.formatting import number
from xpressbot.entrypoints.messages.translation import Texts


def typed_problem_text(texts: Texts, problem: TypedProblem) -> str:
    """What is wrong, and what to do."""
    match problem:
        case TypedProblem.EMPTY:
            return texts.gettext("Write a message first.")
        case TypedProblem.TOO_LONG:
            sentence = texts.gettext("A message has at most %(most)s characters. Shorten it, or send it in parts.")
            return sentence % {"most": number(texts, MAX_MESSAGE_LENGTH)}
        case unknown:
            assert_never(unknown)
