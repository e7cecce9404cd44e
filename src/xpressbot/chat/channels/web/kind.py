"""Web chat as a kind of channel."""

from typing import Final

from xpressbot.chat.channels.kind import ChannelKind

WEB: Final = ChannelKind("web")
"""The chat page: customers write on it, and read the answers there."""
