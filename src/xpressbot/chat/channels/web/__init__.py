"""Web chat: a page of this installation on which people write to a bot."""

from typing import Final

KIND: Final = "web"
