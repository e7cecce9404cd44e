"""Single-use links that are handed to a person."""

from enum import StrEnum
from typing import Final

from xpressbot.identity.domain.instant import HOUR


class LinkKind(StrEnum):
    """What a link is for."""

    WELCOME = "welcome"


LIFETIME: Final = {LinkKind.WELCOME: 1 * HOUR}
