"""Web chat as a kind of channel."""

from typing import Final

from xpressbot.chat.channels.kind import ChannelKind, Limits
from xpressbot.chat.conversations.events import MAX_MESSAGE_LENGTH

WEB: Final = ChannelKind("web", Limits(text=MAX_MESSAGE_LENGTH))
"""The chat page: customers write on it, and read the answers there."""
