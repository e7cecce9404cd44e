"""The kinds of channels there are."""

from collections.abc import Mapping
from typing import Final

from xpressbot.chat.channels.kind import ChannelKind
from xpressbot.chat.channels.web.kind import WEB

CHANNEL_KINDS: Final[Mapping[str, ChannelKind]] = {kind.name: kind for kind in (WEB,)}
